/* sieve_header.c - the tests header, exists and size (RFC 5228 5.5, 5.7, 5.9) */
#include "core/sieve_private.h"

/* --- header --- */

static int match_fields(struct sieve_matcher *m, const struct sieve_node *node, struct slice name)
{
	struct sieve_text *field;
	size_t at = 0;
	int result = 0;

	while (result == 0 && (field = sieve_field_next(m->run, node, name, &at))) {
		sieve_field_text(m->run, field);
		result = sieve_match_text(m, field);
	}
	return result;
}

static int eval_header(struct sieve_run *run, const struct sieve_node *node)
{
	struct sieve_matcher m = sieve_matcher(run, node);
	int result = 0;

	for (size_t i = 0; i < node->args[0].n && result == 0 && !sieve_tired(run); i++)
		result = match_fields(&m, node, node->args[0].strings[i]);
	return sieve_match_end(&m, result);
}

SIEVE_TEST(header) = {
	.word = { .name = "header",
	    .args = "ll",
	    .slots = SIEVE_MATCH | SIEVE_COMPARE | SIEVE_INDEX | SIEVE_LAST },
	.eval = eval_header,
};

/* --- exists --- */

static int eval_exists(struct sieve_run *run, const struct sieve_node *node)
{
	for (size_t i = 0; i < node->args[0].n; i++) {
		size_t at = 0;
		if (!sieve_field_next(run, node, node->args[0].strings[i], &at))
			return 0;
	}
	return 1;
}

SIEVE_TEST(exists) = { .word = { .name = "exists", .args = "l" }, .eval = eval_exists };

/* --- size --- */

SIEVE_TAG(over) = { .name = ":over", .slot = SIEVE_LIMIT, .value = 'n' };

SIEVE_TAG(under) = { .name = ":under", .slot = SIEVE_LIMIT, .value = 'n' };

/* 5.9: a message of exactly that size is neither. */
static int eval_size(struct sieve_run *run, const struct sieve_node *node)
{
	const struct sieve_option *limit = sieve_option(node, SIEVE_LIMIT);
	uint64_t size = run->message->text.n;

	return limit->tag == &sieve_tag_over ? size > limit->value.number
					     : size < limit->value.number;
}

SIEVE_TEST(size) = {
	.word = { .name = "size", .slots = SIEVE_LIMIT, .needs = SIEVE_LIMIT },
	.eval = eval_size,
};
