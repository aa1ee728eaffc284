/* sieve_args.c - what commands and tests take: tags, then values (RFC 5228 2.6) */
#include "core/sieve_private.h"

static bool is_sign(const struct sieve_compile *c, char sign)
{
	return c->token.kind == SIEVE_SIGN && c->token.sign == sign;
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
		rc = is_sign(c, ']')
		    ? sieve_lex(c)
		    : sieve_wrong(c, c->token.line, "a ']' is missing at the end of the list");
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

/* The tag that the token names, of one of the slots. */
static const struct sieve_tag *find_tag(struct sieve_compile *c, const struct sieve_word *word)
{
	for (size_t i = 0; i < sieve_tag_table_n; i++)
		if (sieve_tag_table[i]->slot & word->slots &&
		    slice_ieq(c->token.text, slice_str(sieve_tag_table[i]->name)))
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
int sieve_parse_args(struct sieve_compile *c, struct sieve_node *node)
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
