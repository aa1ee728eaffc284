/* xml_tree.c - looking into a tree of XML, and writing */
#include "core/xml.h"

static const struct slice xml_ns = { "http://www.w3.org/XML/1998/namespace", 36 };

/* --- looking --- */

bool xml_is(const struct xml *x, struct slice ns, struct slice name)
{
	return x && slice_eq(x->name, name) && slice_eq(x->ns, ns);
}

struct slice xml_attr(const struct xml *x, const char *name)
{
	struct slice wanted = slice_str(name);

	for (const struct xml_attr *a = x->attrs; a; a = a->next)
		if (a->ns.n == 0 && slice_eq(a->name, wanted))
			return a->value;
	return (struct slice){ 0 };
}

static const struct xml *element_from(const struct xml *x)
{
	while (x && !x->name.p)
		x = x->next;
	return x;
}

const struct xml *xml_next(const struct xml *x)
{
	return element_from(x->next);
}

const struct xml *xml_child(const struct xml *x, const char *ns, const char *name)
{
	const struct xml *c = element_from(x->first);

	while (c &&
	    ((name && !slice_eq(c->name, slice_str(name))) ||
		(ns && !slice_eq(c->ns, slice_str(ns)))))
		c = xml_next(c);
	return c;
}

struct slice xml_text(struct pool *pool, const struct xml *x)
{
	struct slice one = { 0 };
	size_t n = 0, pieces = 0;

	for (const struct xml *c = x->first; c; c = c->next) {
		if (c->name.p)
			continue;
		one = c->text;
		n += c->text.n;
		pieces++;
	}
	if (pieces < 2)
		return pieces ? one : SLICE("");
	char *all = pool_get(pool, n + 1);
	n = 0;
	for (const struct xml *c = x->first; c; c = c->next) {
		if (c->name.p || c->text.n == 0)
			continue;
		memcpy(all + n, c->text.p, c->text.n);
		n += c->text.n;
	}
	return slice_of(all, n);
}

/* Lists are short and shared: the attribute goes in front, and those before the
   old one are copied. */
const struct xml *xml_with(
    struct pool *pool, const struct xml *x, const char *name, struct slice value)
{
	struct xml *copy = pool_get(pool, sizeof(*copy));
	const struct xml_attr **end = &copy->attrs;

	*copy = *x;
	copy->attrs = NULL;
	if (value.p) {
		struct xml_attr *a = pool_get(pool, sizeof(*a));
		*a = (struct xml_attr){ .name = slice_str(name), .value = value };
		*end = a;
		end = &a->next;
	}
	for (const struct xml_attr *a = x->attrs; a; a = a->next) {
		if (a->ns.n == 0 && slice_eq(a->name, slice_str(name))) {
			*end = a->next;
			break;
		}
		struct xml_attr *same = pool_get(pool, sizeof(*same));
		*same = *a;
		same->next = NULL;
		*end = same;
		end = &same->next;
	}
	return copy;
}

/* --- writing --- */

/* What stands for a byte that text may not have; NULL: itself. Line ends and tabs
   are kept through a reader that makes spaces of them in attributes. */
static const char *escape_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '\'':
		return "&apos;";
	case '"':
		return "&quot;";
	case '\r':
		return "&#13;";
	case '\n':
		return "&#10;";
	case '\t':
		return "&#9;";
	default:
		return NULL;
	}
}

static void escape(struct buf *out, struct slice text, const char *special)
{
	size_t run = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (c > '>' || c == ' ' || c == '\0' || !strchr(special, c))
			continue;
		buf_add(out, text.p + run, i - run);
		buf_addz(out, escape_of(c));
		run = i + 1;
	}
	buf_add(out, text.p + run, text.n - run);
}

void xml_escape(struct buf *out, struct slice text)
{
	escape(out, text, "&<>'\"\r\n\t");
}

void xml_put_attr(struct buf *out, const char *name, struct slice value)
{
	if (!value.p)
		return;
	buf_addc(out, ' ');
	buf_addz(out, name);
	buf_addz(out, "='");
	xml_escape(out, value);
	buf_addc(out, '\'');
}

/* An attribute with a prefix gets one of ours, declared where it is used. */
static void write_attr(struct buf *out, const struct xml_attr *a, unsigned *prefixes)
{
	buf_addc(out, ' ');
	if (slice_eq(a->ns, xml_ns)) {
		buf_addz(out, "xml:");
	} else if (a->ns.n > 0) {
		buf_printf(out, "xmlns:a%u='", ++*prefixes);
		xml_escape(out, a->ns);
		buf_printf(out, "' a%u:", *prefixes);
	}
	buf_adds(out, a->name);
	buf_addz(out, "='");
	xml_escape(out, a->value);
	buf_addc(out, '\'');
}

void xml_write(struct buf *out, const struct xml *x, struct slice outer)
{
	unsigned prefixes = 0;

	if (!x->name.p) {
		escape(out, x->text, "&<>\r");
		return;
	}
	buf_addc(out, '<');
	buf_adds(out, x->name);
	if (!slice_eq(x->ns, outer))
		xml_put_attr(out, "xmlns", x->ns.p ? x->ns : SLICE(""));
	for (const struct xml_attr *a = x->attrs; a; a = a->next)
		write_attr(out, a, &prefixes);
	if (!x->first) {
		buf_add(out, "/>", 2);
		return;
	}
	buf_addc(out, '>');
	for (const struct xml *c = x->first; c; c = c->next)
		xml_write(out, c, x->ns);
	buf_add(out, "</", 2);
	buf_adds(out, x->name);
	buf_addc(out, '>');
}
