/* der_write.c - writing DER */
#include "pki/der.h"

#include <stdlib.h>

enum { LONG_FORM = 0x80, MORE_FOLLOWS = 0x80 };

/* X.690 8.1.3: one byte up to 127, else the number of bytes and the bytes. */
static size_t length_bytes(size_t n, unsigned char out[1 + sizeof(size_t)])
{
	size_t used = 0;

	if (n < LONG_FORM) {
		out[0] = (unsigned char)n;
		return 1;
	}
	for (size_t rest = n; rest > 0; rest >>= 8)
		used++;
	out[0] = (unsigned char)(LONG_FORM | used);
	for (size_t i = 0; i < used; i++)
		out[1 + i] = (unsigned char)(n >> 8 * (used - 1 - i));
	return 1 + used;
}

size_t der_open(struct buf *out, unsigned tag)
{
	buf_addc(out, (char)tag);
	return out->n;
}

void der_close(struct buf *out, size_t mark)
{
	unsigned char length[1 + sizeof(size_t)];
	size_t n = out->n - mark, used = length_bytes(n, length);

	buf_room(out, used);
	memmove(out->p + mark + used, out->p + mark, n);
	memcpy(out->p + mark, length, used);
	out->n += used;
}

void der_header(struct buf *out, unsigned tag, size_t n)
{
	unsigned char length[1 + sizeof(size_t)];

	buf_addc(out, (char)tag);
	buf_add(out, length, length_bytes(n, length));
}

void der_put(struct buf *out, unsigned tag, struct slice value)
{
	der_header(out, tag, value.n);
	buf_adds(out, value);
}

uint64_t der_size(uint64_t n)
{
	unsigned char length[1 + sizeof(size_t)];

	return 1 + length_bytes(n, length) + n;
}

void der_bool(struct buf *out, bool value)
{
	der_put(out, DER_BOOLEAN, value ? SLICE("\xff") : slice_of("", 1));
}

void der_null(struct buf *out)
{
	der_header(out, DER_NULL, 0);
}

void der_unsigned(struct buf *out, struct slice bytes)
{
	while (bytes.n > 1 && bytes.p[0] == 0)
		bytes = slice_from(bytes, 1);
	/* A leading one bit would make it negative. */
	bool pad = bytes.n == 0 || (unsigned char)bytes.p[0] >= 0x80;
	der_header(out, DER_INTEGER, bytes.n + pad);
	if (pad)
		buf_addc(out, 0);
	buf_adds(out, bytes);
}

void der_number(struct buf *out, uint32_t value)
{
	unsigned char b[4] = { (unsigned char)(value >> 24), (unsigned char)(value >> 16),
		(unsigned char)(value >> 8), (unsigned char)value };

	der_unsigned(out, slice_of(b, sizeof(b)));
}

/* X.690 8.19: seven bits a byte, the highest first. */
static void base128(struct buf *out, unsigned long value)
{
	int shift = 0;

	while (value >> shift >= MORE_FOLLOWS)
		shift += 7;
	for (; shift >= 0; shift -= 7)
		buf_addc(out, (char)((value >> shift & 0x7f) | (shift ? MORE_FOLLOWS : 0)));
}

void der_oid(struct buf *out, const char *dotted)
{
	size_t mark = der_open(out, DER_OID);
	char *end;
	unsigned long first = strtoul(dotted, &end, 10);
	unsigned long second = strtoul(end + 1, &end, 10);

	base128(out, first * 40 + second);
	while (*end == '.')
		base128(out, strtoul(end + 1, &end, 10));
	der_close(out, mark);
}

void der_bits(struct buf *out, struct slice bytes)
{
	der_header(out, DER_BITS, bytes.n + 1);
	buf_addc(out, 0);
	buf_adds(out, bytes);
}

void der_named_bits(struct buf *out, unsigned bits)
{
	unsigned char b[1 + sizeof(bits)] = { 0 };
	size_t n = 0;

	for (unsigned i = 0; bits >> i && i < 8 * sizeof(bits); i++)
		if (bits >> i & 1) {
			n = i / 8 + 1;
			b[n] |= (unsigned char)(0x80 >> i % 8);
			b[0] = (unsigned char)(7 - i % 8); /* unused ones of the last byte */
		}
	der_put(out, DER_BITS, slice_of(b, 1 + n));
}

void der_time(struct buf *out, int64_t unix_seconds)
{
	time_t t = (time_t)unix_seconds;
	struct tm tm;
	char text[32];

	gmtime_r(&t, &tm);
	bool utc = tm.tm_year < 150; /* 2050 */
	size_t n = strftime(text, sizeof(text), utc ? "%y%m%d%H%M%SZ" : "%Y%m%d%H%M%SZ", &tm);
	der_put(out, utc ? DER_UTC_TIME : DER_TIME, slice_of(text, n));
}
