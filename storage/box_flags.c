/* box_flags.c - STORE, EXPUNGE and keywords of a selected mailbox
 *
 * What the newest snapshot shows to need no change is left out before the
 * database is asked: STORE of a flag that is there writes nothing. */
#include "storage/box_seen.h"

/* --- which entries --- */

static void want(struct buf *wanted, const struct box_entry *entry)
{
	buf_add(wanted, &entry->uid, sizeof(entry->uid));
}

static const uint32_t *wanted_uids(const struct buf *wanted, size_t *n)
{
	*n = wanted->n / sizeof(uint32_t);
	return (const uint32_t *)(const void *)wanted->p;
}

static const struct box_entry *entry_of(const struct box_snap *snap, uint32_t uid)
{
	return box_snap_nth(snap, box_snap_find(snap, uid, false));
}

static int run(struct box_batch *batch, const struct box *box, struct buf *wanted, struct err *err)
{
	size_t n;
	const uint32_t *uids = wanted_uids(wanted, &n);

	batch->acct = box->acct;
	batch->box = box->id;
	int rc = box_batch_run(batch, uids, n, err);
	buf_done(wanted);
	return rc;
}

/* --- flags --- */

static uint64_t changed(
    const struct box_entry *entry, enum box_how how, uint64_t flags, uint64_t may)
{
	return (entry->flags & ~may) | (box_flags_changed(entry->flags, how, flags) & may);
}

/* With \Seen from somebody's own set: the other flags are the mailbox's. */
static int change_own(struct box_batch *batch, const struct box_entry *entry)
{
	struct box_entry own = *entry;
	bool was = box_seen_has(&batch->ranges, entry->uid);

	own.flags = (entry->flags & ~(uint64_t)BOX_SEEN) | (was ? BOX_SEEN : 0);
	uint64_t flags = changed(&own, batch->how, batch->flags, batch->may);
	bool is = flags & BOX_SEEN;
	flags = (flags & ~(uint64_t)BOX_SEEN) | (entry->flags & BOX_SEEN);
	if (flags != entry->flags && box_edit_flags(&batch->edit, entry, flags) < 0)
		return -1;
	if (is == was)
		return 0;
	box_seen_put(&batch->ranges, entry->uid, is);
	return flags != entry->flags ? 0 : box_edit_touch(&batch->edit, entry);
}

static int change_flags(struct box_batch *batch, const struct box_entry *entry)
{
	if (entry->modseq > batch->since) {
		want(batch->modified, entry);
		return 0;
	}
	if (batch->seen)
		return change_own(batch, entry);
	uint64_t flags = changed(entry, batch->how, batch->flags, batch->may);

	return box_edit_flags(&batch->edit, entry, flags);
}

int box_flags_since(struct box *box, const uint32_t *uids, size_t n, enum box_how how,
    uint64_t flags, uint64_t since, struct buf *modified, struct err *err)
{
	struct box_batch batch = {
		.one = change_flags,
		.how = how,
		.flags = flags,
		.may = box->may,
		.since = since,
		.modified = modified,
		.seen = box->seen,
	};
	struct box_snap *snap = box_snap(box);
	struct buf wanted = { 0 };

	for (size_t i = 0; i < n; i++) {
		const struct box_entry *entry = entry_of(snap, uids[i]);
		if (entry &&
		    (entry->modseq > since || changed(entry, how, flags, box->may) != entry->flags))
			want(&wanted, entry);
	}
	box_snap_free(&snap);
	return run(&batch, box, &wanted, err);
}

int box_flags(struct box *box, const uint32_t *uids, size_t n, enum box_how how, uint64_t flags,
    struct err *err)
{
	return box_flags_since(box, uids, n, how, flags, UINT64_MAX, NULL, err);
}

/* --- expunge --- */

static int drop_deleted(struct box_batch *batch, const struct box_entry *entry)
{
	if (!(entry->flags & BOX_DELETED))
		return 0;
	if (box_edit_drop(&batch->edit, entry) < 0)
		return -1;
	return box_message_drop(&batch->tx, entry->message);
}

static void want_deleted(struct buf *wanted, const struct box_entry *entry)
{
	if (entry && (entry->flags & BOX_DELETED))
		want(wanted, entry);
}

int box_expunge(struct box *box, const uint32_t *uids, size_t n, struct err *err)
{
	struct box_batch batch = { .one = drop_deleted };
	struct box_snap *snap = box_snap(box);
	struct buf wanted = { 0 };

	for (size_t i = 0; uids && i < n; i++)
		want_deleted(&wanted, entry_of(snap, uids[i]));
	for (uint32_t seq = 1; !uids && seq <= box_snap_count(snap); seq++)
		want_deleted(&wanted, box_snap_nth(snap, seq));
	box_snap_free(&snap);
	return run(&batch, box, &wanted, err);
}

/* --- keywords --- */

struct keyword_op {
	struct kv_write w;
	struct acct acct;
	uint32_t box;
	struct slice name;
	uint64_t bit;
	struct err *err;
	struct box_tx tx;
	struct box_edit edit;
};

static enum kv_result apply_keyword(struct kv_write *w, struct kv_txn *txn)
{
	struct keyword_op *op = (struct keyword_op *)w;

	enum kv_result result =
	    box_edit_again(&op->edit, &op->tx, txn, &op->acct, op->box, op->err);
	if (result != KV_DONE)
		return result;
	if (box_edit_keyword(&op->edit, op->name, &op->bit) < 0)
		return KV_FAILED;
	if (op->bit == 0) {
		err_set(op->err, ERR_LIMIT, "the mailbox has no room for one more keyword");
		return KV_REFUSED;
	}
	return box_edit_end(&op->edit) < 0 ? KV_FAILED : KV_DONE;
}

static void keyword_durable(struct kv_write *w)
{
	struct keyword_op *op = (struct keyword_op *)w;

	box_view_apply(op->acct.shard, &op->edit.change);
}

static uint64_t make_keyword(struct box *box, struct slice name, struct err *err)
{
	struct keyword_op op = {
		.w = { .apply = apply_keyword, .durable = keyword_durable },
		.acct = box->acct,
		.box = box->id,
		.name = name,
		.err = err,
	};

	int rc = box_write(box->acct.shard, &op.w, err);
	box_tx_done(&op.tx);
	box_edit_done(&op.edit);
	return rc == 0 ? op.bit : 0;
}

uint64_t box_keyword(struct box *box, struct slice name, bool create, struct err *err)
{
	struct box_snap *snap = box_snap(box);
	uint64_t bit;

	box_keyword_bit(snap->keywords, name, &bit);
	box_snap_free(&snap);
	return bit == 0 && create ? make_keyword(box, name, err) : bit;
}
