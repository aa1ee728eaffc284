/* op_answer.c - what an operation answers: fields, rows, sentences, reasons */
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include "core/loop.h"
#include "core/op_call.h"

enum { PROGRESS_MS = 200 };

/* jansson takes UTF-8 only. */
static json_t *op_text_json(struct slice s)
{
	json_t *json = json_stringn(s.p ? s.p : "", s.n);

	if (json)
		return json;
	char *copy = mem_str(s);
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)copy[i] >= 0x80)
			copy[i] = '?';
	json = json_stringn(copy, s.n);
	free(copy);
	return json;
}

void op_put_text(struct op_call *call, const char *key, struct slice value)
{
	json_object_set_new(call->target, key, op_text_json(value));
}

void op_put_number(struct op_call *call, const char *key, int64_t value)
{
	json_object_set_new(call->target, key, json_integer(value));
}

void op_put_bool(struct op_call *call, const char *key, bool value)
{
	json_object_set_new(call->target, key, json_boolean(value));
}

void op_put_time(struct op_call *call, const char *key, int64_t unix_seconds)
{
	time_t t = (time_t)unix_seconds;
	char text[32];
	struct tm tm;

	if (gmtime_r(&t, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
		op_put_text(call, key, slice_str(text));
}

void op_row(struct op_call *call)
{
	if (!call->rows) {
		call->rows = json_array();
		json_object_set_new(call->answer, "rows", call->rows);
	}
	call->target = json_object();
	json_array_append_new(call->rows, call->target);
}

void op_more(struct op_call *call)
{
	json_object_set_new(call->answer, "more", json_true());
}

void op_say(struct op_call *call, const char *fmt, ...)
{
	const char *before = json_string_value(json_object_get(call->answer, "message"));
	struct buf text = { 0 };
	va_list ap;

	if (before)
		buf_printf(&text, "%s\n", before);
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	json_object_set_new(call->answer, "message", op_text_json(buf_slice(&text)));
	buf_done(&text);
}

json_t *op_refusal(const struct err *err)
{
	return json_pack("{s:b, s:{s:s, s:o}}", "ok", 0, "error", "kind", err_kind_name(err->kind),
	    "text", op_text_json(slice_str(err->text)));
}

int op_fail(struct op_call *call, enum err_kind kind, const char *fmt, ...)
{
	struct buf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	err_set(&call->err, kind, "%s", buf_z(&text));
	buf_done(&text);
	return -1;
}

int op_fail_err(struct op_call *call, const struct err *err)
{
	call->err = *err;
	return -1;
}

int op_done(struct op_call *call, int rc, const struct err *err)
{
	return rc == 0 ? 0 : op_fail_err(call, err);
}

void op_progress(struct op_call *call, int64_t done, int64_t total, const char *what)
{
	uint64_t now = loop_now();

	if (!call->caller->progress || (now - call->told < PROGRESS_MS && done < total))
		return;
	call->told = now;
	call->caller->progress(call->caller->arg, done, total, what);
}

struct pool *op_pool(struct op_call *call)
{
	return &call->pool;
}

const struct op_caller *op_caller(struct op_call *call)
{
	return call->caller;
}
