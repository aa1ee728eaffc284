/* test_kv.c - the key-value face, over a real database */
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/num.h"
#include "storage/kv.h"
#include "tests/unit/tempdir.h"

struct world {
	char *dir;
	struct kv_env *env;
	struct kv *tree, *other;
};

static void open_world(struct world *world)
{
	struct kv_opts opts = { .dir = world->dir, .cache = 1 << 20 };
	struct err err;

	assert_int_equal(kv_env_open(&opts, &world->env, &err), 0);
	assert_int_equal(kv_open(world->env, "tree", &world->tree, &err), 0);
	assert_int_equal(kv_open(world->env, "other", &world->other, &err), 0);
}

static int setup(void **state)
{
	struct world *world = mem_get(sizeof(*world));

	world->dir = tempdir_new();
	open_world(world);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	kv_env_close(&world->env);
	tempdir_remove(&world->dir);
	free(world);
	return 0;
}

/* --- a write that puts, or removes where there is no value --- */

struct put {
	struct kv_write write; /* first member */
	struct kv *tree;
	struct slice key, value;
};

static enum kv_result put_apply(struct kv_write *w, struct kv_txn *txn)
{
	struct put *put = (struct put *)w;
	int r = put->value.p ? kv_put(put->tree, txn, put->key, put->value)
			     : kv_del(put->tree, txn, put->key);

	return r < 0 ? KV_FAILED : KV_DONE;
}

static void put(struct world *world, struct slice key, struct slice value)
{
	struct put p = {
		.write = { .apply = put_apply }, .tree = world->tree, .key = key, .value = value
	};

	assert_int_equal(kv_write(world->env, &p.write), KV_DONE);
}

static void get_put_del(void **state)
{
	struct world *world = *state;
	struct buf value = { 0 }, large = { 0 };

	assert_int_equal(kv_get(world->tree, NULL, SLICE("a"), &value), 0);
	put(world, SLICE("a"), SLICE("1"));
	assert_int_equal(kv_get(world->tree, NULL, SLICE("a"), &value), 1);
	assert_true(slice_eq(buf_slice(&value), SLICE("1")));
	assert_int_equal(kv_get(world->other, NULL, SLICE("a"), &value), 0);
	assert_int_equal(value.n, 0);

	/* larger than a page, and larger than the room that is offered first */
	memset(buf_room(&large, 100000), 'x', 100000);
	large.n = 100000;
	put(world, SLICE("a"), buf_slice(&large));
	assert_int_equal(kv_get(world->tree, NULL, SLICE("a"), &value), 1);
	assert_true(slice_eq(buf_slice(&value), buf_slice(&large)));

	put(world, SLICE("a"), (struct slice){ 0 });
	put(world, SLICE("never there"), (struct slice){ 0 });
	assert_int_equal(kv_get(world->tree, NULL, SLICE("a"), &value), 0);

	put(world, SLICE("empty"), SLICE(""));
	assert_int_equal(kv_get(world->tree, NULL, SLICE("empty"), &value), 1);
	assert_int_equal(value.n, 0);
	buf_done(&value);
	buf_done(&large);
}

/* --- walking --- */

struct seen {
	struct buf keys; /* each with a blank behind */
	size_t stop;	 /* after so many; 0: never */
	size_t n;
};

static bool see(void *arg, struct slice key, struct slice value)
{
	struct seen *seen = arg;

	assert_true(slice_eq(key, value));
	buf_adds(&seen->keys, key);
	buf_addc(&seen->keys, ' ');
	return ++seen->n != seen->stop;
}

static void each(void **state)
{
	struct world *world = *state;
	static const char *const keys[] = { "a", "b", "b0", "b1", "b1x", "b\xff", "c" };
	static const struct {
		const char *prefix, *from;
		size_t stop;
		const char *want;
	} cases[] = {
		{ "", "", 0, "a b b0 b1 b1x b\xff c " },
		{ "b", "", 0, "b b0 b1 b1x b\xff " },
		{ "b1", "", 0, "b1 b1x " },
		{ "b", "b1", 0, "b1 b1x b\xff " },
		{ "b", "b05", 0, "b1 b1x b\xff " },
		{ "b", "a", 0, "b b0 b1 b1x b\xff " },
		{ "b", "c", 0, "" },
		{ "b", "", 2, "b b0 " },
		{ "d", "", 0, "" },
		{ "0", "", 0, "" },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		put(world, slice_str(keys[i]), slice_str(keys[i]));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct seen seen = { .stop = cases[i].stop };
		assert_int_equal(kv_each(world->tree, NULL, slice_str(cases[i].prefix),
				     slice_str(cases[i].from), see, &seen),
		    0);
		assert_string_equal(buf_z(&seen.keys), cases[i].want);
		buf_done(&seen.keys);
	}
}

static void last(void **state)
{
	struct world *world = *state;
	static const char *const keys[] = { "a", "b", "b1", "b1x", "c1", "\377\3772" };
	static const struct {
		const char *prefix, *want;
	} cases[] = {
		{ "b", "b1x" },
		{ "a", "a" },
		{ "c", "c1" },
		{ "", "\377\3772" },
		{ "\xff", "\377\3772" },
		{ "bb", NULL },
		{ "d", NULL },
		{ "0", NULL },
	};
	struct buf key = { 0 }, value = { 0 };

	assert_int_equal(kv_last(world->tree, NULL, SLICE(""), &key, &value), 0);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		put(world, slice_str(keys[i]), slice_str(keys[i]));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int r = kv_last(world->tree, NULL, slice_str(cases[i].prefix), &key, &value);
		assert_int_equal(r, cases[i].want != NULL);
		if (!r)
			continue;
		assert_string_equal(buf_z(&key), cases[i].want);
		assert_true(slice_eq(buf_slice(&key), buf_slice(&value)));
	}
	buf_done(&key);
	buf_done(&value);
}

/* Many records and large ones, so that several chunks are read and the room
   must grow; the writer changes the tree between the calls of visit(). */
struct range {
	struct kv_write write; /* first member */
	struct kv *tree;
	uint32_t n;
	size_t seen;
};

static enum kv_result range_apply(struct kv_write *w, struct kv_txn *txn)
{
	struct range *range = (struct range *)w;
	static char value[70000];
	unsigned char key[4];

	for (uint32_t i = 0; i < range->n; i++) {
		num_put32(key, i);
		size_t size = i % 100 == 0 ? sizeof(value) : 50;
		if (kv_put(range->tree, txn, slice_of(key, 4), slice_of(value, size)) < 0)
			return KV_FAILED;
	}
	return KV_DONE;
}

static bool see_range(void *arg, struct slice key, struct slice value)
{
	struct range *range = arg;
	uint32_t i = num_get32((const unsigned char *)key.p);

	assert_int_equal(key.n, 4);
	assert_int_equal(i, range->seen);
	assert_int_equal(value.n, i % 100 == 0 ? 70000 : 50);
	range->seen++;
	return true;
}

static void each_chunked(void **state)
{
	struct world *world = *state;
	struct range range = { .write = { .apply = range_apply }, .tree = world->tree, .n = 5000 };

	assert_int_equal(kv_write(world->env, &range.write), KV_DONE);
	assert_int_equal(kv_each(world->tree, NULL, SLICE(""), SLICE(""), see_range, &range), 0);
	assert_int_equal(range.seen, 5000);
}

/* --- a write sees the writes before it; what fails leaves nothing --- */

struct counter {
	struct kv_write write; /* first member */
	struct world *world;
	enum kv_result answer;
};

static enum kv_result count_apply(struct kv_write *w, struct kv_txn *txn)
{
	struct counter *counter = (struct counter *)w;
	struct kv *tree = counter->world->tree;
	struct buf value = { 0 };
	unsigned char n[4];
	int found;

	if (counter->answer == KV_REFUSED)
		return KV_REFUSED;
	found = kv_get(tree, txn, SLICE("count"), &value);
	num_put32(n, found == 1 ? num_get32((unsigned char *)value.p) + 1 : 1);
	buf_done(&value);
	if (found < 0 || kv_put(tree, txn, SLICE("count"), slice_of(n, 4)) < 0)
		return KV_FAILED;
	return counter->answer;
}

enum { THREADS = 20, ROUNDS = 200 };

static void *count_thread(void *arg)
{
	struct counter counter = { .write = { .apply = count_apply }, .world = arg };

	for (int i = 0; i < ROUNDS; i++) {
		static const enum kv_result answers[] = { KV_DONE, KV_DONE, KV_REFUSED, KV_FAILED };
		counter.answer = answers[i % 4];
		assert_int_equal(kv_write(counter.world->env, &counter.write), counter.answer);
	}
	return NULL;
}

static uint32_t read_count(struct world *world)
{
	struct buf value = { 0 };

	assert_int_equal(kv_get(world->tree, NULL, SLICE("count"), &value), 1);
	uint32_t n = num_get32((unsigned char *)value.p);
	buf_done(&value);
	return n;
}

static void threads_count(void **state)
{
	struct world *world = *state;
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, count_thread, world);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(read_count(world), THREADS * ROUNDS / 2);
}

/* --- readers and the writer on the same pages --- */

struct spread {
	struct kv_write write; /* first member */
	struct world *world;
	uint32_t n;
};

/* Two records always change together. */
static enum kv_result spread_apply(struct kv_write *w, struct kv_txn *txn)
{
	struct spread *spread = (struct spread *)w;
	unsigned char key[4], value[500] = { 0 };

	num_put32(key, spread->n % 1000);
	num_put32(value, spread->n);
	if (kv_put(spread->world->tree, txn, slice_of(key, 4), slice_of(value, 500)) < 0 ||
	    kv_put(spread->world->other, txn, slice_of(key, 4), slice_of(value, 500)) < 0)
		return KV_FAILED;
	return KV_DONE;
}

static bool see_any(void *arg, struct slice key, struct slice value)
{
	size_t *n = arg;

	assert_int_equal(key.n, 4);
	assert_int_equal(value.n, 500);
	++*n;
	return true;
}

struct reader {
	struct world *world;
	bool *ending;
	uint32_t written;
	pthread_t id;
};

static void *read_thread(void *arg)
{
	struct reader *reader = arg;
	struct buf value = { 0 };
	unsigned char key[4];

	for (uint32_t i = 0; !__atomic_load_n(reader->ending, __ATOMIC_RELAXED); i += 7) {
		size_t n = 0;
		num_put32(key, i % 1000);
		assert_true(kv_get(reader->world->tree, NULL, slice_of(key, 4), &value) >= 0);
		if (i % 50 == 0)
			assert_int_equal(
			    kv_each(reader->world->other, NULL, SLICE(""), SLICE(""), see_any, &n),
			    0);
	}
	buf_done(&value);
	return NULL;
}

static void readers(void **state)
{
	struct world *world = *state;
	struct reader reader[4];
	bool ending = false;

	for (int i = 0; i < 4; i++) {
		reader[i] = (struct reader){ .world = world, .ending = &ending };
		pthread_create(&reader[i].id, NULL, read_thread, &reader[i]);
	}
	for (uint32_t n = 0; n < 1000; n++) {
		struct spread spread = {
			.write = { .apply = spread_apply }, .world = world, .n = n
		};
		assert_int_equal(kv_write(world->env, &spread.write), KV_DONE);
	}
	__atomic_store_n(&ending, true, __ATOMIC_RELAXED);
	for (int i = 0; i < 4; i++)
		pthread_join(reader[i].id, NULL);
	kv_settle(world->env);
}

/* --- reopening and backup --- */

static void reopen(void **state)
{
	struct world *world = *state;
	struct buf value = { 0 };
	struct kv_stats stats;

	put(world, SLICE("k"), SLICE("v"));
	kv_stats(world->env, &stats);
	assert_int_equal(stats.writes, 1);
	assert_int_equal(stats.syncs, 1);
	kv_env_close(&world->env);
	open_world(world);
	assert_int_equal(kv_get(world->tree, NULL, SLICE("k"), &value), 1);
	buf_done(&value);
}

static void *write_thread(void *arg)
{
	struct reader *reader = arg;

	for (uint32_t n = 0; !__atomic_load_n(reader->ending, __ATOMIC_RELAXED); n++) {
		struct spread spread = {
			.write = { .apply = spread_apply }, .world = reader->world, .n = n
		};
		struct err err;
		assert_int_equal(kv_write(reader->world->env, &spread.write), KV_DONE);
		__atomic_store_n(&reader->written, n + 1, __ATOMIC_RELAXED);
		if (n % 500 == 0)
			assert_int_equal(kv_tidy(reader->world->env, &err), 0);
	}
	return NULL;
}

struct pairs {
	struct kv *other;
	size_t n;
};

static bool see_pair(void *arg, struct slice key, struct slice value)
{
	struct pairs *pairs = arg;
	struct buf other = { 0 };

	assert_int_equal(kv_get(pairs->other, NULL, key, &other), 1);
	assert_true(slice_eq(buf_slice(&other), value));
	buf_done(&other);
	pairs->n++;
	return true;
}

static void backup(void **state)
{
	struct world *world = *state, copy = { 0 };
	struct err err;
	bool ending = false;
	struct reader writer = { .world = world, .ending = &ending };

	pthread_create(&writer.id, NULL, write_thread, &writer);
	while (__atomic_load_n(&writer.written, __ATOMIC_RELAXED) < 1500)
		usleep(1000);
	copy.dir = tempdir_new();
	assert_int_equal(rmdir(copy.dir), 0);
	int r = kv_backup(world->env, copy.dir, &err);
	__atomic_store_n(&ending, true, __ATOMIC_RELAXED);
	pthread_join(writer.id, NULL);
	if (r < 0)
		print_error("%s\n", err.text);
	assert_int_equal(r, 0);

	open_world(&copy);
	struct pairs pairs = { .other = copy.other };
	assert_int_equal(kv_each(copy.tree, NULL, SLICE(""), SLICE(""), see_pair, &pairs), 0);
	assert_int_equal(pairs.n, 1000); /* all keys were written before */
	kv_env_close(&copy.env);
	tempdir_remove(&copy.dir);
}

static void full_disk(void **state)
{
	struct world *world = *state, full = { .dir = tempdir_new() };
	struct kv_opts opts = { .dir = full.dir, .cache = 1 << 20, .reserve = UINT64_MAX };
	struct put p = { .write = { .apply = put_apply }, .key = SLICE("k"), .value = SLICE("v") };
	struct buf value = { 0 };
	struct err err;

	(void)world;
	assert_int_equal(kv_env_open(&opts, &full.env, &err), 0);
	assert_int_equal(kv_open(full.env, "tree", &p.tree, &err), 0);
	assert_int_equal(kv_write(full.env, &p.write), KV_FAILED);
	assert_int_equal(kv_get(p.tree, NULL, SLICE("k"), &value), 0);
	buf_done(&value);
	kv_env_close(&full.env);
	tempdir_remove(&full.dir);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(get_put_del),
		TEST(each),
		TEST(last),
		TEST(each_chunked),
		TEST(threads_count),
		TEST(readers),
		TEST(reopen),
		TEST(backup),
		TEST(full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
