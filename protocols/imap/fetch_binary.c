/* fetch_binary.c - BINARY (RFC 3516): a part without its transfer encoding */
#include "core/msg.h"
#include "protocols/imap/fetch.h"

static void words(const struct imap *im, struct buf *out)
{
	(void)im;
	buf_addz(out, " BINARY");
}

IMAP_EXTENSION(binary) = { .words = words };

/* --- the part --- */

/* Decoded, into the scratch. False: there is no such part, or nobody knows its
   encoding. The message itself, and what holds other parts, is as it is. */
static bool decode(struct imap_fetch *fetch, const struct imap_att *att)
{
	uint64_t from, end;

	buf_clear(&fetch->scratch);
	if (!imap_section_find(&att->section, &fetch->summary, fetch->entry->size, &from, &end))
		return false;
	struct slice raw = slice_of(fetch->whole.p + from, (size_t)(end - from));
	if (att->section.depth && !fetch->parts)
		fetch->parts = msg_parse(&fetch->pool, fetch->whole);
	const struct msg_part *part =
	    att->section.depth ? imap_section_part(fetch->parts, from) : NULL;
	if (!part || part->children) {
		buf_adds(&fetch->scratch, raw);
		return true;
	}
	bool known = msg_decode(part->encoding, raw, &fetch->scratch);
	fetch->unknown_encoding |= !known; /* of any message, for the tagged line */
	return known;
}

/* --- BINARY and BINARY.PEEK --- */

static struct slice piece(const struct imap_att *att, struct slice data)
{
	if (!att->section.partial)
		return data;
	return slice_head(slice_from(data, att->section.from), att->section.count);
}

static void put(struct imap_fetch *fetch, const struct imap_att *att, struct buf *out)
{
	bool good = decode(fetch, att);
	struct slice data = piece(att, buf_slice(&fetch->scratch));

	buf_addz(out, "BINARY");
	imap_section_put(&att->section, out);
	if (!good) {
		buf_addz(out, " NIL");
		return;
	}
	buf_addz(out, slice_chr(data, '\0') < 0 ? " {" : " ~{");
	buf_addu(out, data.n);
	buf_addz(out, "}\r\n");
	buf_adds(out, data);
}

/* section-binary: part numbers alone */
static bool parse(struct pool *pool, struct slice *in, struct imap_att *att)
{
	return imap_section_parse(pool, in, &att->section) && att->section.text == IMAP_ALL;
}

#define NEEDS (IMAP_NEEDS_SUMMARY | IMAP_NEEDS_PARTS | IMAP_NEEDS_WHOLE)

IMAP_FETCH_ITEM(binary) = {
	.name = "BINARY",
	.needs = NEEDS,
	.marks = true,
	.parse = parse,
	.put = put,
};
IMAP_FETCH_ITEM(binary_peek) = {
	.name = "BINARY.PEEK",
	.needs = NEEDS,
	.parse = parse,
	.put = put,
};

/* --- BINARY.SIZE --- */

static void put_size(struct imap_fetch *fetch, const struct imap_att *att, struct buf *out)
{
	decode(fetch, att);
	buf_addz(out, "BINARY.SIZE");
	imap_section_put(&att->section, out);
	buf_addc(out, ' ');
	buf_addu(out, fetch->scratch.n);
}

static bool parse_size(struct pool *pool, struct slice *in, struct imap_att *att)
{
	return parse(pool, in, att) && !att->section.partial;
}

IMAP_FETCH_ITEM(binary_size) = {
	.name = "BINARY.SIZE",
	.needs = NEEDS,
	.parse = parse_size,
	.put = put_size,
};
