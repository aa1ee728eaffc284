/* fetch_items.c - the items of FETCH, and how a list of them is read */
#include "protocols/imap/fetch.h"

/* --- of the snapshot --- */

static void put_uid(struct imap_fetch *fetch, const struct imap_att *att, struct buf *out)
{
	(void)att;
	buf_addz(out, "UID ");
	buf_addu(out, fetch->entry->uid);
}

static void put_flags(struct imap_fetch *fetch, const struct imap_att *att, struct buf *out)
{
	(void)att;
	buf_addz(out, "FLAGS ");
	imap_put_flags(out, imap_fetch_flags(fetch), box_snap_keywords(fetch->im->shown));
}

static void put_internaldate(struct imap_fetch *fetch, const struct imap_att *att, struct buf *out)
{
	(void)att;
	buf_addz(out, "INTERNALDATE ");
	imap_put_date_time(out, fetch->entry->internal_date);
}

static void put_size(struct imap_fetch *fetch, const struct imap_att *att, struct buf *out)
{
	(void)att;
	buf_addz(out, "RFC822.SIZE ");
	buf_addu(out, fetch->entry->size);
}

/* RFC 7162 §3.1.4.2 */
static void put_modseq(struct imap_fetch *fetch, const struct imap_att *att, struct buf *out)
{
	(void)att;
	buf_addz(out, "MODSEQ (");
	buf_addu(out, fetch->entry->modseq);
	buf_addc(out, ')');
}

IMAP_FETCH_ITEM(uid) = { .name = "UID", .put = put_uid };
IMAP_FETCH_ITEM(flags) = { .name = "FLAGS", .put = put_flags };
IMAP_FETCH_ITEM(internaldate) = { .name = "INTERNALDATE", .put = put_internaldate };
IMAP_FETCH_ITEM(modseq) = { .name = "MODSEQ", .put = put_modseq };
IMAP_FETCH_ITEM(rfc822_size) = { .name = "RFC822.SIZE", .put = put_size };

/* --- of the summary --- */

static void put_envelope(struct imap_fetch *fetch, const struct imap_att *att, struct buf *out)
{
	(void)att;
	buf_addz(out, "ENVELOPE ");
	buf_adds(out, fetch->summary.envelope);
}

static void put_structure(struct imap_fetch *fetch, const struct imap_att *att, struct buf *out)
{
	(void)att;
	buf_addz(out, "BODYSTRUCTURE ");
	buf_adds(out, fetch->summary.structure);
}

IMAP_FETCH_ITEM(envelope) = {
	.name = "ENVELOPE",
	.needs = IMAP_NEEDS_SUMMARY,
	.put = put_envelope,
};

IMAP_FETCH_ITEM(bodystructure) = {
	.name = "BODYSTRUCTURE",
	.needs = IMAP_NEEDS_SUMMARY,
	.put = put_structure,
};

/* --- macros --- */

IMAP_FETCH_ITEM(all) = { .name = "ALL", .expands = "(FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)" };
IMAP_FETCH_ITEM(fast) = { .name = "FAST", .expands = "(FLAGS INTERNALDATE RFC822.SIZE)" };
IMAP_FETCH_ITEM(full) = {
	.name = "FULL",
	.expands = "(FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY)",
};

/* --- reading --- */

static const struct imap_fetch_item *find(struct slice name)
{
	for (size_t i = 0; i < imap_fetch_item_table_n; i++)
		if (slice_ieq(name, slice_str(imap_fetch_item_table[i]->name)))
			return imap_fetch_item_table[i];
	return NULL;
}

static struct imap_att *parse_one(
    struct pool *pool, struct slice *in, const struct imap_fetch_item *item)
{
	struct imap_att *att = pool_get(pool, sizeof *att);

	att->item = item;
	att->needs = item->needs;
	att->marks = item->marks;
	return !item->parse || item->parse(pool, in, att) ? att : NULL;
}

/* Behind the opening bracket. */
static struct imap_att *parse_list(struct pool *pool, struct slice *in)
{
	struct imap_att *list = NULL, **last = &list;
	struct slice name;

	do {
		const struct imap_fetch_item *item = imap_word(in, &name) ? find(name) : NULL;

		if (!item || item->expands)
			return NULL;
		*last = parse_one(pool, in, item);
		if (!*last)
			return NULL;
		last = &(*last)->next;
	} while (imap_take(in, ' '));
	return imap_take(in, ')') ? list : NULL;
}

struct imap_att *imap_fetch_parse(struct pool *pool, struct slice *in)
{
	struct slice name;

	if (imap_take(in, '('))
		return parse_list(pool, in);
	const struct imap_fetch_item *item = imap_word(in, &name) ? find(name) : NULL;
	if (!item)
		return NULL;
	if (!item->expands)
		return parse_one(pool, in, item);
	struct slice list = slice_from(slice_str(item->expands), 1);
	return parse_list(pool, &list);
}

bool imap_fetch_asks(const struct imap_att *atts, const struct imap_fetch_item *item)
{
	for (; atts; atts = atts->next)
		if (atts->item == item)
			return true;
	return false;
}

struct imap_att *imap_fetch_with(
    struct pool *pool, struct imap_att *atts, const struct imap_fetch_item *item)
{
	if (imap_fetch_asks(atts, item))
		return atts;
	struct imap_att *first = pool_get(pool, sizeof *first);
	*first = (struct imap_att){ .item = item, .needs = item->needs, .next = atts };
	return first;
}
