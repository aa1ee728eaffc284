/* cmd_stls.c - begin TLS */
#include "protocols/pop/pop.h"

static enum sess_next run(struct pop *pop, struct slice args)
{
	(void)args;
	if (!sess_offers_tls(pop->s))
		return pop_bad(pop, "TLS is in use, or not offered here");
	pop_ok(pop, "begin TLS");
	return SESS_STARTTLS;
}

static void announce(struct pop *pop, struct buf *out)
{
	if (pop->state == POP_AUTHORIZATION && sess_offers_tls(pop->s))
		buf_addz(out, "STLS\r\n");
}

POP_COMMAND(stls) = {
	.name = "STLS",
	.states = POP_AUTHORIZATION,
	.instant = true,
	.ref = "RFC 2595 §4",
	.announce = announce,
	.run = run,
};
