/* summary.c - the record of a message's summary: written once, read often
 *
 * Numbers are big-endian. A fixed part, then the envelope, structure and fields,
 * then the parts, each of them a byte (depth << 2 | kind) and three varints: how
 * far its header begins behind the header of the one before, bytes of header,
 * bytes of body. */
#include "storage/summary.h"

#include "core/num.h"
#include "core/text.h"

enum { VERSION = 1, COMPLETE = 1 };

enum {
	AT_VERSION = 0,
	AT_FLAGS = 1,
	AT_BODY = 2,
	AT_SIZE = 10,
	AT_INTERNAL_DATE = 18,
	AT_DATE = 26,
	AT_ZONE = 34,	 /* minutes, 16 bits */
	AT_LENGTHS = 36, /* of envelope, structure, fields; then the number of parts */
	FIXED_SIZE = 52,
	PART_MIN = 4,
};

/* --- which fields --- */

/* What mutt, Thunderbird, Roundcube, mbsync, K-9 and Apple Mail ask for in lists;
   by length. */
static const struct slice cached[] = { SLICE("to"), SLICE("cc"), SLICE("bcc"), SLICE("from"),
	SLICE("date"), SLICE("lines"), SLICE("sender"), SLICE("x-tuid"), SLICE("subject"),
	SLICE("list-id"), SLICE("x-label"), SLICE("reply-to"), SLICE("priority"), SLICE("x-mailer"),
	SLICE("list-post"), SLICE("message-id"), SLICE("references"), SLICE("importance"),
	SLICE("x-priority"), SLICE("newsgroups"), SLICE("in-reply-to"), SLICE("return-path"),
	SLICE("content-type"), SLICE("mime-version"), SLICE("delivered-to"), SLICE("chat-version"),
	SLICE("mail-reply-to"), SLICE("x-original-to"), SLICE("list-subscribe"),
	SLICE("mail-followup-to"), SLICE("list-unsubscribe"), SLICE("x-k9mail-identity"),
	SLICE("content-description"), SLICE("content-transfer-encoding"),
	SLICE("x-uniform-type-identifier"), SLICE("disposition-notification-to"),
	SLICE("x-universally-unique-identifier") };

bool summary_has_field(struct slice name)
{
	for (size_t i = 0; i < sizeof cached / sizeof *cached && cached[i].n <= name.n; i++)
		if (slice_ieq(cached[i], name))
			return true;
	return false;
}

/* --- writing --- */

static unsigned char *at(struct buf *record, size_t offset)
{
	return (unsigned char *)record->p + offset;
}

static void put_varint(struct buf *out, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		buf_addc(out, (char)(v | 0x80));
	buf_addc(out, (char)v);
}

/* False: something had to be left out. *date is what the first field of that name says. */
static bool put_fields(struct buf *out, struct slice header, struct slice *date)
{
	size_t begin = out->n;
	struct msg_field field;
	bool complete = true;

	while (msg_field_next(&header, &field)) {
		if (!summary_has_field(field.name))
			continue;
		if (!date->p && slice_ieq(field.name, SLICE("date")))
			*date = field.value;
		if (out->n - begin + field.raw.n > SUMMARY_FIELDS_MAX)
			complete = false;
		else
			buf_adds(out, field.raw);
	}
	return complete;
}

static enum summary_kind kind_of(const struct msg_part *part)
{
	if (msg_is_multipart(part))
		return SUMMARY_MULTIPART;
	return part->children ? SUMMARY_MESSAGE : SUMMARY_LEAF;
}

/* In document order; returns how many. *header is where the one before began. */
static uint32_t put_parts(
    struct buf *out, const struct msg_part *part, unsigned depth, uint64_t *header)
{
	uint32_t n = 1;

	buf_addc(out, (char)(depth << 2 | kind_of(part)));
	put_varint(out, part->header - *header);
	put_varint(out, part->body - part->header);
	put_varint(out, part->end - part->body);
	*header = part->header;
	for (const struct msg_part *p = part->children; p; p = p->next)
		n += put_parts(out, p, depth + 1, header);
	return n;
}

static void put_dates(struct buf *record, struct slice said, int64_t internal_date)
{
	int64_t date;
	int zone;

	if (!said.p || !date_parse(said, &date, &zone)) {
		date = internal_date;
		zone = 0;
	}
	num_put64(at(record, AT_INTERNAL_DATE), (uint64_t)internal_date);
	num_put64(at(record, AT_DATE), (uint64_t)date);
	*at(record, AT_ZONE) = (unsigned char)((unsigned)zone >> 8);
	*at(record, AT_ZONE + 1) = (unsigned char)zone;
}

/* The length of what was added since `begin`, as number i of the lengths. */
static void put_length(struct buf *record, int i, size_t begin)
{
	num_put32(at(record, AT_LENGTHS + 4 * (size_t)i), (uint32_t)(record->n - begin));
}

void summary_make(struct slice message, int64_t internal_date, struct buf *record)
{
	struct pool pool = { 0 };
	const struct msg_part *root = msg_parse(&pool, message);
	struct slice header = msg_header(root, message);
	struct slice date = { 0 };
	uint64_t before = 0;
	uint32_t n_parts;
	size_t begin;

	buf_clear(record);
	memset(buf_room(record, FIXED_SIZE + 2048), 0, FIXED_SIZE);
	record->n = FIXED_SIZE;
	*at(record, AT_VERSION) = VERSION;
	num_put64(at(record, AT_SIZE), message.n);

	begin = record->n;
	summary_envelope(header, record);
	put_length(record, 0, begin);
	begin = record->n;
	summary_structure(root, message, true, record);
	put_length(record, 1, begin);
	begin = record->n;
	if (put_fields(record, header, &date))
		*at(record, AT_FLAGS) = COMPLETE;
	put_dates(record, date, internal_date);
	put_length(record, 2, begin);
	n_parts = put_parts(record, root, 0, &before);
	num_put32(at(record, AT_LENGTHS + 12), n_parts);
	pool_done(&pool);
}

void summary_set_body(struct buf *record, uint64_t body)
{
	num_put64(at(record, AT_BODY), body);
}

/* --- reading --- */

static bool get_varint(struct slice *rest, uint64_t *out)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 63 && rest->n > 0; shift += 7) {
		unsigned char c = (unsigned char)rest->p[0];

		*rest = slice_from(*rest, 1);
		v |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80) {
			*out = v;
			return true;
		}
	}
	return false;
}

/* Add a varint to *offset, which must stay within the message. */
static bool advance(struct slice *rest, uint64_t size, uint64_t *offset)
{
	uint64_t v;

	if (!get_varint(rest, &v) || v > size - *offset)
		return false;
	*offset += v;
	return true;
}

static bool get_part(struct slice *rest, uint64_t size, struct summary_part *p)
{
	unsigned char first;

	if (rest->n == 0)
		return false;
	first = (unsigned char)rest->p[0];
	*rest = slice_from(*rest, 1);
	p->depth = first >> 2;
	p->kind = first & 3;
	if (!advance(rest, size, &p->header))
		return false;
	p->body = p->header;
	if (!advance(rest, size, &p->body))
		return false;
	p->end = p->body;
	return advance(rest, size, &p->end) && p->kind <= SUMMARY_MESSAGE;
}

/* One root, and only containers have children. */
static bool follows(const struct summary_part *before, const struct summary_part *p)
{
	if (!before)
		return p->depth == 0;
	return p->depth > 0 && p->depth <= before->depth + (before->kind != SUMMARY_LEAF);
}

static bool get_parts(struct slice rest, struct pool *pool, struct summary *out)
{
	struct summary_part *parts;

	if (out->n_parts == 0 || out->n_parts > rest.n / PART_MIN)
		return false;
	out->parts = parts = pool_get(pool, out->n_parts * sizeof *parts);
	for (size_t i = 0; i < out->n_parts; i++) {
		if (i > 0)
			parts[i].header = parts[i - 1].header;
		if (!get_part(&rest, out->size, &parts[i]) ||
		    !follows(i > 0 ? &parts[i - 1] : NULL, &parts[i]))
			return false;
	}
	return rest.n == 0;
}

static bool get_slice(struct slice *rest, uint32_t n, struct slice *out)
{
	if (n > rest->n)
		return false;
	*out = slice_head(*rest, n);
	*rest = slice_from(*rest, n);
	return true;
}

bool summary_read(struct slice record, struct pool *pool, struct summary *out)
{
	const unsigned char *p = (const unsigned char *)record.p;
	struct slice rest = slice_from(record, FIXED_SIZE);

	*out = (struct summary){ 0 };
	if (record.n < FIXED_SIZE || p[AT_VERSION] != VERSION)
		return false;
	out->fields_complete = p[AT_FLAGS] & COMPLETE;
	out->body = num_get64(p + AT_BODY);
	out->size = num_get64(p + AT_SIZE);
	out->internal_date = (int64_t)num_get64(p + AT_INTERNAL_DATE);
	out->date = (int64_t)num_get64(p + AT_DATE);
	out->zone = (int16_t)(p[AT_ZONE] << 8 | p[AT_ZONE + 1]);
	if (!get_slice(&rest, num_get32(p + AT_LENGTHS), &out->envelope) ||
	    !get_slice(&rest, num_get32(p + AT_LENGTHS + 4), &out->structure) ||
	    !get_slice(&rest, num_get32(p + AT_LENGTHS + 8), &out->fields))
		return false;
	if (!pool)
		return true;
	out->n_parts = num_get32(p + AT_LENGTHS + 12);
	return get_parts(rest, pool, out);
}
