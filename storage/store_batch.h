/* store_batch.h - records put by several calls, written as one change
 *
 * Between store_batch_begin and its end, what this thread puts by store_record_put and
 * store_records_put is gathered, and is on the disk, all of it or nothing, when
 * store_batch_commit returns. What is read meanwhile is as it was before. Not one within
 * another. */
#ifndef STORAGE_STORE_BATCH_H
#define STORAGE_STORE_BATCH_H

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"

struct store_batch {
	struct pool pool;
	struct store_batch_record *first, **end;
};

void store_batch_begin(struct store_batch *batch);
/* 0, or -1 with the reason and nothing written. */
int store_batch_commit(struct store_batch *batch, struct err *err);
void store_batch_drop(struct store_batch *batch);

#endif
