/* cert_string.c - the character strings of X.690, in UTF-8 */
#include "pki/cert_private.h"

#include "core/num.h"
#include "core/text.h"

static void put_utf8(struct buf *out, uint32_t c)
{
	unsigned char bytes[] = { (unsigned char)(0xf0 | c >> 18),
		(unsigned char)(0x80 | (c >> 12 & 0x3f)), (unsigned char)(0x80 | (c >> 6 & 0x3f)),
		(unsigned char)(0x80 | (c & 0x3f)) };
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (n == 1)
		bytes[3] = (unsigned char)c;
	else if (n == 2)
		bytes[2] = (unsigned char)(0xc0 | c >> 6);
	else if (n == 3)
		bytes[1] = (unsigned char)(0xe0 | c >> 12);
	buf_add(out, bytes + 4 - n, n);
}

/* Latin-1 is what people put into a T61String. */
static bool from_bytes(struct slice s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++)
		put_utf8(out, (unsigned char)s.p[i]);
	return true;
}

static bool from_bmp(struct slice s, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)s.p;

	for (size_t i = 0; i + 1 < s.n; i += 2)
		put_utf8(out, (uint32_t)p[i] << 8 | p[i + 1]);
	return s.n % 2 == 0;
}

static bool from_universal(struct slice s, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)s.p;

	for (size_t i = 0; i + 3 < s.n; i += 4) {
		uint32_t c = num_get32(p + i);
		if (c > 0x10ffff)
			return false;
		put_utf8(out, c);
	}
	return s.n % 4 == 0;
}

bool cert_string(const struct der *value, struct buf *out)
{
	size_t mark = out->n;
	bool good;

	switch (value->tag) {
	case DER_UTF8:
	case DER_NUMERIC:
	case DER_PRINTABLE:
	case DER_IA5:
	case DER_VISIBLE:
		buf_adds(out, value->value);
		good = true;
		break;
	case DER_T61:
		good = from_bytes(value->value, out);
		break;
	case DER_BMP:
		good = from_bmp(value->value, out);
		break;
	case DER_UNIVERSAL:
		good = from_universal(value->value, out);
		break;
	default:
		return false;
	}
	/* Surrogates, too, are none. */
	return good && utf8_valid(slice_from(buf_slice(out), mark));
}
