/* cmd_session.c - CAPABILITY, STARTTLS, NOOP, LOGOUT */
#include "core/sieve.h"
#include "protocols/managesieve/managesieve.h"

/* --- CAPABILITY --- */

static enum sess_next run_capability(struct msieve *ms, const struct msieve_arg *args)
{
	(void)args;
	msieve_greet(ms, "");
	return SESS_NEXT;
}

static void announce_capability(struct msieve *ms, struct buf *out)
{
	buf_addz(out, "\"IMPLEMENTATION\" \"Signet\"\r\n\"VERSION\" \"1.0\"\r\n\"SIEVE\" \"");
	sieve_extensions(out);
	buf_printf(out, "\"\r\n\"MAXREDIRECTS\" \"%u\"\r\n", sieve_redirects_max());
	if (ms->state == MSIEVE_KNOWN) {
		buf_addz(out, "\"OWNER\" ");
		msieve_put_string(out, buf_slice(&ms->account));
		buf_addz(out, "\r\n");
	}
}

MSIEVE_COMMAND(capability) = {
	.name = "CAPABILITY",
	.states = MSIEVE_ANY,
	.instant = true,
	.ref = "RFC 5804 2.4",
	.announce = announce_capability,
	.run = run_capability,
};

/* --- STARTTLS --- */

static enum sess_next run_starttls(struct msieve *ms, const struct msieve_arg *args)
{
	(void)args;
	if (!sess_offers_tls(ms->s))
		return msieve_bad(ms, "TLS is in use, or not offered here");
	msieve_ok(ms, "begin TLS");
	return SESS_STARTTLS;
}

static void announce_starttls(struct msieve *ms, struct buf *out)
{
	if (sess_offers_tls(ms->s))
		buf_addz(out, "\"STARTTLS\"\r\n");
}

MSIEVE_COMMAND(starttls) = {
	.name = "STARTTLS",
	.states = MSIEVE_STRANGER,
	.instant = true,
	.ref = "RFC 5804 2.2",
	.announce = announce_starttls,
	.run = run_starttls,
};

/* --- NOOP, LOGOUT --- */

static enum sess_next run_noop(struct msieve *ms, const struct msieve_arg *args)
{
	if (!args[0].string.p)
		return msieve_ok(ms, "done");
	buf_addz(sess_out(ms->s), "OK (TAG ");
	msieve_put_string(sess_out(ms->s), args[0].string);
	buf_addz(sess_out(ms->s), ") \"done\"\r\n");
	return SESS_NEXT;
}

MSIEVE_COMMAND(noop) = {
	.name = "NOOP",
	.states = MSIEVE_ANY,
	.args = "o",
	.instant = true,
	.usage = "NOOP [\"tag\"]",
	.ref = "RFC 5804 2.13",
	.run = run_noop,
};

static enum sess_next run_logout(struct msieve *ms, const struct msieve_arg *args)
{
	(void)args;
	msieve_ok(ms, "goodbye");
	return SESS_CLOSE;
}

MSIEVE_COMMAND(logout) = {
	.name = "LOGOUT",
	.states = MSIEVE_ANY,
	.instant = true,
	.ref = "RFC 5804 2.3",
	.run = run_logout,
};
