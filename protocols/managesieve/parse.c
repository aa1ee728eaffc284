/* parse.c - a command's words, strings and numbers (RFC 5804 4) */
#include "core/num.h"
#include "protocols/managesieve/managesieve.h"

static void skip_blanks(struct slice *text)
{
	while (text->n > 0 && text->p[0] == ' ')
		*text = slice_from(*text, 1);
}

struct slice msieve_word(struct slice *text)
{
	size_t n = 0;

	skip_blanks(text);
	while (n < text->n &&
	    ((text->p[n] >= 'a' && text->p[n] <= 'z') || (text->p[n] >= 'A' && text->p[n] <= 'Z')))
		n++;
	struct slice word = slice_head(*text, n);
	*text = slice_from(*text, n);
	return word;
}

/* A backslash stands before '"' and itself; it goes, in place. */
static bool take_quoted(struct slice *text, struct slice *out)
{
	char *begin = (char *)(uintptr_t)text->p + 1, *to = begin;

	for (size_t i = 1; i < text->n; i++) {
		char c = text->p[i];
		if (c == '"') {
			*out = slice_of(begin, (size_t)(to - begin));
			*text = slice_from(*text, i + 1);
			return true;
		}
		if (c == '\r' || c == '\n' || c == '\0')
			return false;
		if (c == '\\' && i + 1 < text->n)
			c = text->p[++i];
		*to++ = c;
	}
	return false;
}

/* "{5+}" CRLF and five bytes; frame.c has seen that they are there. */
static bool take_literal(struct slice *text, struct slice *out)
{
	ptrdiff_t end = slice_find(*text, SLICE("+}\r\n"));
	uint64_t n;

	if (end < 1 || !num_u64(slice_of(text->p + 1, (size_t)end - 1), text->n, &n))
		return false;
	struct slice rest = slice_from(*text, (size_t)end + 4);
	if (n > rest.n)
		return false;
	*out = slice_head(rest, (size_t)n);
	*text = slice_from(rest, (size_t)n);
	return true;
}

static bool take_number(struct slice *text, uint64_t *out)
{
	size_t n = 0;

	while (n < text->n && text->p[n] >= '0' && text->p[n] <= '9')
		n++;
	if (!num_u64(slice_head(*text, n), UINT32_MAX, out))
		return false;
	*text = slice_from(*text, n);
	return true;
}

static bool at_end(struct slice text)
{
	return slice_eq(text, SLICE("\r\n")) || slice_eq(text, SLICE("\n"));
}

static bool take(struct slice *text, char type, struct msieve_arg *arg)
{
	skip_blanks(text);
	if (type == 'o' && at_end(*text))
		return true;
	if (type == 'n')
		return take_number(text, &arg->number);
	if (text->n > 0 && text->p[0] == '"')
		return take_quoted(text, &arg->string);
	return text->n > 0 && text->p[0] == '{' && take_literal(text, &arg->string);
}

bool msieve_args(struct slice text, const char *types, struct msieve_arg *args)
{
	for (; *types; types++, args++) {
		*args = (struct msieve_arg){ 0 };
		if (!at_end(text) && text.p[0] != ' ')
			return false;
		if (!take(&text, *types, args))
			return false;
	}
	skip_blanks(&text);
	return at_end(text);
}
