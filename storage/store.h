/* store.h - all that lasts: the directory, and shards with accounts' mail
 *
 *	DATA/directory/          domains, accounts, aliases, settings, PKI records
 *	DATA/shards/0000/index/  one shard's mailboxes, summaries, queue
 *	DATA/shards/0000/bodies/ its segments
 *
 * An account lives in one shard; outside storage/ nobody knows which, or how
 * many there are. */
#ifndef STORAGE_STORE_H
#define STORAGE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/table.h"

struct store;
struct shard;

/* Open DATA: only one process may; check the layout's version, recover the
   directory. There is one store in a process. */
int store_open(const char *data, struct err *err);

/* With the settings read: open and recover the shards, start housekeeping
   (a thread of thread_start). */
int store_start(struct err *err);

/* After threads_stop. */
void store_close(void);

/* Hot backup into an empty or absent folder: the environments, then the
   segments. progress may be NULL. */
typedef void store_progress(void *arg, int64_t done, int64_t total, const char *what);
int store_backup(const char *target, store_progress *progress, void *arg, struct err *err);

/* A file in DATA of another room that belongs to every backup, if it is there:
   one without which what the databases hold is of no use. */
struct store_file {
	const char *name;
};

#define STORE_FILE(id) TABLE_ROW(store_file, id)
TABLE_DECLARE(store_file);

/* Copy a backup into an absent or empty DATA folder and read every message
   back. Runs without a server. */
int store_restore(
    const char *from, const char *data, store_progress *progress, void *arg, struct err *err);

/* Read every message of every account and compare with checksum and summary;
   counts what was read and what is wrong. Each fault is a log line. */
struct store_check {
	uint64_t accounts, mailboxes, messages, bytes, faults;
};
int store_check(store_progress *progress, void *arg, struct store_check *out, struct err *err);

/* Small records of other rooms in the directory (PKI keys and certificates,
   ticket keys): `room` is a short name, key and value are the room's own.
   1 found, 0 absent, -1. */
int store_record_get(const char *room, struct slice key, struct buf *value);
/* An empty value removes. Durable on return. */
int store_record_put(const char *room, struct slice key, struct slice value, struct err *err);
int store_record_each(const char *room, struct slice prefix,
    bool (*visit)(void *arg, struct slice key, struct slice value), void *arg);

/* Told after a record was put or removed (an empty value), in the thread that did it; at
   most one is there. Not of what a rename moves. NULL: nobody. */
typedef void store_record_told(const char *room, struct slice key, struct slice value);
void store_record_watch(store_record_told *told);

/* The same over all rooms. */
int store_record_each_room(
    bool (*visit)(void *arg, const char *room, struct slice key, struct slice value), void *arg);

/* Put new values in place of old ones, those records only that are still as said; in one
   transaction. Durable on return. */
struct store_swap {
	const char *room;
	struct slice key, old, new;
};
int store_record_swap(const struct store_swap *swaps, size_t n, struct err *err);

/* Does a backup run at this moment? */
bool store_backup_runs(void);
/* The same from the key `from` on, which begins with prefix. */
int store_record_each_from(const char *room, struct slice prefix, struct slice from,
    bool (*visit)(void *arg, struct slice key, struct slice value), void *arg);

/* Several at once, all or none. */
struct store_record {
	struct slice key, value; /* an empty value removes */
	bool first;		 /* nothing may be there yet: else ERR_EXISTS, and all stays */
};
int store_records_put(
    const char *room, const struct store_record *records, size_t n, struct err *err);

#endif
