/* box_world.h - a store in a folder of its own, for tests of mailboxes */
#ifndef TESTS_UNIT_BOX_WORLD_H
#define TESTS_UNIT_BOX_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/loop.h"
#include "storage/body_store.h"
#include "storage/box_private.h"
#include "storage/store.h"
#include "tests/unit/tempdir.h"
#include "tests/unit/unit.h"

static inline void world_open(const char *dir)
{
	struct err err;

	if (store_open(dir, &err) < 0 || store_start(&err) < 0)
		fail_msg("%s", err.text);
}

static inline void world_close(void)
{
	threads_stop();
	store_close();
}

static inline int world_setup(void **state)
{
	*state = tempdir_new();
	world_open(*state);
	return 0;
}

static inline int world_teardown(void **state)
{
	char *dir = *state;

	world_close();
	tempdir_remove(&dir);
	return 0;
}

static inline void world_reopen(void **state)
{
	world_close();
	world_open(*state);
}

#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

static inline double world_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* --- short words --- */

static inline struct slice text(const char *s)
{
	return slice_str(s);
}

/* One message, APPENDed; its UID. */
static inline uint32_t world_append(
    struct acct *acct, const char *box, const char *message, uint64_t flags)
{
	struct box_append append = {
		.message = text(message), .flags = flags, .internal_date = 1000000
	};
	struct pool pool = { 0 };
	struct box_added added;
	struct err err;

	if (box_append(acct, text(box), &append, 1, &pool, &added, &err) < 0)
		fail_msg("append to %s: %s", box, err.text);
	uint32_t uid = added.uids[0];
	pool_done(&pool);
	return uid;
}

/* --- the whole shard, counted --- */

struct world_count {
	unsigned boxes, entries, messages, users, bodies, body_users, queued;
};

static inline bool world_box(void *arg, uint64_t account, uint32_t box)
{
	(void)account, (void)box;
	((struct world_count *)arg)->boxes++;
	return true;
}

static inline bool world_entry(
    void *arg, uint64_t account, uint32_t box, uint32_t uid, uint64_t message)
{
	(void)account, (void)box, (void)uid, (void)message;
	((struct world_count *)arg)->entries++;
	return true;
}

static inline bool world_message(
    void *arg, uint64_t account, uint64_t message, unsigned users, struct slice summary)
{
	(void)account, (void)message, (void)summary;
	((struct world_count *)arg)->messages++;
	((struct world_count *)arg)->users += users;
	return true;
}

static inline bool world_damaged(void *arg, const char *tree, struct slice key)
{
	(void)arg, (void)key;
	fail_msg("damaged record in %s", tree);
	return false;
}

static inline bool world_queued(void *arg, uint64_t id, uint64_t body)
{
	(void)id, (void)body;
	((struct world_count *)arg)->queued++;
	return true;
}

static inline bool world_body(
    void *arg, uint64_t id, unsigned users, const struct body_place *place)
{
	(void)id, (void)place;
	((struct world_count *)arg)->bodies++;
	((struct world_count *)arg)->body_users += users;
	return true;
}

/* Also checks that all counts of users agree. */
static inline struct world_count world_count(void)
{
	struct shard *shard = shard_of(0);
	struct world_count count = { 0 };
	const struct shard_walk walk = { .mailbox = world_box,
		.entry = world_entry,
		.message = world_message,
		.damaged = world_damaged,
		.arg = &count };

	assert_int_equal(shard_walk(shard, &walk), 0);
	assert_int_equal(shard_walk_queue(shard, world_queued, &count), 0);
	assert_int_equal(body_store_each(shard->bodies, world_body, &count), 0);
	assert_int_equal(count.users, count.entries);
	assert_int_equal(count.body_users, count.messages + count.queued);
	return count;
}

#endif
