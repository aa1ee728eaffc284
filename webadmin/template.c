/* template.c - templates are compiled and linked */
#include "webadmin/template.h"

#include <stdlib.h>

struct template_set {
	struct template *first;
};

/* What compiling knows of the text. */
struct source {
	struct template *template;
	struct slice rest;
	size_t line;
	size_t open[TEMPLATE_DEPTH]; /* nodes of sections that are not closed */
	size_t depth;
	struct err *err;
};

static int fault(const struct source *source, const char *why, struct slice name)
{
	return err_set(source->err, ERR_INPUT, "%s:%zu: %s {{%.*s}}", source->template->name,
	    source->line, why, SLICE_ARG(name));
}

static struct template_node *add_node(struct source *source, enum template_kind kind)
{
	struct template *t = source->template;

	t->nodes = mem_resize(t->nodes, (t->n + 1) * sizeof *t->nodes);
	t->nodes[t->n] = (struct template_node){ .kind = kind, .line = source->line };
	return &t->nodes[t->n++];
}

static void add_literal(struct source *source, struct slice text)
{
	if (text.n > 0)
		add_node(source, TEMPLATE_LITERAL)->text = text;
	for (size_t i = 0; i < text.n; i++)
		source->line += text.p[i] == '\n';
}

/* --- tags --- */

static bool is_name(struct slice name)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-. ";

	for (size_t i = 0; i < name.n; i++)
		if (!memchr(chars, name.p[i], sizeof chars - 1))
			return false;
	return name.n > 0;
}

static int take_value(struct source *source, struct slice tag)
{
	struct slice filter = tag, name = slice_trim(slice_cut(&filter, '|'));
	struct template_node *node = add_node(source, TEMPLATE_VALUE);

	if (!is_name(name))
		return fault(source, "what is", tag);
	node->text = name;
	if (!filter.p)
		return 0;
	node->filter = template_filter(slice_trim(filter));
	return node->filter ? 0 : fault(source, "there is no such filter:", tag);
}

static int take_open(struct source *source, enum template_kind kind, struct slice name)
{
	if (source->depth == TEMPLATE_DEPTH)
		return fault(source, "too deep:", name);
	source->open[source->depth++] = source->template->n;
	add_node(source, kind)->text = name;
	return 0;
}

static int take_close(struct source *source, struct slice name)
{
	struct template *t = source->template;

	if (source->depth == 0)
		return fault(source, "nothing is open before", name);
	struct template_node *open = &t->nodes[source->open[--source->depth]];
	if (!slice_eq(open->text, name))
		return fault(source, "another section is open before", name);
	open->end = t->n;
	return 0;
}

static int take_tag(struct source *source, struct slice tag)
{
	struct slice name = slice_trim(slice_from(tag, 1));

	if (tag.n == 0 || (strchr("#^?/>", tag.p[0]) && !is_name(name)))
		return fault(source, "what is", tag);
	switch (tag.p[0]) {
	case '!':
		return 0;
	case '#':
		return take_open(source, TEMPLATE_EACH, name);
	case '?':
		return take_open(source, TEMPLATE_IF, name);
	case '^':
		return take_open(source, TEMPLATE_UNLESS, name);
	case '/':
		return take_close(source, name);
	case '>':
		add_node(source, TEMPLATE_PARTIAL)->text = name;
		return 0;
	default:
		return take_value(source, tag);
	}
}

/* --- lines that hold nothing but a tag --- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* How many bytes of blanks end text, when a line begins before them; else -1. */
static ptrdiff_t blanks_before(struct slice text, bool at_start)
{
	size_t n = 0;

	while (n < text.n && is_blank(text.p[text.n - n - 1]))
		n++;
	if (n == text.n ? !at_start : text.p[text.n - n - 1] != '\n')
		return -1;
	return (ptrdiff_t)n;
}

/* How many bytes a line's end takes at the begin of rest, else -1. */
static ptrdiff_t blanks_after(struct slice rest)
{
	size_t n = 0;

	while (n < rest.n && is_blank(rest.p[n]))
		n++;
	if (n == rest.n)
		return (ptrdiff_t)n;
	return rest.p[n] == '\n' ? (ptrdiff_t)n + 1 : -1;
}

/* The next tag and the text before it. *fresh: a line begins where the rest does. */
static int take_piece(struct source *source, bool *fresh)
{
	ptrdiff_t at = slice_find(source->rest, SLICE("{{"));
	struct slice text = at < 0 ? source->rest : slice_head(source->rest, (size_t)at);

	if (at < 0) {
		add_literal(source, text);
		source->rest = (struct slice){ 0 };
		return 0;
	}
	struct slice tag = slice_from(source->rest, (size_t)at + 2);
	ptrdiff_t end = slice_find(tag, SLICE("}}"));
	if (end < 0) {
		add_literal(source, text);
		return fault(source, "no end of", slice_head(tag, 20));
	}
	source->rest = slice_from(tag, (size_t)end + 2);
	tag = slice_head(tag, (size_t)end);

	ptrdiff_t before = blanks_before(text, *fresh), after = blanks_after(source->rest);
	bool alone = tag.n > 0 && strchr("#^?/>!", tag.p[0]) && before >= 0 && after >= 0;
	if (alone) {
		text.n -= (size_t)before;
		source->rest = slice_from(source->rest, (size_t)after);
	}
	*fresh = alone;
	add_literal(source, text);
	int rc = take_tag(source, tag);
	source->line += alone;
	return rc;
}

int template_add(struct template_set *set, const char *name, struct slice text, struct err *err)
{
	struct template *t = mem_get(sizeof *t);
	struct source source = { .template = t, .rest = text, .line = 1, .err = err };
	bool fresh = true;
	int rc = 0;

	t->name = mem_str(slice_str(name));
	t->next = set->first;
	set->first = t;
	while (rc == 0 && source.rest.n > 0)
		rc = take_piece(&source, &fresh);
	if (rc != 0 || source.depth == 0)
		return rc;
	const struct template_node *open = &t->nodes[source.open[source.depth - 1]];
	source.line = open->line;
	return fault(&source, "no end of", open->text);
}

/* --- the set --- */

struct template_set *template_set_new(void)
{
	return mem_get(sizeof(struct template_set));
}

void template_set_free(struct template_set **set)
{
	if (!*set)
		return;
	for (struct template *t = (*set)->first, *next; t; t = next) {
		next = t->next;
		free(t->name);
		free(t->nodes);
		free(t);
	}
	free(*set);
	*set = NULL;
}

static struct template *find(const struct template_set *set, struct slice name)
{
	struct template *t = set->first;

	while (t && !slice_eq(name, slice_str(t->name)))
		t = t->next;
	return t;
}

const struct template *template_find(const struct template_set *set, const char *name)
{
	return find(set, slice_str(name));
}

static int link_one(struct template_set *set, struct template *t, struct err *err);

static int link_partial(struct template_set *set, const struct template *t,
    struct template_node *node, size_t *depth, struct err *err)
{
	struct template *partial = find(set, node->text);

	if (!partial)
		return err_set(err, ERR_INPUT, "%s:%zu: there is no {{>%.*s}}", t->name, node->line,
		    SLICE_ARG(node->text));
	if (partial->linking)
		return err_set(err, ERR_INPUT, "%s:%zu: {{>%.*s}} holds itself", t->name,
		    node->line, SLICE_ARG(node->text));
	if (link_one(set, partial, err) != 0)
		return -1;
	node->partial = partial;
	*depth += partial->depth;
	return 0;
}

static int link_one(struct template_set *set, struct template *t, struct err *err)
{
	size_t ends[TEMPLATE_DEPTH], open = 0;

	if (t->depth > 0)
		return 0;
	t->linking = true;
	for (size_t i = 0; i < t->n; i++) {
		while (open > 0 && ends[open - 1] <= i)
			open--;
		size_t depth = open + 1;
		if (t->nodes[i].kind == TEMPLATE_PARTIAL &&
		    link_partial(set, t, &t->nodes[i], &depth, err) != 0)
			return -1;
		if (depth >= TEMPLATE_DEPTH)
			return err_set(
			    err, ERR_INPUT, "%s:%zu: too deep", t->name, t->nodes[i].line);
		if (t->nodes[i].end > 0)
			ends[open++] = t->nodes[i].end;
		if (depth > t->depth)
			t->depth = depth;
	}
	t->linking = false;
	return 0;
}

int template_link(struct template_set *set, struct err *err)
{
	for (struct template *t = set->first; t; t = t->next)
		if (link_one(set, t, err) != 0)
			return -1;
	return 0;
}
