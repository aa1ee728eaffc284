/* kv_bdb.h - private to kv_bdb*.c: what a handle is */
#ifndef STORAGE_KV_BDB_H
#define STORAGE_KV_BDB_H

#include <db.h>

#include "storage/kv_group.h"

enum { KV_PAGE_SIZE = 16384 };

struct kv_env {
	DB_ENV *db;
	char *dir;
	bool opened;
	bool full; /* the disk; the leader's */
	uint64_t reserve;
	int (*before_commit)(void *arg);
	void *before_arg;
	int64_t patience_us; /* of a reader that loses its pages to the writer, again and again */
	struct kv *trees;
	struct kv_group group;
	pthread_mutex_t logs; /* old ones stay while it is held */
};

struct kv {
	DB *db;
	struct kv_env *env;
	struct kv *next;
};

/* Note trouble in txn (may be NULL) and log it, unless it is the writer's conflict.
   Returns -1. */
int kv_fail(struct kv_env *env, struct kv_txn *txn, const char *what, int ret);

/* Before the library is used for anything else, as often as one likes: where its
   memory comes from. What it gives its callers is malloc's (DB_ENV->set_alloc).
   0, or its error. */
int kv_bdb_memory(void);

#endif
