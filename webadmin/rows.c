/* rows.c - listings of any length: what is looked for, one page of it */
#include "core/num.h"
#include "core/text.h"
#include "webadmin/web.h"

enum { ROWS = 100 };

/* Does any text of the row hold what, which is folded? */
static bool holds(const json_t *row, struct slice what)
{
	struct buf text = { 0 };
	const char *key;
	json_t *value;
	bool found = false;

	json_object_foreach((json_t *)row, key, value)
	{
		if (!json_is_string(value))
			continue;
		buf_clear(&text);
		text_fold(
		    &text, slice_of(json_string_value(value), json_string_length(value)), true);
		found = found || slice_find(buf_slice(&text), what) >= 0;
	}
	buf_done(&text);
	return found;
}

static void keep_found(json_t *rows, const char *q)
{
	struct buf what = { 0 };

	text_fold(&what, slice_str(q), true);
	for (size_t i = json_array_size(rows); i > 0; i--)
		if (!holds(json_array_get(rows, i - 1), buf_slice(&what)))
			json_array_remove(rows, i - 1);
	buf_done(&what);
}

/* Rows from..from+ROWS of them stay. */
static json_t *keep_page(json_t *rows, const char *asked)
{
	size_t n = json_array_size(rows), pages = n > 0 ? (n + ROWS - 1) / ROWS : 1;
	int64_t page;

	if (!num_i64(slice_str(asked), 1, (int64_t)pages, &page))
		page = 1;
	size_t from = (size_t)(page - 1) * ROWS, to = from + ROWS < n ? from + ROWS : n;
	json_t *kept = json_array();
	for (size_t i = from; i < to; i++)
		json_array_append(kept, json_array_get(rows, i));
	json_array_clear(rows);
	json_array_extend(rows, kept);
	json_decref(kept);
	if (pages == 1)
		return json_object();
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "from", (json_int_t)from + 1, "to",
	    (json_int_t)to, "before", (json_int_t)page - 1, "after",
	    page < (int64_t)pages ? (json_int_t)page + 1 : (json_int_t)0, "of", (json_int_t)n);
}

void web_page_rows(struct web *web, json_t *answer)
{
	const char *q = http_query(web->req, "q");
	json_t *rows = json_object_get(answer, "rows");
	size_t all = json_array_size(rows);

	if (q && *q)
		keep_found(rows, q);
	json_object_set_new(answer, "all", json_integer((json_int_t)all));
	json_object_set_new(answer, "total", json_integer((json_int_t)json_array_size(rows)));
	json_object_set_new(answer, "q", json_string(q ? q : ""));
	json_object_set_new(answer, "search", json_boolean(all > 10));
	json_object_set_new(answer, "pager", keep_page(rows, http_query(web->req, "page")));
}

int web_rows(struct web *web, const char *key, const char *op, json_t *args)
{
	if (web_need(web, key, op, args) != 0)
		return -1;
	web_page_rows(web, json_object_get(web->model, key));
	return 0;
}

/* --- listings without end --- */

void web_filters(struct web *web, json_t *args, const char *const *names)
{
	json_t *wanted = json_object();
	struct buf again = { 0 };

	for (; *names; names++) {
		const char *value = http_query(web->req, *names);
		if (!value || !*value || json_object_get(args, *names))
			continue;
		json_object_set_new(args, *names, json_string(value));
		json_object_set_new(wanted, *names, json_string(value));
		buf_printf(&again, "%s%s=%s", again.n > 0 ? "&" : "", *names, web_url(web, value));
	}
	json_object_set_new(web->model, "wanted", wanted);
	json_object_set_new(web->model, "wanted-again", json_string(buf_z(&again)));
	buf_done(&again);
}

/* The member of the last row that is shown; or how many are before the next page. */
static json_t *next_page(const json_t *rows, const struct web_cursor *cursor, const char *after)
{
	int64_t skipped = 0;

	if (cursor->by)
		return json_incref(json_object_get(json_array_get(rows, ROWS - 1), cursor->by));
	num_i64(slice_str(after), 0, INT64_MAX / 2, &skipped);
	return json_integer((json_int_t)skipped + ROWS);
}

int web_rows_after(
    struct web *web, const char *key, const char *op, json_t *args, const struct web_cursor *cursor)
{
	const char *after = http_query(web->req, "after");

	if (after && *after)
		json_object_set_new(args, cursor->arg, json_string(after));
	json_object_set_new(args, "limit", json_integer(ROWS + 1));
	if (web_need(web, key, op, args) != 0)
		return -1;
	json_t *answer = json_object_get(web->model, key), *rows = json_object_get(answer, "rows");
	if (json_array_size(rows) > ROWS) {
		json_array_remove(rows, ROWS);
		json_object_set_new(answer, "next", next_page(rows, cursor, after));
	}
	json_object_set_new(answer, "begun", json_boolean(after && *after));
	return 0;
}
