/* spf_macro.c - macros in SPF records and explanations (RFC 7208 7) */
#include <arpa/inet.h>
#include <stdio.h>
#include <time.h>

#include "mailauth/spf_private.h"

enum { PARTS_MAX = 128, TARGET_MAX = 253 };

struct macro {
	char letter; /* lower case; 0: none */
	bool escape; /* it stood in upper case */
	unsigned keep;
	bool reverse;
	struct slice delimiters;
};

/* "{d2r-}": what is behind the letter. */
static bool read_transformers(struct slice s, struct macro *m)
{
	bool digits = false;

	for (; s.n > 0 && s.p[0] >= '0' && s.p[0] <= '9'; s = slice_from(s, 1)) {
		m->keep = m->keep < 1000 ? m->keep * 10 + (unsigned)(s.p[0] - '0') : m->keep;
		digits = true;
	}
	if (digits && m->keep == 0)
		return false;
	if (s.n > 0 && (s.p[0] == 'r' || s.p[0] == 'R')) {
		m->reverse = true;
		s = slice_from(s, 1);
	}
	m->delimiters = s.n > 0 ? s : SLICE(".");
	for (size_t i = 0; i < s.n; i++)
		if (!s.p[i] || !strchr(".-+,/_=", s.p[i]))
			return false;
	return true;
}

static bool read_macro(struct slice s, bool words, struct macro *m)
{
	char c = s.n > 0 ? s.p[0] : 0;

	*m = (struct macro){ 0 };
	m->escape = c >= 'A' && c <= 'Z';
	m->letter = m->escape ? (char)(c + 'a' - 'A') : c;
	return m->letter && strchr(words ? "slodiphvcrt" : "slodiphv", m->letter) &&
	    read_transformers(slice_from(s, 1), m);
}

static bool is_literal(char c, bool words)
{
	return (c > ' ' && c < 0x7f && c != '%') || (words && c == ' ');
}

/* Take the next piece off *rest: a macro, or literal text (m->letter is 0). False: what
   stands there is malformed. */
static bool next_piece(struct slice *rest, bool words, struct slice *literal, struct macro *m)
{
	size_t n = 0;

	m->letter = 0;
	while (n < rest->n && is_literal(rest->p[n], words))
		n++;
	*literal = slice_head(*rest, n);
	if (n > 0) {
		*rest = slice_from(*rest, n);
		return true;
	}
	if (rest->n < 2 || rest->p[0] != '%')
		return false;
	char second = rest->p[1];
	*rest = slice_from(*rest, 2);
	if (second == '{') {
		struct slice inside = *rest;
		ptrdiff_t end = slice_chr(inside, '}');
		if (end < 0)
			return false;
		*rest = slice_from(inside, (size_t)end + 1);
		return read_macro(slice_head(inside, (size_t)end), words, m);
	}
	*literal = second == '%' ? SLICE("%")
	    : second == '_'	 ? SLICE(" ")
	    : second == '-'	 ? SLICE("%20")
				 : SLICE("");
	return literal->n > 0;
}

bool spf_macro_valid(struct slice text, bool words)
{
	struct slice literal;
	struct macro m;

	while (text.n > 0)
		if (!next_piece(&text, words, &literal, &m))
			return false;
	return true;
}

/* --- values --- */

/* As the macro i has it: dotted quad, or nibbles parted by dots. */
static void spf_put_ip(const struct spf *spf, bool readable, struct buf *out)
{
	char text[INET6_ADDRSTRLEN];

	if (!spf->v6 || readable) {
		inet_ntop(spf->v6 ? AF_INET6 : AF_INET, spf->ip, text, sizeof(text));
		buf_addz(out, text);
		return;
	}
	for (int i = 0; i < 16; i++)
		buf_printf(out, "%s%X.%X", i ? "." : "", spf->ip[i] >> 4, spf->ip[i] & 15);
}

static void put_value(struct spf *spf, char letter, struct buf *out)
{
	struct slice name;

	switch (letter) {
	case 's':
		buf_adds(out, spf->sender);
		break;
	case 'l':
		buf_adds(out, spf->local);
		break;
	case 'o':
		buf_adds(out, spf->sender_domain);
		break;
	case 'd':
		buf_adds(out, spf->domain);
		break;
	case 'i':
	case 'c':
		spf_put_ip(spf, letter == 'c', out);
		break;
	case 'p':
		name = spf_validated(spf);
		buf_adds(out, name.n > 0 ? name : SLICE("unknown"));
		break;
	case 'v':
		buf_addz(out, spf->v6 ? "ip6" : "in-addr");
		break;
	case 'h':
		buf_adds(out, spf->question->helo);
		break;
	case 'r':
		name = spf->question->receiver;
		buf_adds(out, name.n > 0 ? name : SLICE("unknown"));
		break;
	case 't':
		buf_addu(out, (unsigned long long)time(NULL));
		break;
	}
}

/* --- transformers --- */

static bool is_delimiter(const struct macro *m, char c)
{
	return slice_chr(m->delimiters, c) >= 0;
}

/* The parts, of which those behind PARTS_MAX are one. */
static size_t split(const struct macro *m, struct slice value, struct slice parts[PARTS_MAX])
{
	size_t n = 0, from = 0;

	for (size_t i = 0; i < value.n && n < PARTS_MAX - 1; i++)
		if (is_delimiter(m, value.p[i])) {
			parts[n++] = slice_of(value.p + from, i - from);
			from = i + 1;
		}
	parts[n++] = slice_from(value, from);
	return n;
}

/* RFC 7208 7.3: split, reversed, the last of them, joined by dots. */
static void transform(const struct macro *m, struct slice value, struct buf *out)
{
	struct slice parts[PARTS_MAX];
	size_t n = split(m, value, parts);
	size_t first = m->keep > 0 && m->keep < n ? n - m->keep : 0;

	for (size_t i = first; i < n; i++) {
		if (i > first)
			buf_addc(out, '.');
		buf_adds(out, parts[m->reverse ? n - 1 - i : i]);
	}
}

/* RFC 3986 2.3: what is not unreserved. */
static void put_escaped(struct slice s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || (c && strchr("-._~", c));

		if (plain)
			buf_addc(out, c);
		else
			buf_printf(out, "%%%02X", (unsigned char)c);
	}
}

static void put_macro(struct spf *spf, const struct macro *m, struct buf *out)
{
	struct buf value = { 0 }, changed = { 0 };

	put_value(spf, m->letter, &value);
	transform(m, buf_slice(&value), &changed);
	if (m->escape)
		put_escaped(buf_slice(&changed), out);
	else
		buf_adds(out, buf_slice(&changed));
	buf_done(&value);
	buf_done(&changed);
}

bool spf_macro_expand(struct spf *spf, struct slice text, bool words, struct buf *out)
{
	struct slice literal;
	struct macro m;

	while (text.n > 0) {
		if (!next_piece(&text, words, &literal, &m))
			return false;
		if (m.letter)
			put_macro(spf, &m, out);
		else
			buf_adds(out, literal);
	}
	return true;
}

/* RFC 7208 7.3: of a name that is too long labels are taken away from the left. */
static struct slice shorten(struct slice name)
{
	while (name.n > TARGET_MAX && slice_chr(name, '.') >= 0)
		slice_cut(&name, '.');
	return name;
}

struct slice spf_target(struct spf *spf, struct slice domain_spec)
{
	struct buf out = { 0 };

	if (domain_spec.n == 0)
		return spf->domain;
	spf_macro_expand(spf, domain_spec, false, &out);
	struct slice name = buf_slice(&out);
	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	name = pool_slice(spf->pool, shorten(name));
	buf_done(&out);
	return name;
}
