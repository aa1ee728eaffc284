/* proto.c - ManageSieve as a session: commands found and run, beginning and end */
#include "core/listen.h"
#include "core/log.h"
#include "protocols/managesieve/managesieve.h"

enum { LINE_MAX_BYTES = 16 * 1024 };

/* --- commands --- */

static enum frame frame(struct sess *s, struct slice in, size_t *used)
{
	return msieve_gather(sess_state(s), in, used);
}

static enum sess_next run_command(struct msieve *ms, struct slice text)
{
	struct msieve_arg args[MSIEVE_ARGS_MAX];
	const struct msieve_command *command = msieve_find_command(msieve_word(&text));

	if (!command)
		return msieve_bad(ms, "unknown command");
	if (!(command->states & (unsigned)ms->state))
		return msieve_bad(
		    ms, ms->state == MSIEVE_STRANGER ? "log in first" : "not when logged in");
	if (ms->too_large)
		return msieve_no(ms, "QUOTA/MAXSIZE", "a script has at most %llu bytes",
		    (unsigned long long)sieve_script_max());
	if (!msieve_args(text, command->args ? command->args : "", args))
		return msieve_bad(ms, "usage: %s", command->usage ? command->usage : command->name);
	return command->run(ms, args);
}

/* A string alone in its line. */
static enum sess_next run_answer(struct msieve *ms, struct slice text)
{
	struct buf line = { 0 };
	struct msieve_arg arg;

	buf_room(&line, text.n + 1); /* growing leaves no copy of a password behind */
	buf_addc(&line, ' ');
	buf_adds(&line, text);
	bool good = msieve_args(buf_slice(&line), "s", &arg);
	enum sess_next next =
	    good ? ms->answer(ms, arg.string) : msieve_login(ms, AUTH_ABORT, NULL);
	buf_wipe(&line);
	return next;
}

static enum sess_next run(struct sess *s)
{
	struct msieve *ms = sess_state(s);
	enum sess_next next;

	if (ms->hopeless) {
		log_event(LOG_INFO, "refused", log_z("reason", "literal too large"));
		msieve_bye(ms, "QUOTA/MAXSIZE", "this is too much");
		return SESS_CLOSE;
	}
	if (ms->too_large)
		msieve_login_forget(ms);
	if (ms->answer)
		next = run_answer(ms, buf_slice(&ms->text));
	else
		next = run_command(ms, buf_slice(&ms->text));
	buf_wipe(&ms->text);
	ms->too_large = false;
	return next;
}

static enum sess_next overlong(struct sess *s, struct slice in, size_t *used)
{
	struct msieve *ms = sess_state(s);

	*used = in.n;
	ms->skipping = true;
	ms->too_large = false;
	buf_wipe(&ms->text);
	msieve_login_forget(ms);
	return msieve_bad(ms, "line too long");
}

/* --- beginning and end --- */

static enum sess_next open_session(struct sess *s)
{
	struct msieve *ms = sess_state(s);

	ms->s = s;
	msieve_become_stranger(ms);
	msieve_greet(ms, "ManageSieve server ready");
	return SESS_NEXT;
}

/* RFC 5804 2.2: what was said in the clear is forgotten, and the capabilities
   are told anew. */
static void secured(struct sess *s)
{
	struct msieve *ms = sess_state(s);

	msieve_login_forget(ms);
	msieve_greet(ms, "TLS is in use");
}

static void bye(struct sess *s, enum sess_bye why)
{
	static const char *const words[] = {
		[SESS_BYE_IDLE] = "silent for too long",
		[SESS_BYE_DRAIN] = "the server is going down",
		[SESS_BYE_LIMIT] = "too many connections",
		[SESS_BYE_ENDED] = "the session was ended by an administrator",
	};
	struct msieve *ms = sess_state(s);

	ms->s = s; /* a session over the limit was never opened */
	msieve_bye(
	    ms, why == SESS_BYE_IDLE || why == SESS_BYE_ENDED ? NULL : "TRYLATER", words[why]);
}

static void done(struct sess *s)
{
	struct msieve *ms = sess_state(s);

	msieve_become_stranger(ms);
	buf_wipe(&ms->text);
}

PROTOCOL(managesieve) = {
	.name = "managesieve",
	.alpn = "managesieve",
	.state_size = sizeof(struct msieve),
	.line_max = LINE_MAX_BYTES,
	.open = open_session,
	.frame = frame,
	.run = run,
	.secured = secured,
	.overlong = overlong,
	.bye = bye,
	.done = done,
};

LISTENER(managesieve) = {
	.name = "managesieve",
	.port = 4190,
	.proto = &proto_managesieve,
	.tls = LISTEN_STARTTLS,
	.client = "ManageSieve",
};
