/* queue_index.c - the index of the queue made anew: for a store from before there was one, or
 * with rows of another form. Done once, then marked */
#include "core/num.h"
#include "storage/queue_private.h"

enum { BATCH = 500 };

static const struct slice mark = { "\0made", 5 };
static const struct slice version = { "\2", 1 }; /* what the mark says */

/* --- what is there goes --- */

struct clearing {
	struct kv_write w;
	size_t n; /* rows that went */
};

struct some_keys {
	struct buf keys;
	size_t n;
};

static bool take_key(void *arg, struct slice key, struct slice value)
{
	struct some_keys *some = arg;

	(void)value;
	num_put_bytes(&some->keys, key);
	return ++some->n < BATCH;
}

static enum kv_result apply_clearing(struct kv_write *w, struct kv_txn *txn)
{
	struct clearing *op = (struct clearing *)w;
	struct kv *due = queue_home()->queue_due;
	struct some_keys some = { .n = 0 };
	struct slice key, nothing = { 0 };

	int rc = kv_each(due, txn, nothing, nothing, take_key, &some);
	struct slice rest = buf_slice(&some.keys);
	while (rc == 0 && num_take_bytes(&rest, &key))
		rc = kv_del(due, txn, key);
	op->n = some.n;
	buf_done(&some.keys);
	return rc < 0 ? KV_FAILED : KV_DONE;
}

static int clear_index(struct err *err)
{
	struct clearing op = { .w.apply = apply_clearing };

	do {
		if (kv_write(queue_home()->env, &op.w) != KV_DONE)
			return err_set(err, ERR_TEMP, "the queue cannot be written");
	} while (op.n == BATCH);
	return 0;
}

/* --- made of the entries --- */

struct making {
	struct kv_write w;
	const uint64_t *ids;
	size_t n;
	bool last;
};

static enum kv_result apply_making(struct kv_write *w, struct kv_txn *txn)
{
	struct making *op = (struct making *)w;
	struct pool pool = { 0 };
	struct queue_entry entry;
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < op->n; i++) {
		rc = queue_load(op->ids[i], txn, &pool, &entry);
		if (rc == 1)
			rc = queue_due_put_all(txn, &entry);
		pool_reset(&pool);
	}
	pool_done(&pool);
	if (rc >= 0 && op->last)
		rc = kv_put(queue_home()->queue_due, txn, mark, version);
	return rc < 0 ? KV_FAILED : KV_DONE;
}

static bool take_id(void *arg, const struct queue_entry *entry)
{
	buf_add(arg, &entry->id, sizeof(entry->id));
	return true;
}

static int make_index(const struct buf *ids, struct err *err)
{
	const uint64_t *id = (const void *)ids->p;
	size_t n = ids->n / sizeof(*id), i = 0;

	do {
		size_t part = n - i < BATCH ? n - i : BATCH;
		struct making op = {
			.w.apply = apply_making,
			.ids = part > 0 ? id + i : NULL,
			.n = part,
			.last = i + part == n,
		};
		if (kv_write(queue_home()->env, &op.w) != KV_DONE)
			return err_set(err, ERR_TEMP, "the queue cannot be written");
		i += part;
	} while (i < n);
	return 0;
}

int shard_resume_queue(struct shard *shard, struct err *err)
{
	struct buf made = { 0 }, ids = { 0 };
	int rc = 0;

	int found = kv_get(shard->queue_due, NULL, mark, &made);
	bool current = found == 1 && slice_eq(buf_slice(&made), version);
	if (found < 0 || (!current && queue_each(take_id, &ids) < 0))
		rc = err_set(err, ERR_TEMP, "the queue cannot be read");
	else if (!current)
		rc = clear_index(err) == 0 ? make_index(&ids, err) : -1;
	buf_done(&made);
	buf_done(&ids);
	return rc;
}
