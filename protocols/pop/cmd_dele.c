/* cmd_dele.c - mark a message as deleted; take all marks back */
#include "protocols/pop/pop.h"

static enum sess_next run_dele(struct pop *pop, struct slice args)
{
	uint32_t seq = pop_message(pop, slice_word(&args));
	if (!seq)
		return SESS_NEXT;
	pop_drop_mark(&pop->drop, seq);
	pop_ok(pop, "message %u deleted", seq);
	return SESS_NEXT;
}

/* RFC 2449 §6.7: nothing is deleted but by DELE. */
POP_COMMAND(dele) = {
	.name = "DELE",
	.states = POP_TRANSACTION,
	.args_min = 1,
	.args_max = 1,
	.instant = true,
	.usage = "DELE message",
	.ref = "RFC 1939 §5",
	.capability = "EXPIRE NEVER\r\n",
	.run = run_dele,
};

static enum sess_next run_rset(struct pop *pop, struct slice args)
{
	(void)args;
	pop_drop_unmark_all(&pop->drop);
	pop_ok(
	    pop, "%u messages (%llu octets)", pop->drop.count, (unsigned long long)pop->drop.size);
	return SESS_NEXT;
}

POP_COMMAND(rset) = {
	.name = "RSET",
	.states = POP_TRANSACTION,
	.instant = true,
	.ref = "RFC 1939 §5",
	.run = run_rset,
};
