/* store_record.h - private to store_record.c and store_batch.c */
#ifndef STORAGE_STORE_RECORD_H
#define STORAGE_STORE_RECORD_H

#include "storage/dir_private.h"

/* Put one inside a change; an empty value removes. 0, -1. */
int store_record_write(struct kv_txn *txn, const char *room, struct slice key, struct slice value);
/* It is durable: who watches is told. */
void store_record_tell(const char *room, struct slice key, struct slice value);

/* True: this thread gathers what it puts, and has taken that. */
bool store_batch_takes(const char *room, struct slice key, struct slice value);

#endif
