/* acct_record.c - small records of an account for other rooms
 *
 * In the shard's tree "box": account 'r' room NUL key. So they go with all else
 * of the account (box_purge.c). */
#include "storage/acct_record.h"

#include "storage/box_private.h"

size_t box_record_key(struct buf *out, uint64_t account, const char *room, struct slice key)
{
	struct box_key kind = box_kind_key(account, 'r');

	buf_clear(out);
	buf_adds(out, box_key_slice(&kind));
	buf_addz(out, room);
	buf_addc(out, '\0');
	size_t n = out->n;
	buf_adds(out, key);
	return n;
}

/* --- read --- */

int acct_record_get(struct acct *acct, const char *room, struct slice key, struct buf *value)
{
	struct buf full = { 0 };

	box_record_key(&full, acct->id, room, key);
	int found = kv_get(acct->shard->box, NULL, buf_slice(&full), value);
	buf_done(&full);
	kv_settle(acct->shard->env);
	return found;
}

struct each {
	size_t skip;
	bool (*visit)(void *arg, struct slice key, struct slice value);
	void *arg;
};

static bool see(void *arg, struct slice key, struct slice value)
{
	const struct each *each = arg;

	return each->visit(each->arg, slice_from(key, each->skip), value);
}

int acct_record_each(struct acct *acct, const char *room, struct slice prefix,
    bool (*visit)(void *arg, struct slice key, struct slice value), void *arg)
{
	struct buf full = { 0 };
	struct each each = { box_record_key(&full, acct->id, room, prefix), visit, arg };

	kv_settle(acct->shard->env);
	int rc = kv_each(acct->shard->box, NULL, buf_slice(&full), (struct slice){ 0 }, see, &each);
	buf_done(&full);
	return rc;
}

/* --- write --- */

struct record_write {
	struct kv_write w;
	struct acct *acct;
	const char *room;
	const struct acct_record *records; /* those to put */
	size_t n;
	uint32_t box; /* whose they are, or 0 */
	struct box_edit edit;
	/* Or the one to change. */
	struct slice key;
	int (*change)(void *arg, struct slice value, struct buf *out, struct err *err);
	void *arg;
	struct err *err;
	struct box_tx tx;
	struct buf full, value, made;
};

static int check_size(size_t key, size_t value, struct err *err)
{
	if (key > ACCT_RECORD_KEY_MAX || value > ACCT_RECORD_VALUE_MAX)
		return err_set(err, ERR_LIMIT, "this is more than can be kept in one piece");
	return 0;
}

int box_record_get(struct box_tx *tx, const char *room, struct slice key, struct buf *value)
{
	box_record_key(&tx->key, tx->account, room, key);
	return kv_get(tx->shard->box, tx->txn, buf_slice(&tx->key), value);
}

int box_record_put(struct box_tx *tx, const char *room, struct slice key, struct slice value)
{
	struct kv *tree = tx->shard->box;

	box_record_key(&tx->key, tx->account, room, key);
	return value.n > 0 ? kv_put(tree, tx->txn, buf_slice(&tx->key), value)
			   : kv_del(tree, tx->txn, buf_slice(&tx->key));
}

static enum kv_result begin(struct record_write *op, struct kv_txn *txn)
{
	int found = box_tx_begin(&op->tx, txn, op->acct->shard, op->acct->id);

	if (found == 1)
		return KV_DONE;
	if (found < 0)
		return KV_FAILED;
	err_set(op->err, ERR_ABSENT, "the account was removed");
	return KV_REFUSED;
}

static enum kv_result touch_mailbox(struct record_write *op, struct kv_txn *txn)
{
	enum kv_result result = box_edit_again(&op->edit, &op->tx, txn, op->acct, op->box, op->err);

	op->edit.change.any = true;
	return result == KV_DONE && box_edit_end(&op->edit) < 0 ? KV_FAILED : result;
}

static enum kv_result apply_put(struct kv_write *w, struct kv_txn *txn)
{
	struct record_write *op = (struct record_write *)w;
	enum kv_result result = op->box ? touch_mailbox(op, txn) : begin(op, txn);

	for (size_t i = 0; result == KV_DONE && i < op->n; i++)
		if (box_record_put(&op->tx, op->room, op->records[i].key, op->records[i].value) < 0)
			result = KV_FAILED;
	return result;
}

static void durable_put(struct kv_write *w)
{
	struct record_write *op = (struct record_write *)w;

	if (op->box)
		box_view_apply(op->acct->shard, &op->edit.change);
}

static enum kv_result apply_change(struct kv_write *w, struct kv_txn *txn)
{
	struct record_write *op = (struct record_write *)w;
	enum kv_result result = begin(op, txn);

	if (result != KV_DONE)
		return result;
	box_record_key(&op->full, op->acct->id, op->room, op->key);
	int found = kv_get(op->acct->shard->box, txn, buf_slice(&op->full), &op->value);
	if (found < 0)
		return KV_FAILED;
	if (found == 0)
		buf_clear(&op->value);
	buf_clear(&op->made);
	if (op->change(op->arg, buf_slice(&op->value), &op->made, op->err) < 0 ||
	    check_size(op->key.n, op->made.n, op->err) < 0)
		return KV_REFUSED;
	return box_record_put(&op->tx, op->room, op->key, buf_slice(&op->made)) < 0 ? KV_FAILED
										    : KV_DONE;
}

static int commit(struct record_write *op)
{
	int rc = box_write(op->acct->shard, &op->w, op->err);

	box_tx_done(&op->tx);
	box_edit_done(&op->edit);
	buf_done(&op->full);
	buf_wipe(&op->value);
	buf_wipe(&op->made);
	return rc;
}

int acct_record_put_of(struct acct *acct, const char *room, uint32_t box,
    const struct acct_record *records, size_t n, struct err *err)
{
	struct record_write op = { .w = { .apply = apply_put, .durable = durable_put },
		.acct = acct,
		.room = room,
		.box = box,
		.records = records,
		.n = n,
		.err = err };

	for (size_t i = 0; i < n; i++)
		if (check_size(records[i].key.n, records[i].value.n, err) < 0)
			return -1;
	return commit(&op);
}

int acct_record_put(struct acct *acct, const char *room, const struct acct_record *records,
    size_t n, struct err *err)
{
	return acct_record_put_of(acct, room, 0, records, n, err);
}

int acct_record_change(struct acct *acct, const char *room, struct slice key,
    int (*change)(void *arg, struct slice value, struct buf *out, struct err *err), void *arg,
    struct err *err)
{
	struct record_write op = { .w.apply = apply_change,
		.acct = acct,
		.room = room,
		.key = key,
		.change = change,
		.arg = arg,
		.err = err };

	return commit(&op);
}
