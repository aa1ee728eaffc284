/* text_utf8.c - is it UTF-8? */
#include "core/text.h"

#include <stdint.h>
#include <string.h>

/* What may follow a leading byte (RFC 3629 §4): the second byte's range rules
   out overlong forms, surrogates and values over 10FFFF. */
struct lead {
	unsigned char first, last; /* leading bytes */
	unsigned char low, high;   /* of the second byte */
	unsigned char more;	   /* bytes behind the first */
};

static const struct lead leads[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 1 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 2 },
	{ 0xe1, 0xec, 0x80, 0xbf, 2 },
	{ 0xed, 0xed, 0x80, 0x9f, 2 },
	{ 0xee, 0xef, 0x80, 0xbf, 2 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 3 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 3 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 3 },
	{ 0 },
};

/* Bytes of the character that begins p, or 0. */
static size_t character(const unsigned char *p, size_t n)
{
	const struct lead *lead = leads;

	if (*p < 0x80)
		return 1;
	while (lead->first && (*p < lead->first || *p > lead->last))
		lead++;
	if (!lead->first || n <= lead->more || p[1] < lead->low || p[1] > lead->high)
		return 0;
	for (size_t i = 2; i <= lead->more; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return (size_t)lead->more + 1;
}

/* Most text is ASCII: eight bytes at a time. */
static bool is_eight(const unsigned char *p, size_t n)
{
	uint64_t eight;

	if (n < sizeof(eight))
		return false;
	memcpy(&eight, p, sizeof(eight));
	return (eight & 0x8080808080808080) == 0;
}

bool utf8_valid(struct slice s)
{
	const unsigned char *p = (const unsigned char *)s.p;

	for (size_t i = 0; i < s.n;) {
		size_t n = is_eight(p + i, s.n - i) ? 8 : character(p + i, s.n - i);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}
