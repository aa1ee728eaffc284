/* sieve_encoded.c - "${hex: 40}" and "${unicode: 20ac}" in strings (RFC 5228 2.4.2.4) */
#include "core/sieve_private.h"

SIEVE_EXTENSION(encoded_character) = { .name = "encoded-character" };

enum { UNICODE_MAX = 0x10ffff };

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void skip_blanks(struct slice *s)
{
	while (s->n > 0 && strchr(" \t\r\n", s->p[0]))
		*s = slice_from(*s, 1);
}

/* Hex digits, two at most of a byte; false: it is none. A number that is no
   character's stays too large. */
static bool take_number(struct slice *s, bool unicode, uint32_t *out)
{
	size_t n = 0;

	for (*out = 0; n < s->n && digit(s->p[n]) >= 0; n++) {
		if (n == 2 && !unicode)
			return false;
		if (*out <= UNICODE_MAX)
			*out = *out << 4 | (uint32_t)digit(s->p[n]);
	}
	*s = slice_from(*s, n);
	return n > 0;
}

static void put_utf8(struct buf *out, uint32_t c)
{
	static const unsigned char heads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	int n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	buf_addc(out, (char)(heads[n] | c >> 6 * (n - 1)));
	while (--n > 0)
		buf_addc(out, (char)(0x80 | (c >> 6 * (n - 1) & 0x3f)));
}

/* Numbers parted by blanks up to '}'. False: it is none of these, and stays. */
static bool take_numbers(struct slice *s, bool unicode, struct buf *out)
{
	struct slice rest = *s;
	size_t before = out->n;
	uint32_t number;

	for (;;) {
		struct slice at = rest;
		skip_blanks(&rest);
		if (rest.n > 0 && rest.p[0] == '}' && out->n > before)
			break;
		bool parted = at.n != rest.n || out->n == before;
		if (!parted || !take_number(&rest, unicode, &number)) {
			out->n = before;
			return false;
		}
		if (unicode)
			put_utf8(out, number <= UNICODE_MAX ? number : 0xd800); /* refused below */
		else
			buf_addc(out, (char)number);
	}
	*s = slice_from(rest, 1);
	return true;
}

static bool take_one(struct slice *s, struct buf *out)
{
	static const struct {
		struct slice begin;
		bool unicode;
	} kinds[] = { { SLICE("${hex:"), false }, { SLICE("${unicode:"), true } };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct slice rest = slice_from(*s, kinds[i].begin.n);
		if (slice_istarts(*s, kinds[i].begin) &&
		    take_numbers(&rest, kinds[i].unicode, out)) {
			*s = rest;
			return true;
		}
	}
	return false;
}

int sieve_decode(struct sieve_compile *c)
{
	struct slice rest = c->token.text;
	struct buf out = { 0 };

	if (slice_find(rest, SLICE("${")) < 0 || !sieve_may(c, &sieve_extension_encoded_character))
		return 0;
	while (rest.n > 0) {
		if (rest.p[0] == '$' && take_one(&rest, &out))
			continue;
		buf_addc(&out, rest.p[0]);
		rest = slice_from(rest, 1);
	}
	bool good = utf8_valid(buf_slice(&out)) && slice_chr(buf_slice(&out), '\0') < 0;
	c->token.text = pool_slice(c->pool, buf_slice(&out));
	buf_done(&out);
	return good ? 0 : sieve_wrong(c, c->token.line, "an encoded character is none of UTF-8");
}
