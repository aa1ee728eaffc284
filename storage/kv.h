/* kv.h - the key-value face of the database: one environment, trees, one writer at a time
 *
 * Keys sort bytewise; records start with a version byte. Changes are made by
 * writes: a function that is run inside a transaction. Writes that arrive
 * while another is being made durable are run together in the next
 * transaction, by one of the threads that wait, so that one fsync serves all
 * and writers never wait for each other's locks (group commit). A write sees
 * the writes before it. kv_write returns when the change is on disk; kv_write_begin
 * returns sooner, so that no thread sleeps and is woken for each write.
 *
 * Readers do not block writers. What a reader sees may be a moment younger
 * than what is durable; who tells the outside about it calls kv_settle first.
 *
 * Any thread but a loop's: everything here may wait for the disk. */
#ifndef STORAGE_KV_H
#define STORAGE_KV_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"

struct kv_env;
struct kv;
struct kv_txn;

struct kv_opts {
	const char *dir;  /* made when absent */
	size_t cache;	  /* bytes */
	uint64_t reserve; /* bytes of the disk to leave free: below, writes fail */
	/* Called before each transaction, by the thread that runs it: make
	   durable what its records will point to (bodies). It covers what was
	   done before kv_write was called. 0, or -1: the writes fail. */
	int (*before_commit)(void *arg);
	void *arg;
};

/* Opens and recovers. One process, one kv_env for a directory. */
int kv_env_open(const struct kv_opts *opts, struct kv_env **env, struct err *err);
void kv_env_close(struct kv_env **env);

/* Open a tree, made when absent. Before any kv_write. Closed with the
   environment. */
int kv_open(struct kv_env *env, const char *name, struct kv **kv, struct err *err);

/* Reads. txn: inside a write's apply(), else NULL. 1 found, 0 absent, -1 the
   database failed (logged). *value is cleared first. */
int kv_get(struct kv *kv, struct kv_txn *txn, struct slice key, struct buf *value);

/* Visit the records whose keys begin with prefix, from the key `from` on (empty:
   all), in order, until visit() returns false. The slices are valid during the
   call. visit must not write. 0, or -1. */
int kv_each(struct kv *kv, struct kv_txn *txn, struct slice prefix, struct slice from,
    bool (*visit)(void *arg, struct slice key, struct slice value), void *arg);

/* The same from the end; finds a prefix's last record. */
int kv_last(
    struct kv *kv, struct kv_txn *txn, struct slice prefix, struct buf *key, struct buf *value);

/* Changes, inside apply() only. 0, or -1 (database failed; return it from
   apply). Deleting what is absent is fine. */
int kv_put(struct kv *kv, struct kv_txn *txn, struct slice key, struct slice value);
int kv_del(struct kv *kv, struct kv_txn *txn, struct slice key);
/* Of a record only the bytes from `at` on; made when absent, with zeros before them. */
int kv_put_part(struct kv *kv, struct kv_txn *txn, struct slice key, size_t at, struct slice value);

struct kv_wait;

/* One change; embedded in the caller's struct. apply() may be run more than
   once (deadlock, a neighbour's failure), so it only reads its own input and
   writes its own output. KV_REFUSED: it found, before it changed anything,
   that the change can't be made; why is its own matter. */
enum kv_result { KV_DONE = 0, KV_FAILED = -1, KV_REFUSED = 1 };

struct kv_write {
	enum kv_result (*apply)(struct kv_write *w, struct kv_txn *txn);
	/* The change is durable: tell others. Run in commit order, one at a
	   time, before kv_write returns. May be NULL. Must not write or wait. */
	void (*durable)(struct kv_write *w);
	/* Of kv_write_begin: it is over, `result` says how, and w is its owner's again. On
	   whatever thread made it so; must not write or wait. NULL for kv_write. */
	void (*done)(struct kv_write *w);
	/* Filled by kv_write. */
	enum kv_result result;
	struct kv_write *next;
	struct kv_wait *wait;
};

enum kv_result kv_write(struct kv_env *env, struct kv_write *w);

/* The same for who need not wait: w->done() is called when it is over, perhaps before this
   returns. (It may still take as long as kv_write, when this thread's turn has come to run
   the writes of all.) */
void kv_write_begin(struct kv_env *env, struct kv_write *w);

/* Wait until all that could have been read up to now is on disk. */
void kv_settle(struct kv_env *env);

/* Housekeeping: checkpoint when much was logged, remove old logs. Called by a
   thread of storage/ every few seconds. */
int kv_tidy(struct kv_env *env, struct err *err);

/* Copy the running environment to dir, consistent as of a moment during the
   call; opening the copy recovers it. */
int kv_backup(struct kv_env *env, const char *dir, struct err *err);

/* Figures for `signet server status`. */
struct kv_stats {
	uint64_t writes, commits, syncs, retries, cache_hits, cache_misses;
	uint64_t disk_free; /* bytes; UINT64_MAX: it cannot be told */
};
void kv_stats(struct kv_env *env, struct kv_stats *stats);

#endif
