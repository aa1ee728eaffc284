/* template_render.c - the holes of a template are filled */
#include "webadmin/template.h"

#include "core/err.h"

struct render {
	const json_t *context[TEMPLATE_DEPTH + 1]; /* outermost first */
	size_t n;
	struct buf *out;
};

/* --- what a name stands for --- */

static const json_t *member(const json_t *value, struct slice name)
{
	return json_object_getn(value, name.p, name.n);
}

static const json_t *look_up(const struct render *r, struct slice name)
{
	struct slice first = slice_cut(&name, '.');
	const json_t *found = NULL;

	if (first.n == 0)
		return r->context[r->n - 1];
	for (size_t i = r->n; i > 0 && !found; i--)
		found = member(r->context[i - 1], first);
	while (found && name.n > 0)
		found = member(found, slice_cut(&name, '.'));
	return found;
}

static bool is_something(const json_t *value)
{
	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_OBJECT:
		return json_object_size(value) > 0;
	case JSON_ARRAY:
		return json_array_size(value) > 0;
	case JSON_STRING:
		return json_string_length(value) > 0;
	case JSON_INTEGER:
		return json_integer_value(value) != 0;
	case JSON_REAL:
	case JSON_TRUE:
		return true;
	default:
		return false;
	}
}

/* --- writing --- */

/* Enough for text and for attributes in either quotes. */
static void put_escaped(struct buf *out, struct slice text)
{
	static const char special[] = "&<>\"'";
	static const char *const entity[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };
	size_t from = 0;

	for (size_t i = 0; i < text.n; i++) {
		const char *found = memchr(special, text.p[i], sizeof special - 1);
		if (!found)
			continue;
		buf_add(out, text.p + from, i - from);
		buf_addz(out, entity[found - special]);
		from = i + 1;
	}
	if (text.n > from)
		buf_add(out, text.p + from, text.n - from);
}

static void put_value(struct render *r, const struct template_node *node)
{
	const json_t *value = look_up(r, node->text);
	struct buf text = { 0 };

	if (!node->filter && json_is_string(value)) {
		put_escaped(r->out, slice_of(json_string_value(value), json_string_length(value)));
		return;
	}
	(node->filter ? node->filter : template_text)(value, &text);
	put_escaped(r->out, buf_slice(&text));
	buf_done(&text);
}

static void put_nodes(struct render *r, const struct template *t, size_t from, size_t to);

/* With value as the innermost context. */
static void put_inside(
    struct render *r, const struct template *t, const json_t *value, size_t from, size_t to)
{
	if (r->n > TEMPLATE_DEPTH)
		bug("template %s is deeper than it was found", t->name);
	r->context[r->n++] = value;
	put_nodes(r, t, from, to);
	r->n--;
}

static void put_each(struct render *r, const struct template *t, size_t at)
{
	size_t end = t->nodes[at].end;
	const json_t *value = look_up(r, t->nodes[at].text);

	if (!is_something(value))
		return;
	if (!json_is_array(value)) {
		put_inside(r, t, value, at + 1, end);
		return;
	}
	for (size_t i = 0; i < json_array_size(value); i++)
		put_inside(r, t, json_array_get(value, i), at + 1, end);
}

static void put_nodes(struct render *r, const struct template *t, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		const struct template_node *node = &t->nodes[i];
		size_t end = node->end ? node->end : i + 1;

		switch (node->kind) {
		case TEMPLATE_LITERAL:
			buf_adds(r->out, node->text);
			break;
		case TEMPLATE_VALUE:
			put_value(r, node);
			break;
		case TEMPLATE_PARTIAL:
			put_nodes(r, node->partial, 0, node->partial->n);
			break;
		case TEMPLATE_EACH:
			put_each(r, t, i);
			break;
		case TEMPLATE_IF:
		case TEMPLATE_UNLESS:
			if (is_something(look_up(r, node->text)) == (node->kind == TEMPLATE_IF))
				put_nodes(r, t, i + 1, end);
			break;
		}
		i = end - 1;
	}
}

void template_render(const struct template *template, const json_t *values, struct buf *out)
{
	struct render r = { .context = { values }, .n = 1, .out = out };

	put_nodes(&r, template, 0, template->n);
}
