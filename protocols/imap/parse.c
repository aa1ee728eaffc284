/* parse.c - words, strings and numbers of a command (RFC 9051 §9) */
#include "protocols/imap/parse.h"

#include "core/num.h"
#include "core/text.h"

bool imap_take(struct slice *in, char c)
{
	if (in->n == 0 || *in->p != c)
		return false;
	*in = slice_from(*in, 1);
	return true;
}

bool imap_end(struct slice in)
{
	while (imap_take(&in, ' '))
		;
	return in.n == 0;
}

/* ATOM-CHAR: any CHAR except atom-specials: ( ) { SP CTL % * " \ ] */
bool imap_atom_char(char c)
{
	return c > ' ' && c < 127 && !strchr("(){%*\"\\]", c);
}

static bool astring_char(char c)
{
	return imap_atom_char(c) || c == ']';
}

static bool pattern_char(char c)
{
	return astring_char(c) || c == '%' || c == '*';
}

static bool word_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	    c == '.' || c == '-';
}

/* One character of that kind at least. */
static bool run_of(struct slice *in, bool (*kind)(char c), struct slice *out)
{
	size_t n = 0;

	while (n < in->n && kind(in->p[n]))
		n++;
	*out = slice_head(*in, n);
	*in = slice_from(*in, n);
	return n > 0;
}

bool imap_atom(struct slice *in, struct slice *out)
{
	return run_of(in, imap_atom_char, out);
}

bool imap_word(struct slice *in, struct slice *out)
{
	return run_of(in, word_char, out);
}

bool imap_is_word(struct slice *in, const char *word)
{
	struct slice rest = *in, found;

	if (!imap_word(&rest, &found) || !slice_ieq(found, slice_str(word)))
		return false;
	*in = rest;
	return true;
}

/* --- strings --- */

/* Bytes of the quoted string from its first one to its closing quote; 0 when
   there is none. Counts the backslashes that quote something. */
static size_t quoted_end(struct slice s, size_t *escapes)
{
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '"')
			return i;
		if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0')
			return 0;
		if (s.p[i] == '\\') {
			i++;
			if (i == s.n || (s.p[i] != '"' && s.p[i] != '\\'))
				return 0;
			++*escapes;
		}
	}
	return 0;
}

static struct slice without_escapes(struct pool *pool, struct slice s)
{
	char *out = pool_get(pool, s.n);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		out[n++] = s.p[i];
	}
	return slice_of(out, n);
}

static bool quoted(struct pool *pool, struct slice *in, struct slice *out)
{
	size_t escapes = 0, end = quoted_end(*in, &escapes);

	if (end == 0)
		return false;
	*out = slice_of(in->p + 1, end - 1);
	*in = slice_from(*in, end + 1);
	if (escapes > 0)
		*out = without_escapes(pool, *out);
	return utf8_valid(*out);
}

bool imap_literal_size(struct slice *in, uint64_t *out)
{
	return imap_take(in, '{') && imap_number64(in, out) && (imap_take(in, '+') || true) &&
	    imap_take(in, '}') && imap_take(in, '\r') && imap_take(in, '\n');
}

static bool literal(struct slice *in, struct slice *out)
{
	uint64_t n;

	if (!imap_literal_size(in, &n) || n > in->n)
		return false;
	*out = slice_head(*in, (size_t)n);
	*in = slice_from(*in, (size_t)n);
	return slice_chr(*out, '\0') < 0;
}

bool imap_string(struct pool *pool, struct slice *in, struct slice *out)
{
	if (in->n > 0 && *in->p == '"')
		return quoted(pool, in, out);
	return literal(in, out);
}

static bool string_or(struct pool *pool, struct slice *in, bool (*kind)(char c), struct slice *out)
{
	if (in->n > 0 && (*in->p == '"' || *in->p == '{'))
		return imap_string(pool, in, out);
	return run_of(in, kind, out);
}

bool imap_astring(struct pool *pool, struct slice *in, struct slice *out)
{
	return string_or(pool, in, astring_char, out);
}

bool imap_pattern(struct pool *pool, struct slice *in, struct slice *out)
{
	return string_or(pool, in, pattern_char, out);
}

bool imap_mailbox(struct pool *pool, struct slice *in, bool utf8, struct slice *out)
{
	struct slice wire;

	if (!imap_astring(pool, in, &wire))
		return false;
	*out = wire;
	return utf8 ? utf8_valid(wire) : text_utf7_decode(pool, wire, out);
}

/* --- numbers --- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool imap_number(struct slice *in, uint32_t *out)
{
	struct slice digits;

	return run_of(in, is_digit, &digits) && num_u32(digits, out);
}

bool imap_nz_number(struct slice *in, uint32_t *out)
{
	return imap_number(in, out) && *out > 0;
}

bool imap_number64(struct slice *in, uint64_t *out)
{
	struct slice digits;

	/* RFC 9051 §9: number64 is below 2^63. */
	return run_of(in, is_digit, &digits) && num_u64(digits, INT64_MAX, out);
}
