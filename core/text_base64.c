/* text_base64.c - bytes as base64 and as hexadecimal digits */
#include "core/text.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_put(struct buf *out, struct slice data)
{
	const unsigned char *p = (const unsigned char *)data.p;
	char *to = buf_room(out, (data.n + 2) / 3 * 4);

	for (size_t left = data.n; left > 0; p += 3) {
		size_t n = left < 3 ? left : 3;
		uint32_t bits =
		    (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) | (n > 2 ? p[2] : 0);

		*to++ = alphabet[bits >> 18];
		*to++ = alphabet[bits >> 12 & 63];
		*to++ = n > 1 ? alphabet[bits >> 6 & 63] : '=';
		*to++ = n > 2 ? alphabet[bits & 63] : '=';
		left -= n;
	}
	out->n += (data.n + 2) / 3 * 4;
}

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The bits of n digits, at the high end of 24. */
static bool bits_of(const char *p, size_t n, uint32_t *bits)
{
	*bits = 0;
	for (size_t i = 0; i < 4; i++) {
		int d = i < n ? digit(p[i]) : 0;
		if (d < 0)
			return false;
		*bits = *bits << 6 | (uint32_t)d;
	}
	return true;
}

bool base64_get(struct buf *out, struct slice text)
{
	if (text.n % 4 != 0)
		return false;
	unsigned char *start = (unsigned char *)buf_room(out, text.n / 4 * 3), *to = start;
	for (struct slice rest = text; rest.n > 0; rest = slice_from(rest, 4)) {
		size_t digits = 4;
		uint32_t bits;

		if (rest.n == 4)
			digits -= (rest.p[3] == '=') + (rest.p[3] == '=' && rest.p[2] == '=');
		if (!bits_of(rest.p, digits, &bits))
			return false;
		/* RFC 4648 §3.5: bits that stand for no byte are zero */
		if (digits < 4 && (bits << (8 * (digits - 1)) & 0xffffff) != 0)
			return false;
		for (size_t i = 0; i + 1 < digits; i++)
			*to++ = (unsigned char)(bits >> (16 - 8 * i));
	}
	out->n += (size_t)(to - start);
	return true;
}

int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void hex_put(struct buf *out, struct slice data)
{
	static const char digits[] = "0123456789abcdef";
	char *to = buf_room(out, data.n * 2);

	for (size_t i = 0; i < data.n; i++) {
		*to++ = digits[(unsigned char)data.p[i] >> 4];
		*to++ = digits[data.p[i] & 15];
	}
	out->n += data.n * 2;
}
