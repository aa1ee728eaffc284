/* cmd_script.c - scripts that are there: list, read, make active, rename, remove */
#include "core/log.h"
#include "protocols/managesieve/managesieve.h"

/* --- LISTSCRIPTS, GETSCRIPT --- */

static bool list_one(void *arg, const struct script_info *info)
{
	msieve_put_string(arg, info->name);
	buf_addz(arg, info->active ? " ACTIVE\r\n" : "\r\n");
	return true;
}

static enum sess_next run_list(struct msieve *ms, const struct msieve_arg *args)
{
	size_t before = sess_out(ms->s)->n;

	(void)args;
	if (script_list(&ms->owner, list_one, sess_out(ms->s)) == 0)
		return msieve_ok(ms, "these are all");
	sess_out(ms->s)->n = before;
	return msieve_no(ms, "TRYLATER", "the scripts cannot be read now");
}

MSIEVE_COMMAND(listscripts) = {
	.name = "LISTSCRIPTS",
	.states = MSIEVE_KNOWN,
	.ref = "RFC 5804 2.7",
	.run = run_list,
};

static enum sess_next run_get(struct msieve *ms, const struct msieve_arg *args)
{
	struct buf *out = sess_out(ms->s), text = { 0 };
	int found = script_get(&ms->owner, args[0].string, &text);

	if (found == 1) {
		buf_printf(out, "{%zu}\r\n", text.n);
		buf_adds(out, buf_slice(&text));
		buf_addz(out, "\r\n");
	}
	buf_done(&text);
	if (found == 0)
		return msieve_no(ms, "NONEXISTENT", "there is no script of that name");
	return found < 0 ? msieve_no(ms, "TRYLATER", "the script cannot be read now")
			 : msieve_ok(ms, "this is all");
}

MSIEVE_COMMAND(getscript) = {
	.name = "GETSCRIPT",
	.states = MSIEVE_KNOWN,
	.args = "s",
	.usage = "GETSCRIPT \"name\"",
	.ref = "RFC 5804 2.9",
	.run = run_get,
};

/* --- SETACTIVE, DELETESCRIPT, RENAMESCRIPT --- */

static enum sess_next finish(
    struct msieve *ms, int rc, const struct err *err, const char *event, struct slice name)
{
	if (rc != 0)
		return msieve_no_err(ms, err);
	log_event(LOG_INFO, event, log_s("script", name));
	return msieve_ok(ms, "done");
}

static enum sess_next run_activate(struct msieve *ms, const struct msieve_arg *args)
{
	struct err err = { 0 };
	int rc = script_activate(&ms->owner, args[0].string, &err);

	return finish(ms, rc, &err, "script-activated", args[0].string);
}

MSIEVE_COMMAND(setactive) = {
	.name = "SETACTIVE",
	.states = MSIEVE_KNOWN,
	.args = "s",
	.usage = "SETACTIVE \"name\"",
	.ref = "RFC 5804 2.8",
	.run = run_activate,
};

static enum sess_next run_delete(struct msieve *ms, const struct msieve_arg *args)
{
	struct err err = { 0 };
	int rc = script_remove(&ms->owner, args[0].string, &err);

	return finish(ms, rc, &err, "script-removed", args[0].string);
}

MSIEVE_COMMAND(deletescript) = {
	.name = "DELETESCRIPT",
	.states = MSIEVE_KNOWN,
	.args = "s",
	.usage = "DELETESCRIPT \"name\"",
	.ref = "RFC 5804 2.10",
	.run = run_delete,
};

static enum sess_next run_rename(struct msieve *ms, const struct msieve_arg *args)
{
	struct err err = { 0 };
	int rc = script_rename(&ms->owner, args[0].string, args[1].string, &err);

	return finish(ms, rc, &err, "script-renamed", args[1].string);
}

MSIEVE_COMMAND(renamescript) = {
	.name = "RENAMESCRIPT",
	.states = MSIEVE_KNOWN,
	.args = "ss",
	.usage = "RENAMESCRIPT \"old\" \"new\"",
	.ref = "RFC 5804 2.11.1",
	.run = run_rename,
};
