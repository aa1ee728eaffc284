/* box_purge.c - clear away removed mailboxes and accounts, a bounded number of records at a time
 *
 * What is removed is marked first, in the transaction that hides it; then its
 * entries and records go in steps, so that no other writer waits long. A mark
 * that is found at the next start says what was not finished. */
#include "storage/box_private.h"

#include <stdlib.h>

#include "core/log.h"
#include "core/num.h"
#include "storage/acct_record.h"
#include "storage/find.h"

enum { STEP = 500 };

struct purge {
	struct kv_write w;
	struct shard *shard;
	uint64_t account;
	uint32_t box; /* 0: all of the account */
	bool finished;
	struct box_tx tx;

	/* One step's. */
	size_t n;
	struct buf keys;     /* each with its length before it */
	struct buf messages; /* uint64_t: of the entries in those records */
};

/* --- records of one step --- */

static void begin_step(struct purge *purge)
{
	purge->n = 0;
	buf_clear(&purge->keys);
	buf_clear(&purge->messages);
}

static bool collect_key(struct purge *purge, struct slice key)
{
	uint32_t n = (uint32_t)key.n;

	buf_add(&purge->keys, &n, sizeof(n));
	buf_adds(&purge->keys, key);
	return ++purge->n < STEP;
}

static int remove_keys(struct purge *purge, struct kv *tree)
{
	for (struct slice rest = buf_slice(&purge->keys); rest.n > 0;) {
		uint32_t n;
		memcpy(&n, rest.p, sizeof(n));
		rest = slice_from(rest, sizeof(n));
		if (kv_del(tree, purge->tx.txn, slice_head(rest, n)) < 0)
			return -1;
		rest = slice_from(rest, n);
	}
	return 0;
}

/* --- entries --- */

/* Of a damaged one nobody knows which messages were in it. */
static bool collect_entries(void *arg, struct slice key, struct slice value)
{
	struct purge *purge = arg;
	struct box_entry entries[BOX_BLOCK];
	int n = box_entry_list(key, value, entries);

	if (n < 0)
		log_event(LOG_ERROR, "record-damaged", log_z("record", "entry"),
		    log_n("account", (int64_t)purge->account), log_n("mailbox", purge->box));
	for (int i = 0; i < n; i++)
		buf_add(&purge->messages, &entries[i].message, sizeof(entries[i].message));
	return collect_key(purge, key) && purge->messages.n / sizeof(uint64_t) + BOX_BLOCK <= STEP;
}

static int purge_entries(struct purge *purge)
{
	struct box_key prefix = box_entries_key(purge->account, purge->box);
	const uint64_t *messages;

	if (purge->box == 0)
		prefix.n = 8;
	begin_step(purge);
	if (kv_each(purge->shard->entry, purge->tx.txn, box_key_slice(&prefix), (struct slice){ 0 },
		collect_entries, purge) < 0)
		return -1;
	messages = (const void *)purge->messages.p;
	for (size_t i = 0; i < purge->messages.n / sizeof(*messages); i++)
		if (box_message_drop(&purge->tx, messages[i]) < 0)
			return -1;
	return remove_keys(purge, purge->shard->entry);
}

/* --- other records: of an account, or what rooms have noted of a mailbox --- */

static bool collect_record(void *arg, struct slice key, struct slice value)
{
	(void)value;
	if (key.p[8] == 'a')
		return true; /* says that the account is gone, for ever */
	return collect_key(arg, key);
}

static int collect_keys(struct purge *purge, struct slice prefix)
{
	return kv_each(
	    purge->shard->box, purge->tx.txn, prefix, (struct slice){ 0 }, collect_record, purge);
}

static int collect_account(struct purge *purge)
{
	struct box_key prefix = box_entries_key(purge->account, 0);

	prefix.n = 8;
	return collect_keys(purge, box_key_slice(&prefix));
}

static int collect_notes(struct purge *purge)
{
	unsigned char box[4];
	struct buf prefix = { 0 };
	int rc = 0;

	num_put32(box, purge->box);
	for (size_t i = 0; rc == 0 && purge->n < STEP && i < box_notes_table_n; i++) {
		box_record_key(&prefix, purge->account, box_notes_table[i]->room,
		    slice_of((const char *)box, sizeof(box)));
		rc = collect_keys(purge, buf_slice(&prefix));
	}
	buf_done(&prefix);
	return rc;
}

static int purge_records(struct purge *purge)
{
	begin_step(purge);
	if ((purge->box == 0 ? collect_account(purge) : collect_notes(purge)) < 0)
		return -1;
	return remove_keys(purge, purge->shard->box);
}

/* --- steps --- */

static enum kv_result apply_step(struct kv_write *w, struct kv_txn *txn)
{
	struct purge *purge = (struct purge *)w;

	purge->finished = false;
	if (box_tx_begin(&purge->tx, txn, purge->shard, purge->account) < 0 ||
	    purge_entries(purge) < 0)
		return KV_FAILED;
	if (purge->n > 0)
		return KV_DONE;
	if (purge_records(purge) < 0)
		return KV_FAILED;
	if (purge->n > 0)
		return KV_DONE;
	purge->finished = true;
	return box_dead_del(&purge->tx, purge->box) < 0 ? KV_FAILED : KV_DONE;
}

int box_purge(struct shard *shard, uint64_t account, uint32_t box, struct err *err)
{
	struct purge *purge = mem_get(sizeof(*purge));
	int rc = 0;

	purge->w.apply = apply_step;
	purge->shard = shard;
	purge->account = account;
	purge->box = box;
	while (rc == 0 && !purge->finished)
		rc = box_write(shard, &purge->w, err);
	box_tx_done(&purge->tx);
	buf_done(&purge->keys);
	buf_done(&purge->messages);
	free(purge);
	return rc;
}

/* --- accounts --- */

struct end_account {
	struct kv_write w;
	struct shard *shard;
	uint64_t account;
	struct box_tx tx;
};

/* The record stays, so that a delivery that was under way finds it. */
static enum kv_result apply_end(struct kv_write *w, struct kv_txn *txn)
{
	struct end_account *op = (struct end_account *)w;
	struct box_acct gone = { .gone = true };

	if (box_tx_begin(&op->tx, txn, op->shard, op->account) < 0 ||
	    box_acct_put(&op->tx, &gone) < 0 || box_dead_put(&op->tx, 0) < 0)
		return KV_FAILED;
	return KV_DONE;
}

static void ended(struct kv_write *w)
{
	struct end_account *op = (struct end_account *)w;

	box_view_account_gone(op->shard, op->account);
}

int shard_purge_account(struct shard *shard, uint64_t account, struct err *err)
{
	struct end_account op = {
		.w = { .apply = apply_end, .durable = ended }, .shard = shard, .account = account
	};
	int rc = box_write(shard, &op.w, err);

	box_tx_done(&op.tx);
	rc = rc < 0 ? -1 : box_purge(shard, account, 0, err);
	find_forget(shard, account);
	return rc;
}

/* --- at the start --- */

static bool collect_mark(void *arg, struct slice key, struct slice value)
{
	(void)value;
	buf_adds(arg, slice_from(key, 8 + 1));
	return true;
}

int shard_resume(struct shard *shard, struct err *err)
{
	enum { MARK = 8 + 4 };
	struct box_key prefix = box_kind_key(0, 'd');
	struct buf marks = { 0 };
	int rc = kv_each(
	    shard->box, NULL, box_key_slice(&prefix), (struct slice){ 0 }, collect_mark, &marks);

	if (rc < 0)
		err_set(err, ERR_TEMP, "%s: cannot be read", shard->dir);
	for (size_t i = 0; rc == 0 && i + MARK <= marks.n; i += MARK) {
		const unsigned char *mark = (const unsigned char *)marks.p + i;
		rc = box_purge(shard, num_get64(mark), num_get32(mark + 8), err);
	}
	buf_done(&marks);
	return rc == 0 ? box_half_resume(shard, err) : rc;
}
