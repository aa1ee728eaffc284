/* action.c - a form was posted: ask, act, and lead on */
#include <ctype.h>

#include "webadmin/web.h"

const struct web_action *web_action(struct http_req *req, const struct web_page *page)
{
	const char *name = http_field(req, "do");

	for (const struct web_action *a = page->actions; name && a && a->name; a++)
		if (strcmp(name, a->name) == 0)
			return a;
	return NULL;
}

/* --- asking first --- */

enum { KEPT_MAX = 500 };

static void keep_values(struct web *web, const char *name, json_t *hidden)
{
	const char **values = pool_get(http_pool(web->req), KEPT_MAX * sizeof *values);
	size_t n = http_fields(web->req, name, values, KEPT_MAX);

	for (size_t i = 0; i < n; i++)
		json_array_append_new(
		    hidden, json_pack("{s:s, s:s}", "name", name, "value", values[i]));
}

/* A question with everything that was posted but the secrets, which forms that
   ask have not. */
static int ask(struct web *web)
{
	const struct web_action *action = web->action;
	json_t *hidden = json_array();

	for (const struct web_field *f = action->fields; f && f->name; f++)
		if (f->kind != WEB_PASSWORD && !(f->flags & WEB_SECRET))
			keep_values(web, f->name, hidden);
	json_object_set_new(web->model, "confirm",
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "ask", web_fill(web, action->ask), "warn",
		action->warn ? web_fill(web, action->warn) : "", "name", action->name, "submit",
		action->submit, "cancel", web_href(web, web->page->route->path), "hidden", hidden));
	web_render(web, "confirm");
	return WEB_ANSWERED;
}

/* --- acting --- */

/* Operations begin with the argument's name when they complain of one. */
static void blame_field(struct web *web)
{
	struct slice text = slice_str(web->err.text);

	if (web->err_field)
		return;
	for (const struct web_field *f = web->action->fields; f && f->name; f++) {
		struct slice rest = slice_from(text, strlen(f->name));

		if (f->kind >= WEB_HIDDEN || !slice_starts(text, slice_str(f->name)) ||
		    !slice_starts(rest, SLICE(": ")))
			continue;
		web->err_field = f->name;
		memmove(web->err.text, rest.p + 2, rest.n - 1);
		return;
	}
}

static int fail(struct web *web)
{
	size_t n;

	blame_field(web);
	n = strlen(web->err.text);
	web->err.text[0] = (char)toupper((unsigned char)web->err.text[0]);
	if (n > 0 && n + 1 < sizeof web->err.text && isalnum((unsigned char)web->err.text[n - 1]))
		memcpy(web->err.text + n, ".", 2);
	web->status = web->err.kind == ERR_TEMP || web->err.kind == ERR_BUSY ? 503 : 422;
	return WEB_SHOW;
}

static int succeed(struct web *web, const json_t *answer)
{
	const struct web_action *action = web->action;
	const char *said = json_string_value(json_object_get(answer, "message"));

	if (action->give)
		return web_give(web->req, json_object_get(answer, action->give),
			   web_fill(web, action->file)) == 0
		    ? WEB_ANSWERED
		    : -1;
	if (action->show) {
		json_object_set(web->model, action->show, (json_t *)answer);
		return WEB_SHOW;
	}
	if (action->done || said)
		http_flash(web->req, true,
		    pool_printf(http_pool(web->req), "%s%s%s",
			action->done ? web_fill(web, action->done) : "",
			action->done && said ? "\n" : "", said ? said : ""));
	http_redirect(
	    web->req, web_href(web, action->then ? action->then : web->page->route->path));
	return WEB_ANSWERED;
}

static int act(struct web *web)
{
	const json_t *answer = NULL;
	int rc = -1;

	if (web->action->run) {
		rc = web->action->run(web);
	} else {
		json_t *args = web_action_args(web);
		answer = args ? web_op(web, web->action->op, args) : NULL;
		rc = answer ? WEB_DONE : -1;
	}
	if (rc < 0)
		return fail(web);
	return rc == WEB_DONE ? succeed(web, answer) : rc;
}

int web_post(struct web *web)
{
	web->action = web_action(web->req, web->page);
	if (!web->action)
		return http_error(web->req, 400, "This form has no such button.");
	if (web->action->ask && !http_field(web->req, "sure"))
		return ask(web);
	return act(web);
}
