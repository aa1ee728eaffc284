/* sieve_parse.c - commands and tests, checked against their rows (RFC 5228 8.2) */
#include "core/sieve_private.h"

static int parse_test(struct sieve_compile *c, struct sieve_node **out);
static int parse_block(struct sieve_compile *c, struct sieve_node **out);

static bool is_sign(const struct sieve_compile *c, char sign)
{
	return c->token.kind == SIEVE_SIGN && c->token.sign == sign;
}

static int expect(struct sieve_compile *c, char sign, const char *where)
{
	if (is_sign(c, sign))
		return sieve_lex(c);
	return sieve_wrong(c, c->token.line, "a '%c' is missing %s", sign, where);
}

static int deeper(struct sieve_compile *c)
{
	if (++c->depth <= SIEVE_DEPTH_MAX)
		return 0;
	return sieve_wrong(
	    c, c->token.line, "more than %d blocks or tests in each other", SIEVE_DEPTH_MAX);
}

static struct sieve_node *new_node(struct sieve_compile *c, const struct sieve_word *word)
{
	struct sieve_node *node;

	if (++c->nodes > SIEVE_NODES_MAX) {
		sieve_wrong(c, c->token.line, "more than %d commands and tests", SIEVE_NODES_MAX);
		return NULL;
	}
	node = pool_get(c->pool, sizeof *node);
	node->word = word;
	node->line = c->token.line;
	node->args = pool_get(c->pool, strlen(word->args ? word->args : "") * sizeof *node->args);
	return node;
}

static int check_word(struct sieve_compile *c, const struct sieve_word *word)
{
	if (!word->extension || sieve_may(c, word->extension))
		return 0;
	return sieve_wrong(c, c->token.line, "%s needs require \"%s\" at the beginning", word->name,
	    word->extension->name);
}

/* "(" test, ... ")" */
static int parse_tests(struct sieve_compile *c, struct sieve_node **tests)
{
	if (expect(c, '(', "before the tests") != 0)
		return -1;
	for (;; tests = &(*tests)->next) {
		if (parse_test(c, tests) != 0)
			return -1;
		if (!is_sign(c, ','))
			return expect(c, ')', "behind the tests");
		if (sieve_lex(c) != 0)
			return -1;
	}
}

/* What stands behind the name of a command or test. */
static int parse_rest(struct sieve_compile *c, struct sieve_node *node)
{
	if (sieve_lex(c) != 0 || sieve_parse_args(c, node) != 0)
		return -1;
	if (node->word->tests == SIEVE_ONE_TEST && parse_test(c, &node->tests) != 0)
		return -1;
	if (node->word->tests == SIEVE_TESTS && parse_tests(c, &node->tests) != 0)
		return -1;
	if (node->word->slots & SIEVE_MATCH && sieve_prepare(c, node) != 0)
		return -1;
	return node->word->check ? node->word->check(c, node) : 0;
}

/* --- tests --- */

static const struct sieve_test *find_test(struct sieve_compile *c)
{
	if (c->token.kind != SIEVE_WORD) {
		sieve_wrong(c, c->token.line, "a test is missing");
		return NULL;
	}
	for (size_t i = 0; i < sieve_test_table_n; i++)
		if (slice_ieq(c->token.text, slice_str(sieve_test_table[i]->word.name)))
			return sieve_test_table[i];
	sieve_wrong(c, c->token.line, "there is no test '%s'", sieve_shown(c, c->token.text));
	return NULL;
}

static int parse_test(struct sieve_compile *c, struct sieve_node **out)
{
	const struct sieve_test *test = find_test(c);

	if (!test || deeper(c) != 0 || check_word(c, &test->word) != 0)
		return -1;
	*out = new_node(c, &test->word);
	if (!*out)
		return -1;
	(*out)->test = test;
	int rc = parse_rest(c, *out);
	c->depth--;
	return rc;
}

/* --- commands --- */

static const struct sieve_command *find_command(struct sieve_compile *c)
{
	if (c->token.kind != SIEVE_WORD) {
		sieve_wrong(c, c->token.line, "a command is missing");
		return NULL;
	}
	for (size_t i = 0; i < sieve_command_table_n; i++)
		if (slice_ieq(c->token.text, slice_str(sieve_command_table[i]->word.name)))
			return sieve_command_table[i];
	sieve_wrong(c, c->token.line, "there is no command '%s'", sieve_shown(c, c->token.text));
	return NULL;
}

static int check_place(
    struct sieve_compile *c, const struct sieve_command *command, const struct sieve_node *before)
{
	struct slice after = slice_str(command->after), name;

	if (command->first && c->begun)
		return sieve_wrong(c, c->token.line, "%s must stand before all other commands",
		    command->word.name);
	c->begun = c->begun || !command->first;
	if (!command->after)
		return 0;
	while ((name = slice_word(&after)).n > 0)
		if (before && slice_eq(name, slice_str(before->word->name)))
			return 0;
	return sieve_wrong(c, c->token.line, "%s without an if before it", command->word.name);
}

static int parse_command(
    struct sieve_compile *c, const struct sieve_node *before, struct sieve_node **out)
{
	const struct sieve_command *command = find_command(c);

	if (!command || check_word(c, &command->word) != 0 || check_place(c, command, before) != 0)
		return -1;
	*out = new_node(c, &command->word);
	if (!*out)
		return -1;
	(*out)->command = command;
	if (parse_rest(c, *out) != 0)
		return -1;
	if (command->block)
		return parse_block(c, &(*out)->block);
	if (!is_sign(c, ';'))
		return sieve_wrong(
		    c, c->token.line, "a ';' is missing behind %s", command->word.name);
	return sieve_lex(c);
}

static bool at_end(const struct sieve_compile *c)
{
	return c->token.kind == SIEVE_END || is_sign(c, '}');
}

static int parse_commands(struct sieve_compile *c, struct sieve_node **out)
{
	const struct sieve_node *before = NULL;

	for (; !at_end(c); out = &(*out)->next) {
		if (before && slice_eq(slice_str(before->word->name), SLICE("stop")))
			sieve_warn(c, c->token.line, "what stands behind stop is never done");
		if (parse_command(c, before, out) != 0)
			return -1;
		before = *out;
	}
	return 0;
}

static int parse_block(struct sieve_compile *c, struct sieve_node **out)
{
	if (expect(c, '{', "before the commands") != 0 || deeper(c) != 0 ||
	    parse_commands(c, out) != 0 || expect(c, '}', "behind the commands") != 0)
		return -1;
	c->depth--;
	return 0;
}

int sieve_parse(struct sieve_compile *c, struct sieve_node **commands)
{
	if (sieve_lex(c) != 0 || parse_commands(c, commands) != 0)
		return -1;
	if (c->token.kind != SIEVE_END)
		return sieve_wrong(c, c->token.line, "a '}' without a '{'");
	return 0;
}
