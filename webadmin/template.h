/* template.h - pages made of text with holes, filled from JSON
 *
 *	{{name}}            the value, escaped for HTML text and attributes
 *	{{a.b}}  {{.}}      a member of a member; the value itself
 *	{{name|filter}}     date, day, moment, ago, bytes, duration, count, dn, octets,
 *			fingerprint, domain, url
 *	{{?name}}..{{/name}}  once, when there is something: not false, 0, "", [] or {}
 *	{{^name}}..{{/name}}  once, when there is not
 *	{{#name}}..{{/name}}  for each item of a list; with an object, inside it
 *	{{>name}}           another template, with the same values
 *	{{! comment }}
 *
 * A name is looked for in the innermost item, then outwards. There is no way to
 * write text that is not escaped. A tag other than {{name}} that stands alone in
 * its line takes the line with it.
 *
 * All templates are compiled and linked before the first is rendered: a mistake
 * in one is found by the first test that starts the set, not by a visitor. A
 * linked set changes no more and serves any thread. */
#ifndef WEBADMIN_TEMPLATE_H
#define WEBADMIN_TEMPLATE_H

#include <jansson.h>

#include "core/buf.h"
#include "core/err.h"

/* How deep sections and partials may lie in each other, together. */
enum { TEMPLATE_DEPTH = 32 };

struct template;
struct template_set;

struct template_set *template_set_new(void);
void template_set_free(struct template_set **set);

/* Compile; text must live as long as the set. ERR_INPUT: "name:line: reason". */
int template_add(struct template_set *set, const char *name, struct slice text, struct err *err);

/* Find the partials, and that none of them holds itself. Once, after the last
   template_add. ERR_INPUT. */
int template_link(struct template_set *set, struct err *err);

/* NULL: there is none. */
const struct template *template_find(const struct template_set *set, const char *name);

/* Append to *out. */
void template_render(const struct template *template, const json_t *values, struct buf *out);

/* --- between the template*.c files --- */

typedef void template_filter_fn(const json_t *value, struct buf *out);

/* The filter of that name, or NULL. What it appends is escaped afterwards. */
template_filter_fn *template_filter(struct slice name);

/* A value without filter: text, a number, "yes" for true, else nothing. */
void template_text(const json_t *value, struct buf *out);

enum template_kind {
	TEMPLATE_LITERAL,
	TEMPLATE_VALUE,
	TEMPLATE_IF,
	TEMPLATE_UNLESS,
	TEMPLATE_EACH,
	TEMPLATE_PARTIAL
};

/* Nodes lie flat, in their order; the content of a section follows it, up to
   the node with number `end`. */
struct template_node {
	enum template_kind kind;
	struct slice text; /* the literal, or the name */
	template_filter_fn *filter;
	size_t end;
	size_t line;
	const struct template *partial; /* after template_link */
};

struct template
{
	char *name;
	struct template_node *nodes;
	size_t n;
	size_t depth; /* deepest nesting, partials included; 0 until linked */
	bool linking;
	struct template *next;
};

#endif
