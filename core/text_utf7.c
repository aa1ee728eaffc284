/* text_utf7.c - mailbox names on the wire: modified UTF-7 (RFC 3501 §5.1.3)
 *
 * '&' begins UTF-16 in base64 without padding, with ',' for '/'; '-' ends it;
 * "&-" is '&'. What could be written in two ways is taken in one only, so that
 * no name passes for another. */
#include "core/text.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static bool is_plain(unsigned c)
{
	return c >= 0x20 && c < 0x7f;
}

/* --- decoding --- */

static void put_utf8(char **to, uint32_t c)
{
	char *p = *to;

	if (c < 0x80) {
		*p++ = (char)c;
	} else if (c < 0x800) {
		*p++ = (char)(0xc0 | c >> 6);
		*p++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*p++ = (char)(0xe0 | c >> 12);
		*p++ = (char)(0x80 | (c >> 6 & 0x3f));
		*p++ = (char)(0x80 | (c & 0x3f));
	} else {
		*p++ = (char)(0xf0 | c >> 18);
		*p++ = (char)(0x80 | (c >> 12 & 0x3f));
		*p++ = (char)(0x80 | (c >> 6 & 0x3f));
		*p++ = (char)(0x80 | (c & 0x3f));
	}
	*to = p;
}

/* UTF-16, a unit at a time; high: a surrogate that waits for its other half. */
static bool take_unit(char **to, uint32_t unit, uint32_t *high)
{
	bool is_low = unit >= 0xdc00 && unit < 0xe000;

	if (is_low != (*high != 0) || unit < 0x80)
		return false;
	if (unit >= 0xd800 && unit < 0xdc00) {
		*high = unit;
		return true;
	}
	put_utf8(to, *high ? 0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00) : unit);
	*high = 0;
	return true;
}

/* What stands between '&' and '-', not empty. */
static bool decode_shifted(struct slice s, char **to)
{
	uint32_t bits = 0, high = 0;
	unsigned n_bits = 0;

	for (size_t i = 0; i < s.n; i++) {
		const char *at = s.p[i] ? strchr(alphabet, s.p[i]) : NULL;

		if (!at)
			return false;
		bits = bits << 6 | (uint32_t)(at - alphabet);
		n_bits += 6;
		if (n_bits >= 16) {
			n_bits -= 16;
			if (!take_unit(to, bits >> n_bits & 0xffff, &high))
				return false;
		}
	}
	/* No half character, no more digits than were needed, none of them set. */
	return !high && n_bits < 6 && (bits & ((1u << n_bits) - 1)) == 0;
}

bool text_utf7_decode(struct pool *pool, struct slice wire, struct slice *utf8)
{
	char *start = pool_get(pool, wire.n * 2 + 1), *to = start;
	bool was_shifted = false;

	while (wire.n > 0) {
		unsigned char c = (unsigned char)*wire.p;

		wire = slice_from(wire, 1);
		if (!is_plain(c))
			return false;
		if (c != '&') {
			*to++ = (char)c;
			was_shifted = false;
			continue;
		}
		ptrdiff_t end = slice_chr(wire, '-');
		if (end < 0)
			return false;
		if (end == 0)
			*to++ = '&';
		else if (was_shifted || !decode_shifted(slice_head(wire, (size_t)end), &to))
			return false;
		was_shifted = end > 0;
		wire = slice_from(wire, (size_t)end + 1);
	}
	*utf8 = slice_of(start, (size_t)(to - start));
	return true;
}

/* --- encoding --- */

/* The next character of UTF-8, which is valid; U+FFFD where it is not. */
static uint32_t next_character(struct slice *s)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	unsigned char c = (unsigned char)*s->p;
	unsigned more = c < 0x80 ? 0 : c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
	uint32_t value = more == 0 ? c : c & (0x3fu >> more);

	*s = slice_from(*s, 1);
	for (unsigned i = 0; i < more; i++) {
		if (s->n == 0 || ((unsigned char)*s->p & 0xc0) != 0x80)
			return 0xfffd;
		value = value << 6 | ((unsigned char)*s->p & 0x3f);
		*s = slice_from(*s, 1);
	}
	return value < least[more] || value > 0x10ffff ? 0xfffd : value;
}

struct bits {
	uint32_t value;
	unsigned n;
};

static void put_unit(struct buf *out, struct bits *bits, uint32_t unit)
{
	bits->value = bits->value << 16 | unit;
	bits->n += 16;
	for (; bits->n >= 6; bits->n -= 6)
		buf_addc(out, alphabet[bits->value >> (bits->n - 6) & 0x3f]);
	bits->value &= 0x3f;
}

static void put_shifted(struct buf *out, struct slice *s)
{
	struct bits bits = { 0 };

	buf_addc(out, '&');
	while (s->n > 0 && !is_plain((unsigned char)*s->p)) {
		uint32_t c = next_character(s);

		if (c < 0x10000) {
			put_unit(out, &bits, c);
		} else {
			put_unit(out, &bits, 0xd800 + ((c - 0x10000) >> 10));
			put_unit(out, &bits, 0xdc00 + ((c - 0x10000) & 0x3ff));
		}
	}
	if (bits.n > 0)
		buf_addc(out, alphabet[bits.value << (6 - bits.n) & 0x3f]);
	buf_addc(out, '-');
}

void text_utf7_encode(struct buf *out, struct slice utf8)
{
	while (utf8.n > 0) {
		unsigned char c = (unsigned char)*utf8.p;

		if (!is_plain(c)) {
			put_shifted(out, &utf8);
			continue;
		}
		buf_addc(out, (char)c);
		if (c == '&')
			buf_addc(out, '-');
		utf8 = slice_from(utf8, 1);
	}
}
