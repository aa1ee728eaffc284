/* msg_codec.c - transfer encodings as found in mail (RFC 2045 §6.7, §6.8)
 *
 * Readers of mail show what they can: what is no base64 is passed over, and a
 * '=' that encodes nothing is itself. */
#include "core/msg.h"
#include "core/text.h"

/* Of '+' to 'z': 6 bits, or -1 for what is passed over. */
static const signed char base64_values[] = { 62, -1, -1, -1, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60,
	61, -1, -1, -1, -1, -1, -1, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
	17, 18, 19, 20, 21, 22, 23, 24, 25, -1, -1, -1, -1, -1, -1, 26, 27, 28, 29, 30, 31, 32, 33,
	34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51 };

/* Padding does not end it: some programs join what they encoded in pieces. */
void msg_base64(struct buf *out, struct slice text)
{
	char *to = buf_room(out, text.n / 4 * 3 + 3), *begin = to;
	unsigned bits = 0, n = 0;

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		int v = c >= '+' && c <= 'z' ? base64_values[c - '+'] : -1;

		if (v >= 0) {
			bits = bits << 6 | (unsigned)v;
			n += 6;
		} else if (c == '=') {
			n = 0; /* what remains of the last group is no byte */
		}
		if (n >= 8) {
			n -= 8;
			*to++ = (char)(bits >> n);
		}
	}
	out->n += (size_t)(to - begin);
}

/* Bytes of a soft line break: '=', blanks, line end; 0 when it is none. */
static size_t soft_break(struct slice s)
{
	size_t n = 1;

	while (n < s.n && (s.p[n] == ' ' || s.p[n] == '\t'))
		n++;
	if (n == s.n)
		return n;
	if (s.p[n] == '\r' && n + 1 < s.n && s.p[n + 1] == '\n')
		return n + 2;
	return s.p[n] == '\n' ? n + 1 : 0;
}

/* What a '=' stands for, appended to *to; the bytes taken of s. */
static size_t qp_escape(struct slice s, bool word, char **to)
{
	int high = s.n > 2 ? hex_digit(s.p[1]) : -1;
	int low = s.n > 2 ? hex_digit(s.p[2]) : -1;
	size_t skip;

	if (high >= 0 && low >= 0) {
		*(*to)++ = (char)(high << 4 | low);
		return 3;
	}
	skip = word ? 0 : soft_break(s);
	if (skip == 0)
		*(*to)++ = '=';
	return skip ? skip : 1;
}

void msg_qp(struct buf *out, struct slice text, bool word)
{
	char *begin = buf_room(out, text.n + 1), *to = begin;
	char *kept = begin; /* behind what blanks may be removed */

	for (size_t i = 0; i < text.n;) {
		char c = text.p[i];

		if (c == '=') {
			i += qp_escape(slice_from(text, i), word, &to);
			kept = to;
			continue;
		}
		/* RFC 2045 §6.7 (3): blanks at the end of a line came on the way */
		while ((c == '\r' || c == '\n') && to > kept && (to[-1] == ' ' || to[-1] == '\t'))
			to--;
		*to++ = word && c == '_' ? ' ' : c;
		i++;
	}
	out->n += (size_t)(to - begin);
}

bool msg_decode(struct slice encoding, struct slice body, struct buf *out)
{
	if (slice_eq(encoding, SLICE("base64")))
		msg_base64(out, body);
	else if (slice_eq(encoding, SLICE("quoted-printable")))
		msg_qp(out, body, false);
	else if (slice_eq(encoding, SLICE("7bit")) || slice_eq(encoding, SLICE("8bit")) ||
	    slice_eq(encoding, SLICE("binary")))
		buf_adds(out, body);
	else
		return false;
	return true;
}
