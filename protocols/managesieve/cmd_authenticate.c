/* cmd_authenticate.c - log in by SASL */
#include "core/text.h"
#include "protocols/managesieve/managesieve.h"

static enum sess_next answer(struct msieve *ms, struct slice string);

/* RFC 5804 2.1: the server's last word comes with the OK. */
static enum sess_next last_word(struct msieve *ms, struct slice word)
{
	struct buf none = { 0 };
	const char *code = pool_printf(sess_cmd_pool(ms->s), "SASL \"%.*s\"", SLICE_ARG(word));
	enum auth_result result = auth_line_step(ms->auth, SLICE(""), &none);

	buf_done(&none);
	return msieve_login(ms, result, code);
}

static enum sess_next go_on(struct msieve *ms, enum auth_result result, struct slice challenge)
{
	if (result != AUTH_MORE)
		return msieve_login(ms, result, NULL);
	if (auth_last_word(ms->auth))
		return last_word(ms, challenge);
	msieve_put_string(sess_out(ms->s), challenge);
	buf_addz(sess_out(ms->s), "\r\n");
	ms->answer = answer;
	return SESS_NEXT;
}

static enum sess_next answer(struct msieve *ms, struct slice string)
{
	struct buf challenge = { 0 };
	enum auth_result result = auth_line_step(ms->auth, string, &challenge);
	enum sess_next next = go_on(ms, result, buf_slice(&challenge));

	buf_wipe(&challenge);
	return next;
}

static enum sess_next run(struct msieve *ms, const struct msieve_arg *args)
{
	struct auth_channel channel;
	struct buf challenge = { 0 };
	struct slice initial = args[1].string;

	if (!msieve_may_login(ms))
		return msieve_no(ms, "ENCRYPT-NEEDED", "use STARTTLS first");
	if (initial.p && initial.n == 0)
		initial = SLICE("="); /* a response of no bytes, for auth_line_begin */
	auth_free(&ms->auth);
	auth_channel_of(ms->s, &channel);
	channel.tls = true; /* or as good as that: msieve_may_login */
	ms->auth = auth_new("sieve", &channel);
	enum auth_result result = auth_line_begin(ms->auth, args[0].string, initial, &challenge);
	enum sess_next next = go_on(ms, result, buf_slice(&challenge));
	buf_wipe(&challenge);
	return next;
}

/* RFC 5804 1.7: an empty list means STARTTLS first. */
static void announce(struct msieve *ms, struct buf *out)
{
	struct auth_channel channel;

	auth_channel_of(ms->s, &channel);
	channel.tls = true; /* or as good as that: msieve_may_login */
	buf_printf(out, "\"SASL\" \"%s\"\r\n", msieve_may_login(ms) ? auth_mechs(&channel) : "");
}

MSIEVE_COMMAND(authenticate) = {
	.name = "AUTHENTICATE",
	.states = MSIEVE_STRANGER,
	.args = "so",
	.usage = "AUTHENTICATE \"mechanism\" [\"initial-response\"]",
	.ref = "RFC 5804 2.1",
	.announce = announce,
	.run = run,
};

static enum sess_next run_unauthenticate(struct msieve *ms, const struct msieve_arg *args)
{
	(void)args;
	msieve_become_stranger(ms);
	return msieve_ok(ms, "you are a stranger again");
}

static void announce_unauthenticate(struct msieve *ms, struct buf *out)
{
	(void)ms;
	buf_addz(out, "\"UNAUTHENTICATE\"\r\n");
}

MSIEVE_COMMAND(unauthenticate) = {
	.name = "UNAUTHENTICATE",
	.states = MSIEVE_KNOWN,
	.instant = true,
	.ref = "RFC 5804 2.14.1",
	.announce = announce_unauthenticate,
	.run = run_unauthenticate,
};
