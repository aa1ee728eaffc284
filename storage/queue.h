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

/* Visit all, oldest first. */
int queue_each(bool (*visit)(void *arg, const struct queue_entry *entry), void *arg);
/* 1, 0, -1; filled from pool. */
int queue_get(uint64_t id, struct pool *pool, struct queue_entry *out);
int queue_delete(uint64_t id, struct err *err);

#endif
