/* form_args.c - the arguments of an operation that a posted form makes */
#include "core/text.h"
#include "webadmin/web.h"

static json_t *words_json(struct slice text)
{
	json_t *array = json_array();

	while (text.n > 0) {
		size_t n = 0;
		while (n < text.n && !memchr(" \t\r\n,;", text.p[n], 6))
			n++;
		if (n > 0)
			json_array_append_new(array, json_stringn(text.p, n));
		text = slice_from(text, n + 1);
	}
	return array;
}

/* An area's file has the name of the area with "-file" behind it. */
static json_t *file_json(struct web *web, const struct web_field *field)
{
	const char *name = field->kind == WEB_FILE
	    ? field->name
	    : pool_printf(http_pool(web->req), "%s-file", field->name);
	struct slice bytes = http_upload(web->req, name);
	struct buf coded = { 0 };

	if (bytes.n == 0)
		return NULL;
	base64_put(&coded, bytes);
	json_t *json = json_pack("{s:s#}", "base64", coded.p, (int)coded.n);
	buf_wipe(&coded);
	return json;
}

bool web_base64_lines(const json_t *lines, struct buf *out)
{
	const char *p = json_string_value(lines);
	struct buf text = { 0 };

	for (; p && *p; p++)
		if (*p > ' ')
			buf_addc(&text, *p);
	bool good = text.n > 0 && base64_get(out, buf_slice(&text));
	buf_wipe(&text);
	return good;
}

enum { MARKS_MAX = 500 };

const char *web_marked(struct web *web, const char *name)
{
	const char **values = pool_get(http_pool(web->req), MARKS_MAX * sizeof *values);
	size_t n = http_fields(web->req, name, values, MARKS_MAX);
	struct buf words = { 0 };

	for (size_t i = 0; i < n; i++)
		buf_printf(&words, "%s%s", i > 0 ? " " : "", values[i]);
	const char *marked = pool_str(http_pool(web->req), buf_slice(&words));
	buf_done(&words);
	return marked;
}

static const char *text_of(struct web *web, const struct web_field *field)
{
	if (field->kind == WEB_MADE)
		return web_fill(web, field->example);
	if (field->kind == WEB_PARAM) {
		const char *part = http_param(web->req, field->from);
		return part ? part : field->example;
	}
	return field->kind == WEB_SELF ? http_caller(web->req)->name
				       : http_field(web->req, field->name);
}

static json_t *value_json(struct web *web, const struct web_field *field)
{
	json_t *file =
	    field->kind == WEB_FILE || field->flags & WEB_OR_FILE ? file_json(web, field) : NULL;
	const char *text = text_of(web, field);

	if (file || field->kind == WEB_FILE)
		return file;
	if (field->kind == WEB_MARKS)
		return json_string(web_marked(web, field->name));
	if (field->kind == WEB_CHECK)
		return json_string(text ? "on" : "off");
	struct slice value = slice_str(text);
	if (!web_is_secret(field) && field->kind != WEB_AREA)
		value = slice_trim(value);
	if (value.n == 0 && !(field->flags & WEB_EMPTY))
		return NULL;
	return field->flags & WEB_WORDS ? words_json(value)
					: json_stringn(value.p ? value.p : "", value.n);
}

static void add_words(struct web *web, const struct web_field *field, json_t *args)
{
	const char *before = json_string_value(json_object_get(args, field[-1].name));
	const char *more = http_field(web->req, field->name);

	if (more && *more)
		json_object_set_new(args, field[-1].name,
		    json_string(
			pool_printf(http_pool(web->req), "%s %s", before ? before : "", more)));
}

static int take_field(struct web *web, const struct web_field *field, json_t *args)
{
	if (field->kind < WEB_PARAM && !web_field_shown(web, field))
		return 0;
	if (field->flags & WEB_MORE) {
		add_words(web, field, args);
		return 0;
	}
	if (field->flags & WEB_AGAIN) {
		const char *first = http_field(web->req, field[-1].name);
		const char *second = http_field(web->req, field->name);
		if (!first || !second || strcmp(first, second) != 0)
			return web_refuse(
			    web, field->name, "This is not the same as what stands above.");
		return 0;
	}
	json_t *value = value_json(web, field);
	if (!value)
		return field->flags & WEB_REQUIRED ? web_refuse(web, field->name, "This is needed.")
						   : 0;
	if (field->flags & WEB_LOCAL)
		json_decref(value);
	else
		json_object_set_new(args, field->name, value);
	return 0;
}

json_t *web_action_args(struct web *web)
{
	json_t *args = json_object();

	for (const struct web_field *f = web->action->fields; f && f->name; f++) {
		if (take_field(web, f, args) == 0)
			continue;
		json_decref(args);
		return NULL;
	}
	return args;
}
