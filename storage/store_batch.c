/* store_batch.c - records of several rooms: gathered first, then put in one transaction */
#include "storage/store_batch.h"

#include "storage/store_record.h"

struct store_batch_record {
	struct store_batch_record *next;
	const char *room;
	struct slice key, value; /* an empty value removes */
};

static _Thread_local struct store_batch *gathering;

void store_batch_begin(struct store_batch *batch)
{
	*batch = (struct store_batch){ .pool.wipe = true };
	batch->end = &batch->first;
	gathering = batch;
}

bool store_batch_takes(const char *room, struct slice key, struct slice value)
{
	struct store_batch *batch = gathering;

	if (!batch)
		return false;
	*batch->end = pool_get(&batch->pool, sizeof(**batch->end));
	**batch->end = (struct store_batch_record){
		.room = pool_str(&batch->pool, slice_str(room)),
		.key = pool_slice(&batch->pool, key),
		.value = pool_slice(&batch->pool, value),
	};
	batch->end = &(*batch->end)->next;
	return true;
}

struct writing {
	struct dir_change change; /* first member */
	const struct store_batch *batch;
};

static enum kv_result write_all(struct dir_change *change, struct kv_txn *txn)
{
	const struct store_batch *batch = ((const struct writing *)change)->batch;
	int rc = 0;

	for (const struct store_batch_record *r = batch->first; rc == 0 && r; r = r->next)
		rc = store_record_write(txn, r->room, r->key, r->value);
	return dir_result(rc);
}

int store_batch_commit(struct store_batch *batch, struct err *err)
{
	struct writing writing = { .batch = batch };
	int rc = batch->first ? dir_commit(&writing.change, write_all, err) : 0;

	gathering = NULL;
	dir_change_done(&writing.change);
	for (const struct store_batch_record *r = batch->first; rc == 0 && r; r = r->next)
		store_record_tell(r->room, r->key, r->value);
	store_batch_drop(batch);
	return rc;
}

void store_batch_drop(struct store_batch *batch)
{
	gathering = NULL;
	pool_done(&batch->pool);
	*batch = (struct store_batch){ 0 };
}
