/* op_json.c - operations as lines of JSON */
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/op_call.h"

/* --- memory that is zeroed: requests hold passwords --- */

static void wipe_and_free(void *p)
{
	if (p)
		bytes_wipe(p, malloc_usable_size(p));
	free(p);
}

static void start(void)
{
	json_set_alloc_funcs(malloc, wipe_and_free);
}

void op_start(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, start);
}

/* --- lines --- */

static int add_piece(const char *piece, size_t n, void *arg)
{
	buf_add(arg, piece, n);
	return 0;
}

static void put_json(json_t *json, struct buf *out)
{
	json_dump_callback(json, add_piece, out, JSON_COMPACT);
	json_decref(json);
}

void op_refusal_text(enum err_kind kind, const char *why, struct buf *answer)
{
	struct err err;

	err_set(&err, kind, "%s", why);
	put_json(op_refusal(&err), answer);
}

void op_progress_text(int64_t done, int64_t total, const char *what, struct buf *out)
{
	put_json(json_pack("{s:{s:I, s:I, s:s}}", "progress", "done", (json_int_t)done, "total",
		     (json_int_t)total, "what", what),
	    out);
}

bool op_run_text(const struct op_caller *caller, struct slice request, struct buf *answer)
{
	json_error_t error;
	json_t *said = NULL;

	op_start();
	json_t *json = json_loadb(request.p, request.n, JSON_REJECT_DUPLICATES, &error);
	const char *name = json_string_value(json_object_get(json, "op"));
	const json_t *args = json_object_get(json, "args");
	bool here = !name || !op_elsewhere(op_find(slice_str(name)));
	if (!name || (args && !json_is_object(args))) {
		op_refusal_text(
		    ERR_INPUT, "a request is {\"op\":\"noun verb\",\"args\":{...}}", answer);
	} else if (here) {
		op_run(caller, slice_str(name), args, &said);
		put_json(said, answer);
	}
	json_decref(json);
	return here;
}
