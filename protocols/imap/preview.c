/* preview.c - PREVIEW (RFC 8970): the first words of a message, for lists */
#include "core/msg.h"
#include "protocols/imap/fetch.h"

enum { LONG = 200, LOOK_AT = 64 * 1024 }; /* characters; octets of a part */

static void words(const struct imap *im, struct buf *out)
{
	(void)im;
	buf_addz(out, " PREVIEW");
}

IMAP_EXTENSION(preview) = { .words = words };

/* The first part that is text and no attachment. */
static const struct msg_part *first_text(const struct msg_part *part)
{
	for (; part; part = part->next) {
		const struct msg_part *below = first_text(part->children);

		if (below)
			return below;
		if (!part->children && slice_eq(part->type, SLICE("text")) &&
		    !slice_eq(part->disposition, SLICE("attachment")))
			return part;
	}
	return NULL;
}

/* Octets of the UTF-8 character there. */
static size_t char_length(struct slice s)
{
	size_t n = 1;

	while (n < s.n && ((unsigned char)s.p[n] & 0xC0) == 0x80)
		n++;
	return n;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One blank for many, and no more than so many characters. */
static void squeeze(struct slice text, struct buf *out)
{
	bool blank = false;

	for (unsigned n = 0; text.n > 0 && n < LONG;) {
		size_t length = char_length(text);

		if (is_space(*text.p)) {
			blank = out->n > 0;
		} else {
			if (blank)
				buf_addc(out, ' ');
			n += blank ? 2 : 1;
			blank = false;
			buf_add(out, text.p, length);
		}
		text = slice_from(text, length);
	}
}

static void put(struct imap_fetch *fetch, const struct imap_att *att, struct buf *out)
{
	const struct msg_part *part = first_text(msg_parse(&fetch->pool, fetch->whole));
	struct buf text = { 0 };

	(void)att;
	buf_clear(&fetch->scratch);
	if (part) {
		struct msg_part head = *part;

		if (head.end - head.body > LOOK_AT)
			head.end = head.body + LOOK_AT;
		msg_text(&head, fetch->whole, &text);
	}
	squeeze(buf_slice(&text), &fetch->scratch);
	buf_done(&text);
	buf_addz(out, "PREVIEW ");
	imap_put_string(out, buf_slice(&fetch->scratch));
}

/* ["(LAZY)"]: it is made at once, so that makes no difference. */
static bool parse(struct pool *pool, struct slice *in, struct imap_att *att)
{
	struct slice rest = *in;

	(void)pool;
	(void)att;
	if (!imap_take(&rest, ' ') || !imap_take(&rest, '('))
		return true;
	if (!imap_is_word(&rest, "LAZY") || !imap_take(&rest, ')'))
		return false;
	*in = rest;
	return true;
}

IMAP_FETCH_ITEM(preview) = {
	.name = "PREVIEW",
	.needs = IMAP_NEEDS_WHOLE,
	.parse = parse,
	.put = put,
};
