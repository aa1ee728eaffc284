/* sieve_lex.c - a script's text as tokens (RFC 5228 2, 8.1) */
#include "core/sieve_private.h"

#include "core/num.h"

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Take n bytes off the text, counting its lines. */
static struct slice take(struct sieve_compile *c, size_t n)
{
	struct slice taken = slice_head(c->rest, n);

	for (size_t i = 0; i < taken.n; i++)
		c->line += taken.p[i] == '\n';
	c->rest = slice_from(c->rest, n);
	return taken;
}

static struct slice take_line(struct sieve_compile *c)
{
	ptrdiff_t lf = slice_chr(c->rest, '\n');

	return take(c, lf < 0 ? c->rest.n : (size_t)lf + 1);
}

/* --- between tokens --- */

/* 8.1: bracket comments do not nest. */
static int skip_comment(struct sieve_compile *c)
{
	uint32_t line = c->line;
	ptrdiff_t end = slice_find(slice_from(c->rest, 2), SLICE("*/"));

	if (end < 0)
		return sieve_wrong(c, line, "the comment that begins here has no end");
	take(c, (size_t)end + 4);
	return 0;
}

static int skip_blanks(struct sieve_compile *c)
{
	while (c->rest.n > 0) {
		char byte = c->rest.p[0];
		if (byte == '#') {
			take_line(c);
		} else if (slice_starts(c->rest, SLICE("/*"))) {
			if (skip_comment(c) != 0)
				return -1;
		} else if (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n') {
			take(c, 1);
		} else {
			break;
		}
	}
	return 0;
}

/* --- tokens --- */

static struct slice take_identifier(struct sieve_compile *c, size_t from)
{
	size_t n = from;

	while (n < c->rest.n && (is_alpha(c->rest.p[n]) || is_digit(c->rest.p[n])))
		n++;
	return take(c, n);
}

static int lex_tag(struct sieve_compile *c)
{
	if (c->rest.n < 2 || !is_alpha(c->rest.p[1]))
		return sieve_wrong(c, c->line, "a ':' without a name behind it");
	c->token.kind = SIEVE_TAG_NAME;
	c->token.text = take_identifier(c, 1);
	return 0;
}

/* 2.4.1 */
static int lex_number(struct sieve_compile *c)
{
	size_t n = 0;

	while (n < c->rest.n && (is_digit(c->rest.p[n]) || is_alpha(c->rest.p[n])))
		n++;
	c->token.kind = SIEVE_NUMBER;
	c->token.text = take(c, n);
	if (!num_size(c->token.text, INT64_MAX, &c->token.number))
		return sieve_wrong(c, c->token.line,
		    "'%s' is no number: digits, and K, M or G behind them",
		    sieve_shown(c, c->token.text));
	return 0;
}

/* 2.4.2: a backslash makes the next byte stand for itself. */
static int lex_quoted(struct sieve_compile *c)
{
	const char *p = c->rest.p + 1, *end = c->rest.p + c->rest.n;
	size_t n = 0;

	while (p < end && *p != '"') {
		p += *p == '\\' && end - p > 1 ? 2 : 1;
		n++;
	}
	if (p >= end)
		return sieve_wrong(c, c->line, "the string that begins here has no end");
	char *out = pool_get(c->pool, n + 1);
	c->token.kind = SIEVE_STRING;
	c->token.text = slice_of(out, n);
	for (const char *q = c->rest.p + 1; q < p; q++) {
		if (*q == '\\')
			q++;
		*out++ = *q;
	}
	take(c, (size_t)(p - c->rest.p) + 1);
	return sieve_decode(c);
}

static bool is_dot(struct slice line)
{
	return slice_eq(line, SLICE(".\r\n")) || slice_eq(line, SLICE(".\n")) ||
	    slice_eq(line, SLICE("."));
}

/* The lines to a dot alone; each without the dot that was put before one. */
static int lex_lines(struct sieve_compile *c)
{
	struct buf text = { 0 };
	bool ended = false;

	while (!ended && c->rest.n > 0) {
		struct slice line = take_line(c);
		ended = is_dot(line);
		if (!ended)
			buf_adds(&text, slice_from(line, line.p[0] == '.'));
	}
	c->token.kind = SIEVE_STRING;
	c->token.text = pool_slice(c->pool, buf_slice(&text));
	buf_done(&text);
	if (ended)
		return sieve_decode(c);
	return sieve_wrong(c, c->token.line,
	    "the text: that begins here has no end, which is a dot alone in a line");
}

/* "text:", blanks, a comment perhaps, and the end of the line. */
static bool begins_lines(struct slice rest)
{
	size_t n = 5;

	if (!slice_istarts(rest, SLICE("text:")))
		return false;
	while (n < rest.n && (rest.p[n] == ' ' || rest.p[n] == '\t' || rest.p[n] == '\r'))
		n++;
	return n == rest.n || rest.p[n] == '\n' || rest.p[n] == '#';
}

static int lex_word(struct sieve_compile *c)
{
	if (begins_lines(c->rest)) {
		take_line(c);
		return lex_lines(c);
	}
	c->token.kind = SIEVE_WORD;
	c->token.text = take_identifier(c, 0);
	return 0;
}

static int lex_sign(struct sieve_compile *c)
{
	c->token.kind = SIEVE_SIGN;
	c->token.text = take(c, 1);
	c->token.sign = c->token.text.p[0];
	if (!memchr("{}()[],;", c->token.sign, 8))
		return sieve_wrong(
		    c, c->token.line, "'%s' is not expected", sieve_shown(c, c->token.text));
	return 0;
}

int sieve_lex(struct sieve_compile *c)
{
	if (skip_blanks(c) != 0)
		return -1;
	c->token = (struct sieve_token){ .kind = SIEVE_END, .line = c->line };
	if (c->rest.n == 0)
		return 0;
	char byte = c->rest.p[0];
	if (byte == '"')
		return lex_quoted(c);
	if (byte == ':')
		return lex_tag(c);
	if (is_digit(byte))
		return lex_number(c);
	return is_alpha(byte) ? lex_word(c) : lex_sign(c);
}
