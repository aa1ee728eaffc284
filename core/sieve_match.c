/* sieve_match.c - how a test's values meet its keys: comparator first, then match type (RFC
 * 5228 2.7)
 *
 * A comparator folds texts into a form in which they are compared bytewise:
 * keys when the script is compiled, values once. What a pattern may cost is
 * counted step by step. */
#include "core/sieve_private.h"

/* --- compiling --- */

static const struct sieve_comparator *find_comparator(struct slice name)
{
	for (size_t i = 0; i < sieve_comparator_table_n; i++)
		if (slice_eq(name, slice_str(sieve_comparator_table[i]->name)))
			return sieve_comparator_table[i];
	return NULL;
}

static int check_comparator(struct sieve_compile *c, uint32_t line, struct sieve_arg *value)
{
	const struct sieve_comparator *comparator = find_comparator(value->strings[0]);

	if (!comparator)
		return sieve_wrong(
		    c, line, "there is no comparator \"%s\"", sieve_shown(c, value->strings[0]));
	if (comparator->extension && !sieve_may(c, comparator->extension))
		return sieve_wrong(c, line, "%s needs require \"%s\" at the beginning",
		    comparator->name, comparator->extension->name);
	return 0;
}

SIEVE_TAG(comparator) = {
	.name = ":comparator",
	.slot = SIEVE_COMPARE,
	.value = 's',
	.check = check_comparator,
};

static struct slice fold(
    const struct sieve_comparator *comparator, struct pool *pool, struct slice text)
{
	struct buf folded = { 0 };

	if (!comparator->fold)
		return text;
	comparator->fold(&folded, text);
	struct slice kept = pool_slice(pool, buf_slice(&folded));
	buf_done(&folded);
	return kept;
}

static void fold_keys(
    struct sieve_compile *c, struct sieve_matching *how, const struct sieve_arg *keys)
{
	struct slice *folded = pool_get(c->pool, keys->n * sizeof *folded);

	for (size_t i = 0; i < keys->n; i++)
		folded[i] = fold(how->comparator, c->pool, keys->strings[i]);
	how->keys = folded;
	how->n_keys = keys->n;
}

int sieve_prepare(struct sieve_compile *c, struct sieve_node *node)
{
	const struct sieve_option *type = sieve_option(node, SIEVE_MATCH);
	const struct sieve_option *comparator = sieve_option(node, SIEVE_COMPARE);
	struct sieve_matching *how = pool_get(c->pool, sizeof *how);

	how->type = type ? type->tag : &sieve_tag_is;
	if (type && type->tag->value)
		how->relation = type->value.strings[0];
	how->comparator = comparator ? find_comparator(comparator->value.strings[0])
				     : &sieve_comparator_ascii_casemap;
	if (how->type->parts && how->comparator->whole)
		return sieve_wrong(c, node->line, "%s does not go with %s", how->type->name,
		    how->comparator->name);
	if (sieve_check_index(c, node) != 0)
		return -1;
	fold_keys(c, how, &node->args[strlen(node->word->args) - 1]);
	node->matching = how;
	return 0;
}

/* --- match types --- */

static int match_is(
    struct sieve_run *run, const struct sieve_matching *how, struct slice value, struct slice key)
{
	(void)run;
	(void)how;
	return slice_eq(value, key);
}

SIEVE_TAG(is) = { .name = ":is", .slot = SIEVE_MATCH, .match = match_is };

static int match_contains(
    struct sieve_run *run, const struct sieve_matching *how, struct slice value, struct slice key)
{
	(void)run;
	(void)how;
	return key.n == 0 || slice_find(value, key) >= 0;
}

SIEVE_TAG(contains) = {
	.name = ":contains",
	.slot = SIEVE_MATCH,
	.match = match_contains,
	.parts = true,
};

/* A value and a pattern, and where the last '*' of it stands. */
struct glob {
	struct slice value, pattern;
	size_t v, p;	   /* where we are */
	size_t star, mark; /* behind the last '*', and what it has eaten up to */
	bool starred, unicode;
};

/* One item of the pattern against the value here; false: it does not fit. */
static bool glob_step(struct glob *g)
{
	char c = g->pattern.p[g->p];

	if (c == '?') {
		g->p++;
		g->v++;
		while (g->unicode && g->v < g->value.n && (g->value.p[g->v] & 0xc0) == 0x80)
			g->v++;
		return true;
	}
	size_t escaped = c == '\\' && g->p + 1 < g->pattern.n;
	if (g->pattern.p[g->p + escaped] != g->value.p[g->v])
		return false;
	g->p += escaped + 1;
	g->v++;
	return true;
}

static bool glob_star(struct glob *g)
{
	if (g->p == g->pattern.n || g->pattern.p[g->p] != '*')
		return false;
	g->starred = true;
	g->star = ++g->p;
	g->mark = g->v;
	return true;
}

/* The last '*' eats one byte more, and the rest is tried again. Earlier ones
   need not be asked: what they could give, the last one can take. */
static bool glob_again(struct glob *g)
{
	if (!g->starred)
		return false;
	g->p = g->star;
	g->v = ++g->mark;
	return true;
}

static int match_glob(
    struct sieve_run *run, const struct sieve_matching *how, struct slice value, struct slice key)
{
	struct glob g = { .value = value, .pattern = key, .unicode = how->comparator->unicode };

	while (g.v < value.n) {
		if (!sieve_work(run, SIEVE_STEPS_PATTERN))
			return -1;
		if (glob_star(&g) || (g.p < key.n && glob_step(&g)))
			continue;
		if (!glob_again(&g))
			return 0;
	}
	while (glob_star(&g))
		;
	return g.p == key.n;
}

SIEVE_TAG(matches) = {
	.name = ":matches",
	.slot = SIEVE_MATCH,
	.match = match_glob,
	.parts = true,
};

/* --- running --- */

struct sieve_matcher sieve_matcher(struct sieve_run *run, const struct sieve_node *node)
{
	return (struct sieve_matcher){ .run = run, .how = node->matching };
}

static int match_keys(struct sieve_matcher *m, struct slice folded)
{
	int result = 0;

	for (size_t i = 0; i < m->how->n_keys && result == 0; i++) {
		if (!sieve_work(m->run, folded.n + m->how->keys[i].n))
			return -1;
		result = m->how->type->match(m->run, m->how, folded, m->how->keys[i]);
	}
	return result;
}

static int match_folding(
    struct sieve_matcher *m, struct slice value, struct pool *pool, struct slice *folded)
{
	if (!sieve_work(m->run, SIEVE_STEPS_VALUE + SIEVE_STEPS_FOLD * value.n))
		return -1;
	*folded = fold(m->how->comparator, pool, value);
	return match_keys(m, *folded);
}

int sieve_match(struct sieve_matcher *m, struct slice value)
{
	struct slice folded;

	m->count++;
	return m->how->type->counts ? 0 : match_folding(m, value, &m->run->scratch, &folded);
}

int sieve_match_text(struct sieve_matcher *m, struct sieve_text *text)
{
	m->count++;
	if (m->how->type->counts)
		return 0;
	if (text->folded_by == m->how->comparator)
		return match_keys(m, text->folded);
	if (text->folded_by) { /* one form is kept, or memory would grow with the script */
		struct slice folded;
		return match_folding(m, text->plain, &m->run->scratch, &folded);
	}
	text->folded_by = m->how->comparator;
	return match_folding(m, text->plain, &m->run->memory, &text->folded);
}

int sieve_match_end(struct sieve_matcher *m, int result)
{
	struct slice folded;

	if (!m->how->type->counts || result < 0)
		return result;
	const char *number = pool_printf(&m->run->scratch, "%llu", (unsigned long long)m->count);
	return match_folding(m, slice_str(number), &m->run->scratch, &folded);
}
