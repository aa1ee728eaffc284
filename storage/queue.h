/* queue.h - mail for other servers, waiting in the store
 *
 * An entry is a message with its envelope, and for each recipient what became
 * of it so far. An index holds, for each domain that mail waits for, the
 * entries of each priority in the order in which they are due: finding the next
 * one costs the same with ten waiting as with a million. It is computed from the
 * entries and changed with them, in one transaction.
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
	/* What became of it; all zero in a new entry as a rule, or QUEUE_FAILED and owed:
	   never to be tried, only to be told. */
	enum queue_state state;
	bool owed;   /* the sender must still be told what became of it */
	bool warned; /* the sender was told that it takes long */
	bool here;   /* it was delivered into a mailbox of this server */
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
	bool require_tls;  /* RFC 8689 §2: over TLS with a proven server, or not at all */
	bool tls_optional; /* RFC 8689 §3: TLS-Required: No */
	bool vouched;	   /* signed when it came in, for who sent it is known here */
	bool held;	   /* by an admin: nobody tries it */
	int priority;	   /* RFC 6710: QUEUE_LEAST to QUEUE_MOST, 0 unless asked for */
	int64_t release;   /* RFC 4865: not before, unix seconds; 0: at once */
	const struct queue_rcpt *rcpts;
	size_t n_rcpts;
};

enum { QUEUE_LEAST = -9, QUEUE_MOST = 9 };

/* When its delivery begins, from which its lifetime is counted. */
static inline int64_t queue_from(const struct queue_entry *entry)
{
	return entry->release > entry->queued ? entry->release : entry->queued;
}

/* RFC 3461 §4.1: does the sender want to be told that it has come to this?
   QUEUE_WAITING: that it takes long. A notification is never told about (RFC
   5321 §4.5.5). */
bool queue_wants_told(struct slice reverse_path, struct slice notify, enum queue_state state);

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

/* The same, from the entry with the id `from` on, or the next. */
int queue_each_from(
    uint64_t from, bool (*visit)(void *arg, const struct queue_entry *entry), void *arg);

/* A row of the index: an entry that waits for a domain. */
struct queue_row {
	struct slice domain;
	int priority;
	int64_t when; /* it is due; QUEUE_HELD: when an admin lets it go */
	uint64_t id;
	bool tried; /* and is still here */
};

#define QUEUE_HELD (((int64_t)1 << 56) - 1)

/* The domains that mail waits for, each with the time when its first is due. */
int queue_domains(bool (*visit)(void *arg, struct slice domain, int64_t when), void *arg);
/* What is due for one by now: urgent mail first, then in the order of time. *later:
   when the first of those is due that were not visited, QUEUE_HELD when there is none. */
int queue_due(struct slice domain, int64_t now, bool (*visit)(void *arg, const struct queue_row *),
    void *arg, int64_t *later);
/* All rows, domain by domain, or those of one. No entry is read. */
int queue_rows(
    struct slice domain, bool (*visit)(void *arg, const struct queue_row *row), void *arg);
/* How many messages there are. */
int queue_count(uint64_t *n);
/* The same, for who looks often: a long queue is counted so seldom that it costs nothing. */
uint64_t queue_count_lately(void);

/* --- changing; durable on return --- */

/* Store the state of the entry's recipients in that domain. When no recipient
   waits or is owed any more the entry goes, with its share of the body. An entry
   that was removed meanwhile is fine. */
int queue_save(const struct queue_entry *entry, struct slice domain, struct err *err);

/* Inside apply(), with the delivery of the entry's nth recipient into a mailbox here:
   that is stored. The relay's queue_save() says the same once more, and tells the
   watcher. 0 or -1. */
int queue_delivered_here(struct kv_txn *txn, uint64_t id, size_t n);

/* What an admin can do to entries. */
enum queue_act {
	QUEUE_RETRY,   /* all that waits is due now */
	QUEUE_HOLD,    /* nobody tries it, until */
	QUEUE_RELEASE, /* it is let go; also when it was to wait for a time */
	QUEUE_REQUEUE, /* as if it had come just now */
	QUEUE_BOUNCE,  /* its recipients have failed: the sender is told */
	QUEUE_DELETE,  /* it goes, and nobody is told */
};

/* Do it to n entries at most QUEUE_ACT_MAX, as one change. Those that went meanwhile
   are passed over: *done counts the others. text: with QUEUE_BOUNCE, what the sender is
   told. */
enum { QUEUE_ACT_MAX = 100 };
int queue_act(enum queue_act act, const uint64_t *ids, size_t n, struct slice text, size_t *done,
    struct err *err);

/* Also one that cannot be read. An absent one is fine. */
int queue_delete(uint64_t id, struct err *err);

#endif
