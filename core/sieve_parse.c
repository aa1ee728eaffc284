/* sieve_parse.c - commands and tests with what they take, checked against their rows (RFC 5228 8.2)
 */
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

/* --- values --- */

static int parse_list(struct sieve_compile *c, struct sieve_arg *arg)
{
	struct buf strings = { 0 };
	int rc = 0;

	do {
		if (sieve_lex(c) != 0)
			rc = -1;
		else if (c->token.kind != SIEVE_STRING)
			rc = sieve_wrong(c, c->token.line, "a string is missing in the list");
		if (rc == 0) {
			buf_add(&strings, &c->token.text, sizeof c->token.text);
			rc = sieve_lex(c);
		}
	} while (rc == 0 && is_sign(c, ','));
	if (rc == 0)
		rc = expect(c, ']', "at the end of the list");
	arg->n = strings.n / sizeof(struct slice);
	arg->strings =
	    (const struct slice *)(const void *)pool_slice(c->pool, buf_slice(&strings)).p;
	buf_done(&strings);
	return rc;
}

static int parse_string(struct sieve_compile *c, struct sieve_arg *arg)
{
	struct slice *string = pool_get(c->pool, sizeof *string);

	*string = c->token.text;
	*arg = (struct sieve_arg){ .strings = string, .n = 1 };
	return sieve_lex(c);
}

static int wrong_value(struct sieve_compile *c, char type, const char *of)
{
	return sieve_wrong(c, c->token.line, "%s wants %s here", of,
	    type == 'n'	      ? "a number"
		: type == 's' ? "a string"
			      : "a string or a list of strings");
}

/* type: as in the .args of a row. */
static int parse_value(struct sieve_compile *c, char type, const char *of, struct sieve_arg *arg)
{
	if (type == 'l' && is_sign(c, '['))
		return parse_list(c, arg);
	if (type != 'n' && c->token.kind == SIEVE_STRING)
		return parse_string(c, arg);
	if (type == 'n' && c->token.kind == SIEVE_NUMBER) {
		arg->number = c->token.number;
		return sieve_lex(c);
	}
	return wrong_value(c, type, of);
}

/* --- tags --- */

static bool names(struct slice text, const char *name)
{
	return slice_ieq(text, slice_str(name));
}

/* The tag that the token names, of one of the slots. */
static const struct sieve_tag *find_tag(struct sieve_compile *c, const struct sieve_word *word)
{
	for (size_t i = 0; i < sieve_tag_table_n; i++)
		if (sieve_tag_table[i]->slot & word->slots &&
		    names(c->token.text, sieve_tag_table[i]->name))
			return sieve_tag_table[i];
	sieve_wrong(
	    c, c->token.line, "%s does not know %s", word->name, sieve_shown(c, c->token.text));
	return NULL;
}

static int check_tag(
    struct sieve_compile *c, const struct sieve_node *node, const struct sieve_tag *tag)
{
	const struct sieve_option *other = sieve_option(node, tag->slot);

	if (tag->extension && !sieve_may(c, tag->extension))
		return sieve_wrong(c, c->token.line, "%s needs require \"%s\" at the beginning",
		    tag->name, tag->extension->name);
	if (other && other->tag == tag)
		return sieve_wrong(c, c->token.line, "%s stands there twice", tag->name);
	if (other)
		return sieve_wrong(
		    c, c->token.line, "%s and %s exclude each other", other->tag->name, tag->name);
	return 0;
}

static int parse_tag(struct sieve_compile *c, struct sieve_node *node)
{
	const struct sieve_tag *tag = find_tag(c, node->word);
	uint32_t line = c->token.line;

	if (!tag || check_tag(c, node, tag) != 0)
		return -1;
	struct sieve_option *option = pool_get(c->pool, sizeof *option);
	*option = (struct sieve_option){ .tag = tag, .next = node->options };
	if (sieve_lex(c) != 0 ||
	    (tag->value && parse_value(c, tag->value, tag->name, &option->value) != 0))
		return -1;
	node->options = option;
	return tag->check ? tag->check(c, line, &option->value) : 0;
}

/* --- arguments --- */

static bool is_argument(const struct sieve_compile *c)
{
	return c->token.kind == SIEVE_STRING || c->token.kind == SIEVE_NUMBER || is_sign(c, '[') ||
	    c->token.kind == SIEVE_TAG_NAME;
}

static int check_needs(struct sieve_compile *c, const struct sieve_node *node)
{
	struct buf tags = { 0 };

	if (!node->word->needs || sieve_option(node, (enum sieve_slot)node->word->needs))
		return 0;
	for (size_t i = 0; i < sieve_tag_table_n; i++)
		if (sieve_tag_table[i]->slot & node->word->needs)
			buf_printf(&tags, "%s%s", tags.n ? " or " : "", sieve_tag_table[i]->name);
	sieve_wrong(c, node->line, "%s wants %s", node->word->name, buf_z(&tags));
	buf_done(&tags);
	return -1;
}

/* 2.6: tags first, in any order, then what is told by its place. */
static int parse_arguments(struct sieve_compile *c, struct sieve_node *node)
{
	const char *types = node->word->args ? node->word->args : "";
	size_t n = 0;

	while (is_argument(c)) {
		int rc;
		if (c->token.kind != SIEVE_TAG_NAME && types[n] == '\0')
			return sieve_wrong(
			    c, c->token.line, "%s takes nothing more", node->word->name);
		if (c->token.kind == SIEVE_TAG_NAME && n > 0)
			return sieve_wrong(c, c->token.line,
			    "%s must stand before the values of %s", sieve_shown(c, c->token.text),
			    node->word->name);
		if (c->token.kind == SIEVE_TAG_NAME) {
			rc = parse_tag(c, node);
		} else {
			rc = parse_value(c, types[n], node->word->name, &node->args[n]);
			n++;
		}
		if (rc != 0)
			return -1;
	}
	if (types[n] != '\0')
		return wrong_value(c, types[n], node->word->name);
	return check_needs(c, node);
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
	if (sieve_lex(c) != 0 || parse_arguments(c, node) != 0)
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
		if (names(c->token.text, sieve_test_table[i]->word.name))
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
		if (names(c->token.text, sieve_command_table[i]->word.name))
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
