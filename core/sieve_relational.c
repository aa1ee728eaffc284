/* sieve_relational.c - the match types :value and :count (RFC 5231) */
#include "core/sieve_private.h"

enum { LESS = 1, SAME = 2, MORE = 4 };

static const struct {
	const char *name;
	unsigned holds;
} relations[] = {
	{ "gt", MORE },
	{ "ge", MORE | SAME },
	{ "lt", LESS },
	{ "le", LESS | SAME },
	{ "eq", SAME },
	{ "ne", LESS | MORE },
};

/* Orders for which it holds, or 0: it is none. */
static unsigned find_relation(struct slice name)
{
	for (size_t i = 0; i < sizeof relations / sizeof *relations; i++)
		if (slice_ieq(name, slice_str(relations[i].name)))
			return relations[i].holds;
	return 0;
}

static int check(struct sieve_compile *c, uint32_t line, struct sieve_arg *value)
{
	if (find_relation(value->strings[0]))
		return 0;
	return sieve_wrong(
	    c, line, "\"%s\" is none of gt, ge, lt, le, eq, ne", sieve_shown(c, value->strings[0]));
}

static int match(
    struct sieve_run *run, const struct sieve_matching *how, struct slice value, struct slice key)
{
	int order =
	    how->comparator->order ? how->comparator->order(value, key) : slice_cmp(value, key);

	(void)run;
	return (find_relation(how->relation) & (order < 0 ? LESS : order > 0 ? MORE : SAME)) != 0;
}

SIEVE_EXTENSION(relational) = { .name = "relational" };

SIEVE_TAG(value) = {
	.name = ":value",
	.extension = &sieve_extension_relational,
	.slot = SIEVE_MATCH,
	.value = 's',
	.check = check,
	.match = match,
};

/* The number of values is compared, as a decimal number. */
SIEVE_TAG(count) = {
	.name = ":count",
	.extension = &sieve_extension_relational,
	.slot = SIEVE_MATCH,
	.value = 's',
	.check = check,
	.match = match,
	.counts = true,
};
