/* cert_dn.c - names of subjects and issuers, compared as RFC 5280 7.1 says
 *
 * Two Names are the same when their canonical forms are: each
 * RelativeDistinguishedName with its length before it, so that a subtree's form
 * is a prefix of that of all names below it. Texts are in UTF-8 without
 * difference of case, their blanks trimmed and single, whatever string type
 * they came in; other values are as they are. */
#include "pki/cert.h"

#include "core/num.h"
#include "core/text.h"
#include "pki/der.h"

static void put_utf8(struct buf *out, unsigned c)
{
	if (c < 0x80) {
		buf_addc(out, (char)c);
	} else if (c < 0x800) {
		buf_addc(out, (char)(0xc0 | c >> 6));
		buf_addc(out, (char)(0x80 | (c & 0x3f)));
	} else {
		buf_addc(out, (char)(0xe0 | c >> 12));
		buf_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_addc(out, (char)(0x80 | (c & 0x3f)));
	}
}

/* False: no text. */
static bool to_utf8(const struct der *value, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)value->value.p;
	size_t n = value->value.n;

	switch (value->tag) {
	case DER_UTF8:
	case DER_PRINTABLE:
	case DER_IA5:
		buf_adds(out, value->value);
		return utf8_valid(value->value);
	case DER_T61: /* Latin-1 is what people put there */
		for (size_t i = 0; i < n; i++)
			put_utf8(out, p[i]);
		return true;
	case DER_BMP:
		for (size_t i = 0; i + 1 < n; i += 2)
			put_utf8(out, (unsigned)p[i] << 8 | p[i + 1]);
		return n % 2 == 0 && utf8_valid(buf_slice(out));
	default:
		return false;
	}
}

static void put_folded(struct slice text, struct buf *out)
{
	struct buf single = { 0 };

	for (struct slice word; (word = slice_word(&text)).n > 0;) {
		if (single.n > 0)
			buf_addc(&single, ' ');
		buf_adds(&single, word);
	}
	text_fold(out, buf_slice(&single), true);
	buf_done(&single);
}

static void put_value(const struct der *value, struct buf *out)
{
	struct buf text = { 0 };

	if (to_utf8(value, &text))
		put_folded(buf_slice(&text), out);
	else
		buf_adds(out, value->whole);
	buf_done(&text);
}

static void put_length(struct buf *out, size_t n)
{
	unsigned char length[4];

	num_put32(length, (uint32_t)n);
	buf_add(out, length, sizeof(length));
}

/* One attribute: type, length of the value, value. */
static void put_pair(struct slice pair, struct buf *out)
{
	struct der type, value;
	struct buf text = { 0 };

	if (!der_next(&pair, &type) || !der_next(&pair, &value))
		return;
	put_value(&value, &text);
	buf_adds(out, type.whole);
	put_length(out, text.n);
	buf_adds(out, buf_slice(&text));
	buf_done(&text);
}

void cert_name_canonical(struct slice name, struct buf *out)
{
	struct slice list = { 0 }, set, pair;
	struct buf one = { 0 };

	der_want(&name, DER_SEQUENCE, &list);
	while (der_want(&list, DER_SET, &set)) {
		buf_clear(&one);
		while (der_want(&set, DER_SEQUENCE, &pair))
			put_pair(pair, &one);
		put_length(out, one.n);
		buf_adds(out, buf_slice(&one));
	}
	buf_done(&one);
}

bool cert_name_same(struct slice a, struct slice b)
{
	struct buf one = { 0 }, two = { 0 };

	if (slice_eq(a, b))
		return true;
	cert_name_canonical(a, &one);
	cert_name_canonical(b, &two);
	bool same = slice_eq(buf_slice(&one), buf_slice(&two));
	buf_done(&one);
	buf_done(&two);
	return same;
}
