/* op_audit.c - the audit trail: each call that changes something, or was not allowed to
 *
 * The table says what is a secret, and those arguments are left out here, once for
 * all operations. What changes something is kept before it runs, and with its outcome
 * before its answer is given. */
#include "core/log.h"
#include "core/op_call.h"

enum { VALUE_MAX = 256, ARGS_MAX = 2048, CHANGES_MAX = 8192 };

static uint64_t (*beginner)(const struct op_event *event);
static void (*recorder)(const struct op_event *event);

static _Thread_local struct op_call *running;

void op_recorder_set(
    uint64_t (*begin)(const struct op_event *event), void (*record)(const struct op_event *event))
{
	beginner = begin;
	recorder = record;
}

/* --- arguments as text --- */

static bool is_plain(struct slice value)
{
	for (size_t i = 0; i < value.n; i++)
		if ((unsigned char)value.p[i] <= ' ' || strchr("\"\\\x7f", value.p[i]))
			return false;
	return value.n > 0;
}

/* name=value, or name="value" where that would be taken for something else. */
static void put_arg(struct buf *out, const char *name, struct slice value)
{
	bool cut = value.n > VALUE_MAX;

	value = slice_head(value, VALUE_MAX);
	buf_printf(out, "%s%s=", out->n ? " " : "", name);
	if (is_plain(value)) {
		buf_adds(out, value);
	} else {
		buf_addc(out, '"');
		for (size_t i = 0; i < value.n; i++) {
			if (value.p[i] == '"' || value.p[i] == '\\')
				buf_addc(out, '\\');
			buf_addc(out, (unsigned char)value.p[i] < ' ' ? ' ' : value.p[i]);
		}
		buf_addc(out, '"');
	}
	if (cut)
		buf_addz(out, "...");
}

/* The same when a call begins and when it ends: written once. */
static const char *args_text(struct op_call *call)
{
	struct buf text = { 0 };

	if (call->args_text)
		return call->args_text;
	for (size_t i = 0; call->values && call->op->args && call->op->args[i].name; i++) {
		const char *shown = op_args_shown(call, i);
		if (shown && text.n < ARGS_MAX)
			put_arg(&text, call->op->args[i].name, slice_str(shown));
	}
	call->args_text = pool_str(&call->pool, buf_slice(&text));
	buf_done(&text);
	return call->args_text;
}

/* --- whom it is about --- */

static const char *first_of_type(const struct op_call *call, enum op_type type)
{
	for (size_t i = 0; call->values && call->op->args && call->op->args[i].name; i++)
		if (call->op->args[i].type == type && call->values[i].text)
			return call->values[i].text;
	return NULL;
}

static void find_subject(const struct op_call *call, struct op_event *event)
{
	event->account = first_of_type(call, OP_ADDRESS);
	event->domain = first_of_type(call, OP_DOMAIN);
	if (!event->domain && event->account && strrchr(event->account, '@'))
		event->domain = strrchr(event->account, '@') + 1;
	if (!event->domain)
		event->domain = call->caller->domain;
	if (!event->account && call->caller->role == OP_USER)
		event->account = call->caller->name;
}

/* --- the line in the log --- */

static void write_line(struct op_call *call, const struct op_event *event)
{
	size_t n = 0, f = 0;

	while (call->values && call->op->args && call->op->args[n].name)
		n++;
	struct log_field *fields = pool_get(&call->pool, (n + 7) * sizeof *fields);
	fields[f++] = log_z("by", event->who);
	if (event->from)
		fields[f++] = log_z("from", event->from);
	fields[f++] = log_z("op", event->op);
	for (size_t i = 0; i < n; i++) {
		const char *shown = op_args_shown(call, i);
		if (shown)
			fields[f++] = log_z(call->op->args[i].name, shown);
	}
	if (*event->changes)
		fields[f++] = log_z("changed", event->changes);
	fields[f++] = log_z("result", event->result);
	if (event->reason)
		fields[f++] = log_z("reason", event->reason);
	log_write(LOG_INFO, "audit", fields);
}

/* --- around a call --- */

void op_audit_begin(struct op_call *call)
{
	call->outer = running;
	running = call;
}

static struct op_event event_of(struct op_call *call)
{
	struct op_event event = {
		.who = call->caller->name,
		.role = call->caller->role,
		.from = call->caller->from,
		.op = call->op->name,
		.args = args_text(call),
		.begun = call->begun,
	};

	find_subject(call, &event);
	return event;
}

void op_audit_run(struct op_call *call)
{
	if (!beginner || call->caller->offline || call->op->reads)
		return;
	struct op_event event = event_of(call);
	event.changes = "";
	event.result = "begun";
	call->begun = beginner(&event);
}

static void record(struct op_call *call, int rc)
{
	struct op_event event = event_of(call);

	event.changes = pool_str(&call->pool, buf_slice(&call->changes));
	event.result = rc == 0 ? "ok" : err_kind_name(call->err.kind);
	event.reason = rc == 0 ? NULL : call->err.text;
	write_line(call, &event);
	if (recorder)
		recorder(&event);
}

void op_audit_end(struct op_call *call, int rc)
{
	running = call->outer;
	if (!call->caller->offline && (!call->op->reads || call->err.kind == ERR_DENIED))
		record(call, rc);
	buf_done(&call->changes);
}

/* --- what changed --- */

static void put_state(struct buf *out, struct slice state)
{
	buf_addc(out, ' ');
	buf_adds(out, state.n > 0 ? slice_head(state, VALUE_MAX) : SLICE("-"));
}

static void changed_by_itself(const char *of, const char *changes)
{
	const char *at = of ? strchr(of, '@') : NULL;

	op_event(&(struct op_event){
	    .who = "signetd",
	    .role = OP_SERVER_ADMIN,
	    .from = "server",
	    .op = "changed by itself",
	    .domain = at ? at + 1 : of,
	    .account = at ? of : NULL,
	    .changes = changes,
	    .result = "ok",
	});
}

void op_changed(const char *what, const char *of, struct slice before, struct slice after)
{
	struct buf own = { 0 }, *out = running ? &running->changes : &own;

	if (slice_eq(before, after) || out->n > CHANGES_MAX)
		return;
	buf_printf(out, "%s%s", out->n ? "; " : "", what);
	if (of)
		buf_printf(out, " %s", of);
	put_state(out, before);
	put_state(out, after);
	if (!running)
		changed_by_itself(of, buf_z(&own));
	buf_done(&own);
}

/* --- what is no operation --- */

void op_event(const struct op_event *event)
{
	const struct {
		const char *key, *value;
	} all[] = {
		{ "by", event->who },
		{ "from", event->from },
		{ "op", event->op },
		{ "domain", event->domain },
		{ "account", event->account },
		{ "args", event->args },
		{ "changed", event->changes },
		{ "result", event->result },
		{ "reason", event->reason },
	};
	struct log_field fields[sizeof all / sizeof *all + 1] = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i].value)
			fields[n++] = log_z(all[i].key, all[i].value);
	log_write(LOG_INFO, "audit", fields);
	if (recorder)
		recorder(event);
}
