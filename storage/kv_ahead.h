/* kv_ahead.h - reads of records whose keys mostly rise: with one of them those behind it are read
 *
 * To search the tree for each record costs several times as much as to copy the
 * next ones. Who asks for few, or for few of those that lie there, pays no more
 * than for kv_get. For records that are written once: what was read ahead may be
 * gone from the tree by the time it is asked for.
 *
 * Any thread but a loop's; one at a time. */
#ifndef STORAGE_KV_AHEAD_H
#define STORAGE_KV_AHEAD_H

#include "storage/kv.h"

/* Zero-initialised; stays with one tree. */
struct kv_ahead {
	struct buf records, value;
	size_t at; /* behind the record that was found last */
	unsigned held, found;
	unsigned asked; /* at all */
	unsigned alone; /* reads for which nothing is to be read ahead */
};

/* As kv_get; *value is valid until the next call. */
int kv_ahead_get(struct kv_ahead *ahead, struct kv *kv, struct slice key, struct slice *value);
void kv_ahead_done(struct kv_ahead *ahead);

#endif
