/* page.c - a request for a page: act, load, render */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/files.h"
#include "core/loop.h"
#include "core/text.h"
#include "webadmin/template.h"
#include "webadmin/web.h"

static struct template_set *templates;

/* --- operations --- */

const json_t *web_op(struct web *web, const char *name, json_t *args)
{
	const json_t *answer = http_op(web->req, name, args);
	const json_t *error = json_object_get(answer, "error");
	const char *kind = json_string_value(json_object_get(error, "kind"));
	const char *text = json_string_value(json_object_get(error, "text"));

	if (json_is_true(json_object_get(answer, "ok")))
		return answer;
	err_set(&web->err, ERR_TEMP, "%s", text ? text : "it did not work");
	for (int k = ERR_INPUT; kind && k <= ERR_TEMP; k++)
		if (strcmp(kind, err_kind_name((enum err_kind)k)) == 0)
			web->err.kind = (enum err_kind)k;
	return NULL;
}

static int status_of(enum err_kind kind)
{
	switch (kind) {
	case ERR_ABSENT:
		return 404;
	case ERR_DENIED:
		return 403;
	case ERR_EXISTS:
		return 409;
	case ERR_BUSY:
	case ERR_TEMP:
		return 503;
	default:
		return 422;
	}
}

/* Nobody else looks at the answer, so the page may add to it. */
static void put_answer(struct web *web, const char *key, const json_t *answer)
{
	json_object_set(web->model, key, (json_t *)answer);
}

int web_need(struct web *web, const char *key, const char *op, json_t *args)
{
	const json_t *answer = web_op(web, op, args);

	if (!answer)
		return http_error(web->req, status_of(web->err.kind), "%s", web->err.text);
	put_answer(web, key, answer);
	return 0;
}

/* An attempt that fails is none of the form's faults. */
bool web_try(struct web *web, const char *key, const char *op, json_t *args)
{
	struct err before = web->err;
	const json_t *answer = web_op(web, op, args);

	if (answer)
		put_answer(web, key, answer);
	else
		json_object_set_new(web->model, key,
		    json_pack("{s:s, s:b}", "error", web->err.text, "absent",
			web->err.kind == ERR_ABSENT));
	web->err = before;
	return answer != NULL;
}

/* --- what pages ask for --- */

const char *web_value(struct web *web, const char *name)
{
	const char *value = http_param(web->req, name);

	if (!value && http_method(web->req) == HTTP_POST)
		value = http_field(web->req, name);
	return value;
}

json_t *web_arg(struct web *web, const char *name, const char *param)
{
	const char *value = http_param(web->req, param);

	return json_pack("{s:s}", name, value ? value : "");
}

json_t *web_self(struct web *web)
{
	return json_pack("{s:s}", "address", http_caller(web->req)->name);
}

static const char *shown(struct web *web, const char *name, const char *value)
{
	if (strcmp(name, "domain") == 0)
		return domain_unicode(http_pool(web->req), slice_str(value));
	return value;
}

const char *web_fill(struct web *web, const char *text)
{
	struct slice rest = slice_str(text);
	struct buf out = { 0 };

	while (rest.n > 0) {
		buf_adds(&out, slice_cut(&rest, '{'));
		if (!rest.p)
			break;
		const char *name = pool_str(http_pool(web->req), slice_cut(&rest, '}'));
		const char *value = web_value(web, name);
		buf_addz(&out, value ? shown(web, name, value) : "");
	}
	const char *filled = pool_str(http_pool(web->req), buf_slice(&out));
	buf_done(&out);
	return filled;
}

const char *web_url(struct web *web, const char *text)
{
	json_t *json = json_string(text);
	struct buf out = { 0 };

	template_filter(SLICE("url"))(json, &out);
	json_decref(json);
	const char *url = pool_str(http_pool(web->req), buf_slice(&out));
	buf_done(&out);
	return url;
}

const char *web_href(struct web *web, const char *path)
{
	struct slice rest = slice_str(path);
	struct buf out = { 0 };

	slice_cut(&rest, '/');
	while (rest.p) {
		struct slice part = slice_cut(&rest, '/');

		buf_addc(&out, '/');
		if (part.n == 0 || *part.p != ':') {
			buf_adds(&out, part);
			continue;
		}
		const char *value =
		    web_value(web, pool_str(http_pool(web->req), slice_from(part, 1)));
		buf_addz(&out, web_url(web, value ? value : ""));
	}
	const char *href = pool_str(http_pool(web->req), buf_slice(&out));
	buf_done(&out);
	return href;
}

int web_refuse(struct web *web, const char *field, const char *fmt, ...)
{
	va_list ap;

	web->err.kind = ERR_INPUT;
	web->err_field = field;
	va_start(ap, fmt);
	vsnprintf(web->err.text, sizeof web->err.text, fmt, ap);
	va_end(ap);
	return -1;
}

/* --- rendering --- */

void web_render(struct web *web, const char *name)
{
	const struct template *template = template_find(templates, name);

	if (!template)
		bug("there is no template %s", name);
	http_status(web->req, web->status);
	http_type(web->req, "text/html; charset=utf-8");
	http_header(web->req, "Cache-Control", "no-store");
	template_render(template, web->model, http_body(web->req));
}

static int show(struct web *web)
{
	if (web->page->load && web->page->load(web) != 0)
		return -1;
	web_forms(web);
	web_render(web, web->page->template);
	return 0;
}

/* Is an operation called that belongs on another thread? */
static bool is_elsewhere(struct http_req *req, const struct web_page *page)
{
	const struct web_action *action = web_action(req, page);

	if (http_method(req) != HTTP_POST)
		return page->network && http_query(req, page->network) && !network_thread();
	return action && action->op && op_elsewhere(op_find(slice_str(action->op)));
}

int web_run(struct http_req *req, const struct web_page *page)
{
	if (is_elsewhere(req, page))
		return HTTP_ELSEWHERE;
	struct web web = { .req = req, .page = page, .model = json_object(), .status = 200 };
	int rc = WEB_SHOW;

	web_model_begin(&web);
	if (http_method(req) == HTTP_POST)
		rc = web_post(&web);
	if (rc == WEB_SHOW)
		rc = show(&web);
	json_decref(web.model);
	return rc < 0 ? -1 : 0;
}

/* --- errors --- */

static void face_error(struct http_req *req, int status, const char *text)
{
	static const struct web_page page = { .title = "Something is wrong", .template = "error" };
	struct web web = { .req = req, .page = &page, .model = json_object(), .status = status };

	web_model_begin(&web);
	json_object_set_new(web.model, "status", json_integer(status));
	json_object_set_new(web.model, "text", json_string(text));
	web_render(&web, "error");
	json_decref(web.model);
}

/* --- start --- */

static int add_templates(struct err *err)
{
	static const char folder[] = "pages/", end[] = ".html";
	int rc = 0;

	for (const struct file *f = files_table; f->name && rc == 0; f++) {
		struct slice name = slice_str(f->name);

		if (!slice_starts(name, SLICE(folder)) || !slice_iends(name, SLICE(end)))
			continue;
		name = slice_from(slice_head(name, name.n - strlen(end)), strlen(folder));
		char *z = mem_str(name);
		rc = template_add(templates, z, f->data, err);
		free(z);
	}
	return rc;
}

int web_start(struct err *err)
{
	static const struct http_face face = { .error = face_error };

	templates = template_set_new();
	if (add_templates(err) != 0 || template_link(templates, err) != 0)
		return -1;
	for (size_t i = 0; i < web_page_table_n; i++)
		if (!template_find(templates, web_page_table[i]->template))
			return err_set(err, ERR_INPUT, "there is no webadmin/pages/%s.html",
			    web_page_table[i]->template);
	http_face_set(&face);
	return 0;
}

void web_stop(void)
{
	template_set_free(&templates);
}
