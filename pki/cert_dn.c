/* cert_dn.c - names of subjects and issuers, compared as RFC 5280 7.1 says
 *
 * Two Names are the same when their canonical forms are: each
 * RelativeDistinguishedName with its length before it, so that a subtree's form
 * is a prefix of that of all names below it. Texts are in UTF-8 without
 * difference of case, their blanks trimmed and single, whatever string type
 * they came in; other values are as they are. */
#include "pki/cert_private.h"

#include "core/num.h"
#include "core/text.h"
#include "pki/der.h"

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

	if (cert_string(value, &text))
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
