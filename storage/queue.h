/* queue.h - mail for other servers, waiting in the store */
#ifndef STORAGE_QUEUE_H
#define STORAGE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"
#include "storage/kv.h"

struct queue_rcpt {
	struct slice address, original, notify, orcpt;
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

/* Inside apply(), in shard 0 (storage/shard.h). The entry refers to its body:
   who puts it counts one user (body_link). 0 or -1. */
int queue_put(struct kv_txn *txn, const struct queue_entry *entry);

/* Visit all, oldest first; what is visited is valid during the call, which must
   not write. */
int queue_each(bool (*visit)(void *arg, const struct queue_entry *entry), void *arg);
/* 1, 0, -1; filled from pool. */
int queue_get(uint64_t id, struct pool *pool, struct queue_entry *out);
/* With its share of the body. Durable on return; an absent one is fine. */
int queue_delete(uint64_t id, struct err *err);

#endif
