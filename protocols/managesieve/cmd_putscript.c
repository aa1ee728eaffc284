/* cmd_putscript.c - a script comes: is there room, is it right, keep it */
#include "core/log.h"
#include "protocols/managesieve/managesieve.h"

/* RFC 5804 1.3: which quota. */
static enum sess_next refuse(struct msieve *ms, uint64_t size, const struct err *err)
{
	if (err->kind != ERR_LIMIT)
		return msieve_no_err(ms, err);
	return msieve_no(
	    ms, size > sieve_script_max() ? "QUOTA/MAXSIZE" : "QUOTA/MAXSCRIPTS", "%s", err->text);
}

/* A line for each warning. */
static enum sess_next approve(struct msieve *ms, struct slice warnings)
{
	struct buf lines = { 0 };

	if (warnings.n == 0)
		return msieve_ok(ms, "done");
	while (warnings.n > 0) {
		struct slice line = slice_cut(&warnings, '\n');
		buf_printf(&lines, "%s%.*s", lines.n > 0 ? "\r\n" : "", SLICE_ARG(line));
	}
	buf_addz(sess_out(ms->s), "OK (WARNINGS) ");
	msieve_put_string(sess_out(ms->s), buf_slice(&lines));
	buf_addz(sess_out(ms->s), "\r\n");
	buf_done(&lines);
	return SESS_NEXT;
}

static enum sess_next run_have_space(struct msieve *ms, const struct msieve_arg *args)
{
	struct err err = { 0 };

	if (script_room(&ms->owner, args[0].string, args[1].number, &err) != 0)
		return refuse(ms, args[1].number, &err);
	return msieve_ok(ms, "there is room");
}

MSIEVE_COMMAND(havespace) = {
	.name = "HAVESPACE",
	.states = MSIEVE_KNOWN,
	.args = "sn",
	.usage = "HAVESPACE \"name\" size",
	.ref = "RFC 5804 2.5",
	.run = run_have_space,
};

static enum sess_next run_put(struct msieve *ms, const struct msieve_arg *args)
{
	struct slice name = args[0].string, text = args[1].string;
	struct buf warnings = { 0 };
	struct err err = { 0 };
	enum sess_next next;

	if (script_put(&ms->owner, name, text, &warnings, &err) == 0) {
		log_event(LOG_INFO, "script-stored", log_s("script", name),
		    log_n("size", (int64_t)text.n));
		next = approve(ms, buf_slice(&warnings));
	} else {
		next = refuse(ms, text.n, &err);
	}
	buf_done(&warnings);
	return next;
}

MSIEVE_COMMAND(putscript) = {
	.name = "PUTSCRIPT",
	.states = MSIEVE_KNOWN,
	.args = "ss",
	.usage = "PUTSCRIPT \"name\" script",
	.ref = "RFC 5804 2.6",
	.run = run_put,
};

static enum sess_next run_check(struct msieve *ms, const struct msieve_arg *args)
{
	struct slice text = args[0].string;
	struct buf warnings = { 0 };
	struct err err = { 0 };
	struct sieve_script *script = sieve_check(text, &warnings, &err);
	enum sess_next next = script ? approve(ms, buf_slice(&warnings)) : refuse(ms, text.n, &err);

	sieve_free(&script);
	buf_done(&warnings);
	return next;
}

MSIEVE_COMMAND(checkscript) = {
	.name = "CHECKSCRIPT",
	.states = MSIEVE_KNOWN,
	.args = "s",
	.usage = "CHECKSCRIPT script",
	.ref = "RFC 5804 2.12",
	.run = run_check,
};
