/* sieve_require.c - require, and the extensions that it takes (RFC 5228 3.2) */
#include "core/sieve_private.h"

static size_t find(struct slice name)
{
	size_t i = 0;

	while (i < sieve_extension_table_n &&
	    !slice_eq(name, slice_str(sieve_extension_table[i]->name)))
		i++;
	return i;
}

static int sieve_require(struct sieve_compile *c, uint32_t line, struct slice name)
{
	size_t i = find(name);

	if (i == sieve_extension_table_n)
		return sieve_wrong(
		    c, line, "there is no extension \"%s\" here", sieve_shown(c, name));
	if (sieve_extension_table_n > 64)
		bug("more extensions than bits");
	c->required |= UINT64_C(1) << i;
	c->required_at = line;
	return 0;
}

bool sieve_may(struct sieve_compile *c, const struct sieve_extension *extension)
{
	uint64_t bit = UINT64_C(1) << find(slice_str(extension->name));

	c->used |= c->required & bit;
	return (c->required & bit) != 0;
}

void sieve_extensions(struct buf *out)
{
	for (size_t i = 0; i < sieve_extension_table_n; i++)
		buf_printf(out, "%s%s", i ? " " : "", sieve_extension_table[i]->name);
}

static bool is_end(const struct sieve_token *token)
{
	return token->kind == SIEVE_END || (token->kind == SIEVE_SIGN && token->sign == ';');
}

size_t sieve_beginning(struct slice text)
{
	struct pool pool = { 0 };
	struct sieve_compile c = { .pool = &pool, .rest = text, .line = 1 };
	size_t end = 0;

	while (sieve_lex(&c) == 0 && c.token.kind == SIEVE_WORD &&
	    slice_ieq(c.token.text, SLICE("require"))) {
		while (!is_end(&c.token) && sieve_lex(&c) == 0)
			;
		end = text.n - c.rest.n;
	}
	pool_done(&pool);
	return end;
}

static int check(struct sieve_compile *c, struct sieve_node *node)
{
	for (size_t i = 0; i < node->args[0].n; i++)
		if (sieve_require(c, node->line, node->args[0].strings[i]) != 0)
			return -1;
	return 0;
}

static enum sieve_next run(struct sieve_run *run, const struct sieve_node *node)
{
	(void)run;
	(void)node;
	return SIEVE_GO_ON;
}

SIEVE_COMMAND(require) = {
	.word = { .name = "require", .args = "l", .check = check },
	.first = true,
	.run = run,
};
