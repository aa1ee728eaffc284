/* summary_string.c - strings as IMAP sends them (RFC 9051 §4.3) */
#include "storage/summary_private.h"

enum { FULL_STRING_MAX = 64 };

enum { NEEDS_ESCAPE = 1, NEEDS_LITERAL = 2 };

static const unsigned char needs[128] = {
	['\0'] = NEEDS_LITERAL,
	['\r'] = NEEDS_LITERAL,
	['\n'] = NEEDS_LITERAL,
	['"'] = NEEDS_ESCAPE,
	['\\'] = NEEDS_ESCAPE,
};

static unsigned needs_of(struct slice s)
{
	unsigned all = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		all |= needs[c & 0x7f] | (c >> 7) * (unsigned)NEEDS_LITERAL;
	}
	return all;
}

static void put_escaped(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_addc(out, '\\');
		buf_addc(out, s.p[i]);
	}
}

/* RFC 9051 §4.3: a literal holds no NUL. */
#define FOR_NUL SLICE("\xef\xbf\xbd") /* U+FFFD */

static size_t count_nuls(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == 0;
	return n;
}

static void put_literal(struct buf *out, struct slice s)
{
	buf_addc(out, '{');
	buf_addu(out, s.n + count_nuls(s) * (FOR_NUL.n - 1));
	buf_adds(out, SLICE("}\r\n"));
	while (s.n > 0) {
		buf_adds(out, slice_cut(&s, 0));
		if (s.p)
			buf_adds(out, FOR_NUL);
	}
}

void summary_string(struct summary_out *out, struct slice s)
{
	s = slice_head(s, summary_full(out) ? FULL_STRING_MAX : SUMMARY_STRING_MAX);
	unsigned all = needs_of(s);
	if (all & NEEDS_LITERAL) {
		put_literal(out->buf, s);
		return;
	}
	buf_addc(out->buf, '"');
	if (all & NEEDS_ESCAPE)
		put_escaped(out->buf, s);
	else
		buf_adds(out->buf, s);
	buf_addc(out->buf, '"');
}

void summary_upper(struct summary_out *out, struct slice s)
{
	size_t begin = out->buf->n;

	summary_string(out, s);
	for (size_t i = begin; i < out->buf->n; i++) {
		char *c = &out->buf->p[i];

		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 32);
	}
}

void summary_nstring(struct summary_out *out, struct slice s)
{
	if (s.p && !summary_full(out))
		summary_string(out, s);
	else
		buf_adds(out->buf, SLICE("NIL"));
}
