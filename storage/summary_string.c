/* summary_string.c - strings as IMAP sends them (RFC 9051 §4.3) */
#include "storage/summary_private.h"

enum { FULL_STRING_MAX = 64 };

enum { NEEDS_LITERAL = 1, NEEDS_ESCAPE = 2 };

static unsigned needs_of(struct slice s)
{
	unsigned needs = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x80 || c == 0 || c == '\r' || c == '\n')
			return NEEDS_LITERAL;
		if (c == '"' || c == '\\')
			needs = NEEDS_ESCAPE;
	}
	return needs;
}

static void put_escaped(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_addc(out, '\\');
		buf_addc(out, s.p[i]);
	}
}

static void put_literal(struct buf *out, struct slice s)
{
	char *p;

	buf_addc(out, '{');
	buf_addu(out, s.n);
	buf_adds(out, SLICE("}\r\n"));
	buf_adds(out, s);
	p = out->p + (out->n - s.n);
	for (size_t i = 0; i < s.n; i++)
		if (p[i] == 0)
			p[i] = (char)0x80; /* RFC 9051 §4.3: a literal holds no NUL */
}

/* Returns where its bytes begin. */
static size_t put(struct summary_out *out, struct slice s)
{
	unsigned needs;
	size_t begin;

	s = slice_head(s, summary_full(out) ? FULL_STRING_MAX : SUMMARY_STRING_MAX);
	needs = needs_of(s);
	begin = out->buf->n;
	if (needs == NEEDS_LITERAL) {
		put_literal(out->buf, s);
		return out->buf->n - s.n;
	}
	buf_addc(out->buf, '"');
	if (needs == NEEDS_ESCAPE)
		put_escaped(out->buf, s);
	else
		buf_adds(out->buf, s);
	buf_addc(out->buf, '"');
	return begin;
}

void summary_string(struct summary_out *out, struct slice s)
{
	put(out, s);
}

void summary_upper(struct summary_out *out, struct slice s)
{
	for (size_t i = put(out, s); i < out->buf->n; i++) {
		char *c = &out->buf->p[i];

		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 32);
	}
}

void summary_nstring(struct summary_out *out, struct slice s)
{
	if (s.p && !summary_full(out))
		put(out, s);
	else
		buf_adds(out->buf, SLICE("NIL"));
}
