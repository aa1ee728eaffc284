/* msg_lines.c - a message of any bytes as one of lines: what is binary becomes base64
 *
 * RFC 3030 §3 lets a sender put bytes into a message as they are. Readers of mail
 * know lines that end in CR LF, and no NUL: so bodies in which there is anything else
 * are encoded, and everything around them is put right. What is fine stays as it is,
 * byte by byte. */
#include "core/msg.h"
#include "core/text.h"

enum { BASE64_BYTES = 57 }; /* of a line of 76 characters */

bool msg_is_lines(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		bool cr = text.p[i] == '\r';

		if (text.p[i] == '\0' || text.p[i] == '\n')
			return false;
		if (cr && (i + 1 == text.n || text.p[++i] != '\n'))
			return false;
	}
	return true;
}

/* Of any text: NUL is left out, each line end becomes CR LF. */
static void put_lines(struct slice text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '\0')
			continue;
		if (c != '\r' && c != '\n') {
			buf_addc(out, c);
			continue;
		}
		buf_addz(out, "\r\n");
		if (c == '\r' && i + 1 < text.n && text.p[i + 1] == '\n')
			i++;
	}
}

static void put_base64(struct slice bytes, struct buf *out)
{
	while (bytes.n > 0) {
		struct slice line = slice_head(bytes, BASE64_BYTES);

		base64_put(out, line);
		buf_addz(out, "\r\n");
		bytes = slice_from(bytes, line.n);
	}
}

/* The header with another transfer encoding; then an empty line. */
static void put_header(struct slice header, const char *encoding, struct buf *out)
{
	static const struct slice name = { "Content-Transfer-Encoding", 25 };
	struct msg_field field;

	while (msg_field_next(&header, &field))
		if (!slice_ieq(field.name, name))
			put_lines(field.raw, out);
	buf_printf(out, "Content-Transfer-Encoding: %s\r\n\r\n", encoding);
}

static bool is_encoded(const struct msg_part *part)
{
	return slice_eq(part->encoding, SLICE("base64")) ||
	    slice_eq(part->encoding, SLICE("quoted-printable"));
}

static void put_part(const struct msg_part *part, struct slice whole, struct buf *out);

/* Parts of broken messages may end before they begin, or behind what holds them. */
static struct slice between(struct slice whole, uint64_t from, uint64_t to)
{
	if (from >= to || to > whole.n)
		return (struct slice){ 0 };
	return slice_of(whole.p + from, (size_t)(to - from));
}

/* A container cannot be encoded (RFC 2045 §6.4): what is in it is. */
static void put_container(const struct msg_part *part, struct slice whole, struct buf *out)
{
	uint64_t at = part->body;

	put_header(msg_header(part, whole), "8bit", out);
	for (const struct msg_part *child = part->children; child; child = child->next) {
		put_lines(between(whole, at, child->header), out);
		put_part(child, whole, out);
		if (child->end > at)
			at = child->end;
	}
	put_lines(between(whole, at, part->end), out);
}

static void put_part(const struct msg_part *part, struct slice whole, struct buf *out)
{
	struct slice all = between(whole, part->header, part->end);
	struct slice body = msg_body(part, whole);

	if (msg_is_lines(all))
		buf_adds(out, all);
	else if (part->children)
		put_container(part, whole, out);
	else if (msg_is_lines(body) || is_encoded(part)) {
		put_lines(between(whole, part->header, part->body), out);
		put_lines(body, out);
	} else {
		put_header(msg_header(part, whole), "base64", out);
		put_base64(body, out);
	}
}

void msg_make_lines(struct slice whole, struct buf *out)
{
	struct pool pool = { 0 };

	put_part(msg_parse(&pool, whole), whole, out);
	pool_done(&pool);
}
