/* sieve_compare.c - comparators (RFC 5228 2.7.3, RFC 4790, RFC 5051) */
#include "core/sieve_private.h"

SIEVE_EXTENSION(comparator_octet) = { .name = "comparator-i;octet" };

SIEVE_COMPARATOR(octet) = { .name = "i;octet" };

static void fold_ascii(struct buf *out, struct slice text)
{
	text_fold(out, text, false);
}

SIEVE_EXTENSION(comparator_ascii_casemap) = { .name = "comparator-i;ascii-casemap" };

SIEVE_COMPARATOR(ascii_casemap) = { .name = "i;ascii-casemap", .fold = fold_ascii };

static void fold_unicode(struct buf *out, struct slice text)
{
	text_fold(out, text, true);
}

SIEVE_EXTENSION(comparator_unicode_casemap) = { .name = "comparator-i;unicode-casemap" };

SIEVE_COMPARATOR(unicode_casemap) = {
	.name = "i;unicode-casemap",
	.extension = &sieve_extension_comparator_unicode_casemap,
	.fold = fold_unicode,
	.unicode = true,
};

/* RFC 4790 9.1: the digits that a text begins with; one without digits is
   greater than all numbers, and folded to nothing. */
static void fold_number(struct buf *out, struct slice text)
{
	size_t zeros = 0, n;

	while (zeros < text.n && text.p[zeros] == '0')
		zeros++;
	for (n = zeros; n < text.n && text.p[n] >= '0' && text.p[n] <= '9';)
		n++;
	if (n > zeros)
		buf_add(out, text.p + zeros, n - zeros);
	else if (zeros > 0)
		buf_addc(out, '0');
}

static int order_numbers(struct slice a, struct slice b)
{
	if (a.n == 0 || b.n == 0)
		return (a.n == 0) - (b.n == 0);
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return memcmp(a.p, b.p, a.n);
}

SIEVE_EXTENSION(comparator_ascii_numeric) = { .name = "comparator-i;ascii-numeric" };

SIEVE_COMPARATOR(ascii_numeric) = {
	.name = "i;ascii-numeric",
	.extension = &sieve_extension_comparator_ascii_numeric,
	.fold = fold_number,
	.order = order_numbers,
	.whole = true,
};
