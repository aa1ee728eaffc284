/* cmd_status.c - STATUS (RFC 3501 §6.3.10, RFC 8438): counters of a mailbox, none of which is
 * counted here */
#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"
#include "protocols/imap/place.h"
#include "protocols/imap/status.h"

static uint64_t messages(const struct box_status *status)
{
	return status->messages;
}

static uint64_t recent(const struct box_status *status)
{
	return status->recent;
}

static uint64_t uidnext(const struct box_status *status)
{
	return status->uidnext;
}

static uint64_t uidvalidity(const struct box_status *status)
{
	return status->uidvalidity;
}

static uint64_t unseen(const struct box_status *status)
{
	return status->unseen;
}

static uint64_t deleted(const struct box_status *status)
{
	return status->deleted;
}

static uint64_t size(const struct box_status *status)
{
	return status->size;
}

static uint64_t highestmodseq(const struct box_status *status)
{
	return status->modseq;
}

IMAP_STATUS_ITEM(messages) = { .name = "MESSAGES", .value = messages };
IMAP_STATUS_ITEM(recent) = { .name = "RECENT", .value = recent };
IMAP_STATUS_ITEM(uidnext) = { .name = "UIDNEXT", .value = uidnext };
IMAP_STATUS_ITEM(uidvalidity) = { .name = "UIDVALIDITY", .value = uidvalidity };
IMAP_STATUS_ITEM(unseen) = { .name = "UNSEEN", .value = unseen };
IMAP_STATUS_ITEM(deleted) = { .name = "DELETED", .value = deleted };
IMAP_STATUS_ITEM(size) = { .name = "SIZE", .value = size };
IMAP_STATUS_ITEM(highestmodseq) = { .name = "HIGHESTMODSEQ", .value = highestmodseq };

/* --- for LIST, too --- */

static bool item(struct slice *in, uint64_t *items)
{
	struct slice name;

	if (!imap_word(in, &name))
		return false;
	for (size_t i = 0; i < imap_status_item_table_n; i++) {
		if (slice_ieq(name, slice_str(imap_status_item_table[i]->name))) {
			*items |= (uint64_t)1 << i;
			return true;
		}
	}
	return false;
}

bool imap_status_items(struct slice *in, uint64_t *items)
{
	*items = 0;
	if (!imap_take(in, '('))
		return false;
	do {
		if (!item(in, items))
			return false;
	} while (imap_take(in, ' '));
	return imap_take(in, ')');
}

void imap_put_status(
    struct imap *im, struct slice name, uint64_t items, const struct box_status *status)
{
	struct buf *out = sess_out(im->sess);
	char before = '(';

	buf_addz(out, "* STATUS ");
	imap_put_name(im, name);
	buf_addc(out, ' ');
	for (size_t i = 0; i < imap_status_item_table_n; i++) {
		const struct imap_status_item *it = imap_status_item_table[i];

		if (!(items >> i & 1))
			continue;
		buf_addc(out, before);
		buf_addz(out, it->name);
		buf_addc(out, ' ');
		if (it->before)
			buf_addz(out, it->before);
		buf_addu(out, it->value(status));
		if (it->behind)
			buf_addz(out, it->behind);
		before = ' ';
	}
	buf_addz(out, ")\r\n");
}

/* --- what is not kept --- */

static bool adds_up(uint64_t items)
{
	for (size_t i = 0; i < imap_status_item_table_n; i++)
		if ((items >> i & 1) && imap_status_item_table[i]->added_up)
			return true;
	return false;
}

static void add_up(const struct box_snap *snap, struct box_status *out)
{
	out->unseen = 0;
	for (uint32_t seq = box_snap_count(snap); seq > 0; seq--) {
		const struct box_entry *entry = box_snap_nth(snap, seq);

		out->unseen += !(entry->flags & BOX_SEEN);
		if (entry->flags & BOX_DELETED)
			out->deleted_size += entry->size;
	}
}

int imap_status(struct imap *im, struct imap_place *place, uint64_t items, struct box_status *out,
    struct err *err)
{
	if (box_status(place->acct, place->name, out, err) != 0)
		return -1;
	bool own = place->foreign && box_seen_apart(place->acct, place->box) == 1;
	if (!own && !adds_up(items))
		return 0;
	struct box *box = box_open(place->acct, place->name, err);
	if (!box)
		return -1;
	if (own)
		box_seen_as(box, slice_str(im->who));
	struct box_snap *snap = box_snap(box);
	add_up(snap, out);
	box_snap_free(&snap);
	box_close(&box);
	return 0;
}

/* --- the command --- */

static enum imap_done run(struct imap *im, struct slice args)
{
	struct box_status status;
	struct slice name;
	uint64_t items;
	struct err err;

	if (!imap_take_name(im, &args, &name) || !imap_take(&args, ' ') ||
	    !imap_status_items(&args, &items) || !imap_end(args))
		return IMAP_BAD;
	struct imap_place *place = imap_find(im, name, RIGHT_READ, &err);
	if (!place || imap_status(im, place, items, &status, &err) != 0)
		return imap_failed(im, &err);
	imap_put_status(im, name, items, &status);
	return IMAP_OK;
}

IMAP_COMMAND(status) = {
	.name = "STATUS",
	.states = IMAP_KNOWN,
	.capability = "STATUS=SIZE",
	.ref = "RFC 3501 6.3.10",
	.run = run,
};
