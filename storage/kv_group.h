/* kv_group.h - private to kv_*.c: writes gathered into transactions
 *
 * Knows nothing about the database but these functions; one thread at a time
 * is inside them, settle() apart. */
#ifndef STORAGE_KV_GROUP_H
#define STORAGE_KV_GROUP_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/loop.h"
#include "storage/kv.h"

enum kv_trouble {
	KV_TROUBLE_NONE,
	KV_TROUBLE_CONFLICT, /* lost a deadlock: run it all again */
	KV_TROUBLE_FAILED,
};

/* The transaction that is open. Whoever fails in it leaves a note, so that it
   is not committed even if an apply() forgets to say so. */
struct kv_txn {
	void *handle;
	enum kv_trouble trouble;
};

struct kv_engine {
	int (*prepare)(void *arg); /* room on the disk, bodies durable; 0 or -1 */
	int (*begin)(void *arg, struct kv_txn *txn);
	enum kv_trouble (*commit)(void *arg, struct kv_txn *txn); /* visible, not yet durable */
	void (*abort)(void *arg, struct kv_txn *txn);
	void (*flush)(void *arg); /* durable; it does not fail (the process would end) */
};

struct kv_group {
	const struct kv_engine *engine;
	void *arg;
	pthread_mutex_t lock;
	pthread_cond_t settled;
	struct kv_write *first, **end; /* not yet taken */
	unsigned queued;	       /* how many those are */
	bool led;		       /* a thread is the leader */
	bool called;		       /* `caller` is on its way to a worker */
	struct task caller;
	uint64_t begun, durable; /* batches */
	/* How long making durable takes, when the last batch ended, how many
	   writes there will be if all who were in it come again. */
	uint64_t flush_ns, ended_ns;
	unsigned expected;
	unsigned in_vain; /* rounds in which not to wait, as it did not help */
	bool gathering;
	pthread_cond_t gathered;
	uint64_t writes, commits, syncs, retries;
};

void kv_group_init(struct kv_group *group, const struct kv_engine *engine, void *arg);
void kv_group_done(struct kv_group *group);
enum kv_result kv_group_write(struct kv_group *group, struct kv_write *w);
void kv_group_begin(struct kv_group *group, struct kv_write *w);
void kv_group_settle(struct kv_group *group);

#endif
