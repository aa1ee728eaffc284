/* msg_seven.c - a message of 8 bits in 7: for servers that take no more (RFC 6152 §3)
 *
 * Bodies become quoted-printable, or base64 where that is shorter or they are no text. What
 * is signed or encrypted as a whole is never touched: it would be worth nothing. */
#include "core/msg_recode.h"
#include "core/text.h"

/* --- quoted-printable (RFC 2045 §6.7) --- */

enum { QP_LINE = 75 /* and a '=' */ };

/* CR LF, or a LF alone: its length, or 0. */
static size_t line_end(struct slice s)
{
	if (slice_starts(s, SLICE("\r\n")))
		return 2;
	return s.n > 0 && s.p[0] == '\n';
}

/* How many bytes stand for themselves: one, or what is an escape already. */
static size_t stands(struct slice s, bool encoded)
{
	char c = s.p[0];

	if (c == '=' && encoded)
		return s.n > 2 && hex_digit(s.p[1]) >= 0 && hex_digit(s.p[2]) >= 0 ? 3 : 1;
	if (c == ' ' || c == '\t') /* (3): not at the end of a line */
		return s.n > 1 && line_end(slice_from(s, 1)) == 0;
	return c > ' ' && c < 0x7f && c != '=';
}

/* One character, of which n bytes are written; the new length of the line. */
static size_t put_qp_one(struct recode *r, struct slice s, size_t stand, size_t column)
{
	size_t n = stand ? stand : 3;
	bool ends = line_end(slice_from(s, stand ? stand : 1)) > 0;

	if (column + n > QP_LINE + (size_t)ends) {
		buf_addz(r->out, "=\r\n"); /* (5) */
		column = 0;
	}
	if (stand)
		buf_adds(r->out, slice_head(s, stand));
	else
		buf_printf(r->out, "=%02X", (unsigned char)s.p[0]);
	return column + n;
}

/* encoded: it is quoted-printable, in which more was written than may be. */
static void put_qp(struct recode *r, struct slice text, bool encoded)
{
	size_t column = 0, n;

	while (text.n > 0 && r->rc == 0) {
		if ((n = line_end(text)) > 0) {
			buf_addz(r->out, "\r\n");
			recode_spill(r);
			column = 0;
		} else {
			size_t stand = stands(text, encoded);
			column = put_qp_one(r, text, stand, column);
			n = stand ? stand : 1;
		}
		text = slice_from(text, n);
	}
}

/* --- what is not a body --- */

static void put_field(struct recode *r, struct slice raw)
{
	msg_field_ascii(raw, r->out);
}

/* Nobody reads what stands between parts. */
static void put_between(struct recode *r, struct slice text)
{
	char *to;

	while (text.n > 0 && r->rc == 0) {
		struct slice piece = slice_head(text, MSG_TAKE_BYTES);

		to = buf_room(r->out, piece.n);
		for (size_t i = 0; i < piece.n; i++)
			to[i] = (unsigned char)piece.p[i] < 0x80 ? piece.p[i] : '?';
		r->out->n += piece.n;
		recode_spill(r);
		text = slice_from(text, piece.n);
	}
}

/* --- bodies --- */

static bool is_text(const struct msg_part *part)
{
	return slice_eq(part->type, SLICE("text")) || slice_eq(part->type, SLICE("message"));
}

/* Text that is ASCII in the main stays legible. */
static bool suits_qp(struct slice body)
{
	size_t high = 0;

	for (size_t i = 0; i < body.n; i++)
		high += (unsigned char)body.p[i] >= 0x80;
	return high <= body.n / 4;
}

/* Without them a reader would take what is encoded for the text (RFC 2045 §4, §5.2). */
static void put_missing_fields(struct recode *r, const struct msg_part *part)
{
	struct slice header = msg_header(part, r->whole);
	bool outer = !part->parent || msg_is_message(part->parent);
	struct msg_field field;

	if (outer && !msg_field_find(header, SLICE("MIME-Version"), &field))
		buf_addz(r->out, "MIME-Version: 1.0\r\n");
	if (!msg_field_find(header, SLICE("Content-Type"), &field))
		buf_printf(r->out, "Content-Type: text/plain; charset=%s\r\n",
		    utf8_valid(msg_body(part, r->whole)) ? "utf-8" : "unknown-8bit");
}

static void put_leaf(struct recode *r, const struct msg_part *part)
{
	struct slice header = msg_header(part, r->whole), body = msg_body(part, r->whole);
	bool base64 = slice_eq(part->encoding, SLICE("base64"));
	bool qp = slice_eq(part->encoding, SLICE("quoted-printable"));

	if (base64 || qp) { /* a reader passes over what is not of it */
		recode_header(r, header, NULL);
		base64 ? put_between(r, body) : put_qp(r, body, true);
		return;
	}
	put_missing_fields(r, part);
	qp = is_text(part) && suits_qp(body);
	recode_header(r, header, qp ? "quoted-printable" : "base64");
	if (qp)
		put_qp(r, body, false);
	else
		recode_base64(r, body);
}

static const struct recode_rules rules = {
	.fine = slice_is_ascii,
	.field = put_field,
	.between = put_between,
	.leaf = put_leaf,
	.container = "7bit",
};

int msg_make_seven(struct slice whole, struct buf *out, msg_take *take, void *arg)
{
	struct pool pool = { 0 };
	struct recode r = { .rules = &rules, .whole = whole, .out = out, .take = take, .arg = arg };

	recode_part(&r, msg_parse(&pool, whole));
	pool_done(&pool);
	return r.rc;
}

/* --- may it be? --- */

static bool is_plain(struct slice encoding)
{
	return slice_eq(encoding, SLICE("7bit")) || slice_eq(encoding, SLICE("8bit")) ||
	    slice_eq(encoding, SLICE("binary"));
}

/* It says that it holds parts, which were not read: too many, too deep, no boundary. */
static bool is_unread(const struct msg_part *part, struct slice whole)
{
	struct msg_field field;

	if (part->children ||
	    !msg_field_find(msg_header(part, whole), SLICE("Content-Type"), &field))
		return false;
	struct slice type = slice_trim(field.value);
	return slice_istarts(type, SLICE("multipart/")) || slice_ieq(type, SLICE("message/rfc822"));
}

static const char *bars_leaf(const struct msg_part *part, struct slice whole)
{
	if (slice_is_ascii(msg_body(part, whole)))
		return NULL;
	if (is_unread(part, whole))
		return "a part of it holds parts that cannot be read";
	if (slice_eq(part->type, SLICE("message")) && slice_eq(part->subtype, SLICE("partial")))
		return "it is a part of a message"; /* RFC 2046 §5.2.2 */
	if (!is_plain(part->encoding) && !recode_is_encoded(part))
		return "a part of it has an unknown transfer encoding";
	return NULL;
}

static const char *bars_multipart(const struct msg_part *part)
{
	if (slice_eq(part->subtype, SLICE("signed")))
		return "it is signed, and the signature would be broken"; /* RFC 1847 §2.1 */
	if (slice_eq(part->subtype, SLICE("encrypted")))
		return "it is encrypted";
	if (!slice_is_ascii(msg_param(part->params, SLICE("boundary"))))
		return "the boundary of its parts is not ASCII";
	return NULL;
}

static const char *bars_part(const struct msg_part *part, struct slice whole)
{
	const char *why = NULL;

	if (part->end > part->header &&
	    slice_is_ascii(slice_head(slice_from(whole, part->header), part->end - part->header)))
		return NULL;
	if (!recode_holds_others(part))
		return bars_leaf(part, whole);
	if (msg_is_multipart(part))
		why = bars_multipart(part);
	for (const struct msg_part *child = part->children; child && !why; child = child->next)
		why = bars_part(child, whole);
	return why;
}

const char *msg_seven_bars(struct slice whole)
{
	struct pool pool = { 0 };
	const char *why = bars_part(msg_parse(&pool, whole), whole);

	pool_done(&pool);
	return why;
}
