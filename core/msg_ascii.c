/* msg_ascii.c - header fields in ASCII: what is not becomes RFC 2047 words */
#include "core/msg.h"
#include "core/text.h"

enum { WORD_BYTES = 39 /* a word with "unknown-8bit" has 75 characters at most (RFC 2047 §2) */ };

/* Where a word may end so that no character of UTF-8 is cut. */
static size_t word_end(struct slice text)
{
	size_t n = text.n < WORD_BYTES ? text.n : WORD_BYTES;

	while (n < text.n && n > 0 && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	return n > 0 ? n : slice_head(text, WORD_BYTES).n;
}

void msg_put_words(struct buf *out, const char *charset, struct slice text)
{
	while (text.n > 0) {
		size_t n = word_end(text);
		buf_printf(out, "=?%s?B?", charset);
		base64_put(out, slice_head(text, n));
		buf_addz(out, "?=");
		text = slice_from(text, n);
		if (text.n > 0)
			buf_addz(out, "\r\n ");
	}
}

/* What parts words in fields of all kinds, so that an address, a quoted string and a
   parameter keep what makes them one. */
static bool parts_words(char c)
{
	return c == '\0' || strchr(" \t\r\n<>()[]:;@\\,\"=", c) != NULL;
}

static size_t token_length(struct slice s)
{
	size_t n = 0;

	while (n < s.n && !parts_words(s.p[n]))
		n++;
	return n;
}

/* Blanks between two encoded words are none (RFC 2047 §6.2): so words that stand side by side
   become one. */
static size_t run_length(struct slice s)
{
	size_t n = token_length(s), next, token;

	for (;;) {
		for (next = n; next < s.n && (s.p[next] == ' ' || s.p[next] == '\t'); next++)
			;
		token = token_length(slice_from(s, next));
		if (token == 0 || slice_is_ascii(slice_head(slice_from(s, next), token)))
			return n;
		n = next + token;
	}
}

void msg_field_ascii(struct slice raw, struct buf *out)
{
	const char *charset = utf8_valid(raw) ? "utf-8" : "unknown-8bit";

	if (slice_is_ascii(raw)) {
		buf_adds(out, raw);
		return;
	}
	while (raw.n > 0) {
		size_t n = token_length(raw);

		if (slice_is_ascii(slice_head(raw, n))) {
			n += n < raw.n; /* and what parts it from the next */
			buf_adds(out, slice_head(raw, n));
		} else {
			n = run_length(raw);
			msg_put_words(out, charset, slice_head(raw, n));
		}
		raw = slice_from(raw, n);
	}
}
