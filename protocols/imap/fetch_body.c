/* fetch_body.c - BODY[...] and its old names: text of a message or of its parts */
#include "protocols/imap/fetch.h"

enum {
	HEADER_PIECE = 8 * 1024,
	HEADER_MAX = 1024 * 1024, /* more of a header is not looked through for fields */
};

/* --- writing --- */

/* RFC 9051 §6.4.5: what lies beyond the end is empty. */
static void cut(const struct imap_section *section, uint64_t *from, uint64_t *end)
{
	if (!section->partial)
		return;
	if (section->from > *end - *from)
		*from = *end;
	else
		*from += section->from;
	if (section->count < *end - *from)
		*end = *from + section->count;
}

static void put_literal_size(struct buf *out, uint64_t size)
{
	buf_addz(out, " {");
	buf_addu(out, size);
	buf_addz(out, "}\r\n");
}

static void promise(struct imap_fetch *fetch, uint64_t from, uint64_t end, struct buf *out)
{
	put_literal_size(out, end - from);
	fetch->at = from;
	fetch->left = end - from;
}

static bool has_empty_line(struct slice s)
{
	return slice_find(s, SLICE("\r\n\r\n")) >= 0 || slice_find(s, SLICE("\n\n")) >= 0;
}

/* The header block and perhaps more; what is behind the empty line is not
   looked at. Of the message itself from the summary, when that has all. */
static struct slice read_header(
    struct imap_fetch *fetch, const struct imap_att *att, uint64_t from, uint64_t end)
{
	struct buf *header = &fetch->header;

	if ((att->needs & IMAP_NEEDS_FIELDS) && fetch->summary.fields_complete)
		return fetch->summary.fields;
	buf_clear(header);
	while (from < end && header->n < HEADER_MAX) {
		size_t seen = header->n > 3 ? header->n - 3 : 0;
		size_t want = end - from < HEADER_PIECE ? (size_t)(end - from) : HEADER_PIECE;
		ssize_t n = body_read(fetch->body, from, buf_room(header, want), want);

		if (n < 0)
			imap_fetch_break(fetch, from);
		if (n <= 0)
			break;
		header->n += (size_t)n;
		from += (uint64_t)n;
		if (has_empty_line(slice_from(buf_slice(header), seen)))
			break;
	}
	return buf_slice(header);
}

static void put_fields(struct imap_fetch *fetch, const struct imap_att *att, uint64_t from,
    uint64_t end, struct buf *out)
{
	buf_clear(&fetch->scratch);
	imap_section_fields(&att->section, read_header(fetch, att, from, end), &fetch->scratch);
	from = 0;
	end = fetch->scratch.n;
	cut(&att->section, &from, &end);
	put_literal_size(out, end - from);
	buf_add(out, fetch->scratch.p + from, (size_t)(end - from));
}

static void put_section(struct imap_fetch *fetch, const struct imap_att *att, struct buf *out)
{
	const struct imap_section *section = &att->section;
	uint64_t from, end;

	buf_addz(out, "BODY");
	imap_section_put(section, out);
	if (!imap_section_find(section, &fetch->summary, fetch->entry->size, &from, &end)) {
		buf_addz(out, " NIL");
	} else if (imap_section_is_fields(section)) {
		put_fields(fetch, att, from, end, out);
	} else {
		cut(section, &from, &end);
		promise(fetch, from, end, out);
	}
}

/* --- reading --- */

static bool all_cached(const struct imap_section *section)
{
	if (section->text != IMAP_FIELDS)
		return false;
	for (size_t i = 0; i < section->n_fields; i++)
		if (!summary_has_field(section->fields[i]))
			return false;
	return true;
}

static bool parse_section(struct pool *pool, struct slice *in, struct imap_att *att)
{
	if (!imap_section_parse(pool, in, &att->section))
		return false;
	if (att->section.depth > 0)
		att->needs = IMAP_NEEDS_SUMMARY | IMAP_NEEDS_PARTS | IMAP_NEEDS_BODY;
	else if (all_cached(&att->section))
		att->needs = IMAP_NEEDS_SUMMARY | IMAP_NEEDS_FIELDS;
	else if (att->section.text == IMAP_ALL || imap_section_is_fields(&att->section))
		att->needs = IMAP_NEEDS_BODY;
	else
		att->needs = IMAP_NEEDS_SUMMARY | IMAP_NEEDS_PARTS | IMAP_NEEDS_BODY;
	return true;
}

IMAP_FETCH_ITEM(body_peek) = {
	.name = "BODY.PEEK",
	.parse = parse_section,
	.put = put_section,
};

/* BODY alone is the structure without extension data. */
static void put_body(struct imap_fetch *fetch, const struct imap_att *att, struct buf *out)
{
	if (att->marks) {
		put_section(fetch, att, out);
		return;
	}
	buf_addz(out, "BODY ");
	summary_body(fetch->whole, out);
}

static bool parse_body(struct pool *pool, struct slice *in, struct imap_att *att)
{
	if (in->n == 0 || *in->p != '[') {
		att->needs = IMAP_NEEDS_WHOLE;
		return true;
	}
	att->marks = true;
	return parse_section(pool, in, att);
}

IMAP_FETCH_ITEM(body) = {
	.name = "BODY",
	.parse = parse_body,
	.put = put_body,
};

/* --- the names of RFC 1730 --- */

static void put_old(
    struct imap_fetch *fetch, const struct imap_att *att, enum imap_text text, struct buf *out)
{
	const struct imap_section section = { .text = text };
	uint64_t from = 0, end = 0;

	buf_addz(out, att->item->name);
	imap_section_find(&section, &fetch->summary, fetch->entry->size, &from, &end);
	promise(fetch, from, end, out);
}

static void put_rfc822(struct imap_fetch *fetch, const struct imap_att *att, struct buf *out)
{
	put_old(fetch, att, IMAP_ALL, out);
}

static void put_rfc822_header(struct imap_fetch *fetch, const struct imap_att *att, struct buf *out)
{
	put_old(fetch, att, IMAP_HEADER, out);
}

static void put_rfc822_text(struct imap_fetch *fetch, const struct imap_att *att, struct buf *out)
{
	put_old(fetch, att, IMAP_TEXT, out);
}

IMAP_FETCH_ITEM(rfc822) = {
	.name = "RFC822",
	.needs = IMAP_NEEDS_BODY,
	.marks = true,
	.put = put_rfc822,
};

IMAP_FETCH_ITEM(rfc822_header) = {
	.name = "RFC822.HEADER",
	.needs = IMAP_NEEDS_SUMMARY | IMAP_NEEDS_PARTS | IMAP_NEEDS_BODY,
	.put = put_rfc822_header,
};

IMAP_FETCH_ITEM(rfc822_text) = {
	.name = "RFC822.TEXT",
	.needs = IMAP_NEEDS_SUMMARY | IMAP_NEEDS_PARTS | IMAP_NEEDS_BODY,
	.marks = true,
	.put = put_rfc822_text,
};
