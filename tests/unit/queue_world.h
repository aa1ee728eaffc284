/* queue_world.h - entries of the queue, for tests */
#ifndef TESTS_UNIT_QUEUE_WORLD_H
#define TESTS_UNIT_QUEUE_WORLD_H

#include "storage/queue_private.h"
#include "tests/unit/box_world.h"

/* --- an entry put, as a delivery would --- */

struct putting {
	struct kv_write w;
	const struct queue_entry *entry;
	struct body_place place;
};

static inline enum kv_result apply_put(struct kv_write *w, struct kv_txn *txn)
{
	struct putting *op = (struct putting *)w;

	if (queue_put(txn, op->entry) < 0 || body_link(shard_of(0)->bodies, txn, &op->place, 1) < 0)
		return KV_FAILED;
	return KV_DONE;
}

static inline void tell(struct kv_write *w)
{
	queue_added(((struct putting *)w)->entry);
}

/* To addresses parted by blanks. */
static inline void put_as(const struct queue_entry *as, uint64_t id, const char *to, int64_t queued)
{
	struct queue_rcpt rcpts[8] = { { .attempts = 0 } };
	struct queue_entry entry = *as;
	struct slice rest = text(to), word, body = SLICE("A: b\r\n\r\ntext\r\n");
	struct putting op = { .w = { .apply = apply_put, .durable = tell }, .entry = &entry };
	struct err err;

	entry.id = id;
	entry.queued = queued;
	entry.reverse_path = SLICE("me@x.test");
	entry.rcpts = rcpts;
	while ((word = slice_word(&rest)).n > 0)
		rcpts[entry.n_rcpts++].address = word;
	assert_int_equal(body_append(shard_of(0)->bodies, &body, 1, &op.place, &err), 0);
	entry.body = op.place.id;
	entry.size = body.n;
	assert_int_equal(kv_write(shard_of(0)->env, &op.w), KV_DONE);
}

static inline void put(uint64_t id, const char *to, int64_t queued)
{
	const struct queue_entry plain = { .id = 0 };

	put_as(&plain, id, to, queued);
}

static inline struct queue_rcpt *load(uint64_t id, struct pool *pool, struct queue_entry *entry)
{
	assert_int_equal(queue_get(id, pool, entry), 1);
	return (struct queue_rcpt *)entry->rcpts;
}

#endif
