/* queue.h - mail for other servers, waiting in the store
 *
 * An entry is a message with its envelope, and for each recipient what became
 * of it so far. An index holds, for each domain that mail waits for, the
 * entries in the order in which they are due: finding the next one costs the
 * same with ten waiting as with a million. It is computed from the entries and
 * changed with them, in one transaction.
 *
 * Who works on an entry is known in memory only (protocols/relay): after a
 * crash nobody does. Any thread but a loop's. */
#ifndef STORAGE_QUEUE_H
#define STORAGE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"
#include "storage/body.h"
#include "storage/kv.h"

enum queue_state { QUEUE_WAITING, QUEUE_DELIVERED, QUEUE_FAILED };

struct queue_rcpt {
	struct slice address, original, notify, orcpt;
	struct slice domain; /* of address, A-labels; filled when it is read */
	/* What became of it; all zero in a new entry, or QUEUE_FAILED and owed: never
	   to be tried, only to be told. */
	enum queue_state state;
	bool owed;   /* the sender must still be told what became of it */
	bool warned; /* the sender was told that it takes long */
	unsigned attempts;
	int64_t tried, next;	  /* unix seconds; next 0: at once */
	struct slice reply, host; /* of the last attempt */
};

struct queue_entry {
	uint64_t id; /* the message's mid */
	uint64_t body;
	uint64_t size;
	int64_t queued; /* unix seconds */
	struct slice reverse_path, envid, ret;
	bool smtputf8, body8;
	const struct queue_rcpt *rcpts;
	size_t n_rcpts;
};

/* --- putting --- */

/* Inside apply(), in shard 0 (storage/shard.h). The entry refers to its body:
   who puts it counts one user (body_link). 0 or -1. */
int queue_put(struct kv_txn *txn, const struct queue_entry *entry);

/* From durable(), when the entry that was put is on disk: tells the watcher. */
void queue_added(const struct queue_entry *entry);

/* Told whenever something became due at a time, by the thread that did it, which
   may hold up others: it must neither wait nor write. Registered at start. */
void queue_watch(void (*due)(void *arg, struct slice domain, int64_t when), void *arg);

/* --- reading --- */

/* Visit all, oldest first; what is visited is valid during the call, which must
   not write. */
int queue_each(bool (*visit)(void *arg, const struct queue_entry *entry), void *arg);
/* 1, 0, -1; filled from pool. The recipients' state may be written over, for
   queue_save(). */
int queue_get(uint64_t id, struct pool *pool, struct queue_entry *out);
/* Its text. 1, 0, -1. */
int queue_body(const struct queue_entry *entry, struct body **body, struct err *err);

/* The domains that mail waits for, each with the time when its first is due. */
int queue_domains(bool (*visit)(void *arg, struct slice domain, int64_t when), void *arg);
/* What waits for one, in the order in which it is due. */
int queue_due(struct slice domain, bool (*visit)(void *arg, uint64_t id, int64_t when), void *arg);

/* --- changing; durable on return --- */

/* Store the state of the entry's recipients in that domain. When no recipient
   waits or is owed any more the entry goes, with its share of the body. An entry
   that was removed meanwhile is fine. */
int queue_save(const struct queue_entry *entry, struct slice domain, struct err *err);

/* All that waits of an entry is due now. ERR_ABSENT. */
int queue_retry(uint64_t id, struct err *err);

/* With its share of the body. An absent one is fine. */
int queue_delete(uint64_t id, struct err *err);

#endif
