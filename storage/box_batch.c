/* box_batch.c - do the same to many entries, in transactions that let others through */
#include "storage/box_seen.h"

enum { BATCH = 1000 };

/* KV_REFUSED when nothing was to be done costs no commit. */
static enum kv_result apply(struct kv_write *w, struct kv_txn *txn)
{
	struct box_batch *batch = (struct box_batch *)w;
	struct box_entry entry;

	enum kv_result result =
	    box_edit_again(&batch->edit, &batch->tx, txn, &batch->acct, batch->box, batch->err);
	if (result != KV_DONE)
		return result;
	if (batch->modified)
		batch->modified->n = batch->modified_n;
	if (batch->seen && box_seen_begin(batch) < 0)
		return KV_FAILED;
	for (size_t i = 0; i < batch->n; i++) {
		int found = box_entry_get(&batch->tx, batch->box, batch->uids[i], &entry);
		if (found < 0 || (found == 1 && batch->one(batch, &entry) < 0))
			return KV_FAILED;
	}
	batch->idle = !batch->edit.change.any;
	if (batch->idle)
		return KV_REFUSED;
	int full = batch->seen ? box_seen_end(batch) : 0;
	if (full != 0)
		return full < 0 ? KV_FAILED : KV_REFUSED;
	if (box_edit_end(&batch->edit) < 0 || box_tx_end(&batch->tx) < 0)
		return KV_FAILED;
	return KV_DONE;
}

static void durable(struct kv_write *w)
{
	struct box_batch *batch = (struct box_batch *)w;

	box_view_apply(batch->acct.shard, &batch->edit.change);
}

static int drop(struct box_batch *batch, const struct box_entry *entry)
{
	if (box_edit_drop(&batch->edit, entry) < 0)
		return -1;
	return box_message_drop(&batch->tx, entry->message);
}

int box_batch_drop(
    const struct acct *acct, uint32_t box, const uint32_t *uids, size_t n, struct err *err)
{
	struct box_batch batch = { .acct = *acct, .box = box, .one = drop };

	return box_batch_run(&batch, uids, n, err);
}

int box_batch_run(struct box_batch *batch, const uint32_t *uids, size_t n, struct err *err)
{
	int rc = 0;

	batch->w.apply = apply;
	batch->w.durable = durable;
	batch->err = err;
	for (size_t i = 0; rc == 0 && i < n; i += BATCH) {
		batch->uids = uids + i;
		batch->n = n - i < BATCH ? n - i : BATCH;
		batch->idle = false;
		batch->modified_n = batch->modified ? batch->modified->n : 0;
		if (box_write(batch->acct.shard, &batch->w, err) < 0 && !batch->idle)
			rc = -1;
	}
	box_tx_done(&batch->tx);
	box_edit_done(&batch->edit);
	buf_done(&batch->ranges);
	return rc;
}
