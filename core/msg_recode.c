/* msg_recode.c - a message in another form, part by part */
#include "core/msg_recode.h"

#include "core/text.h"

enum { LINE_BYTES = 57 /* base64 of which has 76 characters */ };

void recode_spill(struct recode *r)
{
	if (r->take && r->rc == 0 && r->out->n >= MSG_TAKE_BYTES)
		r->rc = r->take(r->arg, r->out);
}

/* As it is. */
static void recode_put(struct recode *r, struct slice text)
{
	while (text.n > 0 && r->rc == 0) {
		struct slice piece = slice_head(text, MSG_TAKE_BYTES);

		buf_adds(r->out, piece);
		recode_spill(r);
		text = slice_from(text, piece.n);
	}
}

void recode_base64(struct recode *r, struct slice bytes)
{
	while (bytes.n > 0 && r->rc == 0) {
		struct slice line = slice_head(bytes, LINE_BYTES);

		base64_put(r->out, line);
		buf_addz(r->out, "\r\n");
		recode_spill(r);
		bytes = slice_from(bytes, line.n);
	}
}

bool recode_is_encoded(const struct msg_part *part)
{
	return slice_eq(part->encoding, SLICE("base64")) ||
	    slice_eq(part->encoding, SLICE("quoted-printable"));
}

static void put_encoding(struct recode *r, const char *encoding)
{
	if (r->out->n > 0 && r->out->p[r->out->n - 1] != '\n') /* the last field was cut off */
		buf_addz(r->out, "\r\n");
	buf_printf(r->out, "Content-Transfer-Encoding: %s\r\n\r\n", encoding);
}

void recode_header(struct recode *r, struct slice header, const char *encoding)
{
	static const struct slice name = { "Content-Transfer-Encoding", 25 };
	struct slice end = header;
	struct msg_field field;

	for (; msg_field_next(&header, &field); end = header)
		if (!encoding || !slice_ieq(field.name, name))
			r->rules->field(r, field.raw);
	if (encoding)
		put_encoding(r, encoding);
	else
		r->rules->field(r, end);
	recode_spill(r);
}

/* Parts of broken messages may end before they begin, or behind what holds them. */
static struct slice between(struct slice whole, uint64_t from, uint64_t to)
{
	if (from >= to || to > whole.n)
		return (struct slice){ 0 };
	return slice_of(whole.p + from, (size_t)(to - from));
}

/* A container cannot be encoded (RFC 2045 §6.4): what is in it is. */
static void put_container(struct recode *r, const struct msg_part *part)
{
	uint64_t at = part->body;

	recode_header(r, msg_header(part, r->whole), r->rules->container);
	for (const struct msg_part *child = part->children; child; child = child->next) {
		r->rules->between(r, between(r->whole, at, child->header));
		recode_part(r, child);
		if (child->end > at)
			at = child->end;
	}
	r->rules->between(r, between(r->whole, at, part->end));
}

bool recode_holds_others(const struct msg_part *part)
{
	return part->children && !slice_eq(part->subtype, SLICE("global"));
}

void recode_part(struct recode *r, const struct msg_part *part)
{
	struct slice all = between(r->whole, part->header, part->end);
	struct slice body = msg_body(part, r->whole);

	if (r->rules->fine(all))
		recode_put(r, all);
	else if (recode_holds_others(part))
		put_container(r, part);
	else if (r->rules->fine(body)) {
		recode_header(r, msg_header(part, r->whole), NULL);
		recode_put(r, body);
	} else
		r->rules->leaf(r, part);
}
