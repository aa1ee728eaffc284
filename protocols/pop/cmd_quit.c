/* cmd_quit.c - remove what is marked (the UPDATE state), and end */
#include "protocols/pop/pop.h"

#include "core/log.h"

static enum sess_next run(struct pop *pop, struct slice args)
{
	struct err err = { 0 };
	(void)args;
	uint32_t marked = pop->drop.total - pop->drop.count;
	if (pop_drop_update(&pop->drop, &err) == 0) {
		pop->deleted = marked;
		pop_ok(pop, "%u messages removed", marked);
	} else {
		log_event(LOG_ERROR, "deletion-failed", log_z("reason", err.text));
		pop_err(pop, "SYS/TEMP", "some deleted messages are not removed");
	}
	/* Free before the answer is out: a client may come back at once. */
	pop_drop_close(&pop->drop);
	return SESS_CLOSE;
}

POP_COMMAND(quit) = {
	.name = "QUIT",
	.states = POP_AUTHORIZATION | POP_TRANSACTION,
	.ref = "RFC 1939 §6",
	.run = run,
};
