/* cmd_stls.c - begin TLS */
#include "protocols/pop/pop.h"

#include "core/listen.h"

static bool can_start(const struct pop *pop)
{
	return sess_listener(pop->s)->tls == LISTEN_STARTTLS && !sess_is_tls(pop->s);
}

static enum sess_next run(struct pop *pop, struct slice args)
{
	(void)args;
	if (!can_start(pop))
		return pop_bad(pop, "TLS is in use, or not offered here");
	pop_ok(pop, "begin TLS");
	return SESS_STARTTLS;
}

static void announce(struct pop *pop, struct buf *out)
{
	if (pop->state == POP_AUTHORIZATION && can_start(pop))
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
