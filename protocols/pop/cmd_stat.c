/* cmd_stat.c - how many messages, how many bytes; and nothing at all */
#include "protocols/pop/pop.h"

static enum sess_next run_stat(struct pop *pop, struct slice args)
{
	(void)args;
	pop_ok(pop, "%u %llu", pop->drop.count, (unsigned long long)pop->drop.size);
	return SESS_NEXT;
}

POP_COMMAND(stat) = {
	.name = "STAT",
	.states = POP_TRANSACTION,
	.instant = true,
	.ref = "RFC 1939 §5",
	.run = run_stat,
};

static enum sess_next run_noop(struct pop *pop, struct slice args)
{
	(void)args;
	pop_ok(pop, "nothing done");
	return SESS_NEXT;
}

POP_COMMAND(noop) = {
	.name = "NOOP",
	.states = POP_TRANSACTION,
	.instant = true,
	.ref = "RFC 1939 §5",
	.run = run_noop,
};
