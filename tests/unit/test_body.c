/* test_body.c - message bodies: segments, index, compaction, damage */
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/crc.h"
#include "core/num.h"
#include "storage/body_store.h"
#include "tests/unit/tempdir.h"

struct world {
	char *dir, *segments, *index;
	uint64_t segment_max, reserve;
	struct kv_env *env;
	struct kv *body, *segment;
	struct body_store *bodies;
};

static void open_world(struct world *world)
{
	struct body_store_opts opts = {
		.dir = world->segments, .segment_max = world->segment_max, .reserve = world->reserve
	};
	struct err err;

	assert_int_equal(body_store_open(&opts, &world->bodies, &err), 0);
	struct kv_opts kv = { .dir = world->index,
		.cache = 1 << 20,
		.before_commit = body_store_sync,
		.arg = world->bodies };
	assert_int_equal(kv_env_open(&kv, &world->env, &err), 0);
	assert_int_equal(kv_open(world->env, "body", &world->body, &err), 0);
	assert_int_equal(kv_open(world->env, "segment", &world->segment, &err), 0);
	assert_int_equal(
	    body_store_index(world->bodies, world->env, world->body, world->segment), 0);
}

static void close_world(struct world *world)
{
	kv_env_close(&world->env);
	body_store_close(&world->bodies);
}

static int setup(void **state)
{
	struct world *world = mem_get(sizeof(*world));

	world->dir = tempdir_new();
	world->segments = tempdir_path(world->dir, "bodies");
	world->index = tempdir_path(world->dir, "index");
	world->segment_max = 64 << 10;
	open_world(world);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	close_world(world);
	tempdir_remove(&world->dir);
	free(world->segments);
	free(world->index);
	free(world);
	return 0;
}

/* --- changes --- */

struct change {
	struct kv_write write; /* first member */
	struct world *world;
	struct body_place place; /* to link, or */
	uint64_t id;		 /* to change */
	int by;
};

static enum kv_result change_apply(struct kv_write *w, struct kv_txn *txn)
{
	struct change *change = (struct change *)w;
	struct body_store *bodies = change->world->bodies;
	int r = change->id ? body_change(bodies, txn, change->id, change->by)
			   : body_link(bodies, txn, &change->place, (unsigned)change->by);

	return r < 0 ? KV_FAILED : KV_DONE;
}

static enum kv_result change(struct world *world, uint64_t id, int by)
{
	struct change c = {
		.write = { .apply = change_apply }, .world = world, .id = id, .by = by
	};

	return kv_write(world->env, &c.write);
}

/* Content depends on the seed, so that one body is not mistaken for another. */
static void fill(struct buf *out, size_t size, unsigned seed)
{
	buf_clear(out);
	buf_room(out, size + 1);
	for (size_t i = 0; i < size; i++)
		out->p[i] = (char)(i * 31 + i / 251 + seed * 7);
	out->n = size;
}

static uint64_t add(struct world *world, struct slice content)
{
	struct change c = { .write = { .apply = change_apply }, .world = world, .by = 1 };
	struct err err;

	assert_int_equal(body_append(world->bodies, &content, 1, &c.place, &err), 0);
	assert_int_equal(kv_write(world->env, &c.write), KV_DONE);
	return c.place.id;
}

static uint64_t add_filled(struct world *world, size_t size, unsigned seed)
{
	struct buf content = { 0 };

	fill(&content, size, seed);
	uint64_t id = add(world, buf_slice(&content));
	buf_done(&content);
	return id;
}

static void expect_in_turn(struct body *body, struct slice want)
{
	char some[40000];
	size_t at = 0;

	for (ssize_t n; at < want.n; at += (size_t)n) {
		n = body_read(body, at, some, at == BODY_BLOCK ? 5001 : sizeof(some));
		assert_true(n > 0 && (size_t)n <= want.n - at);
		assert_memory_equal(some, want.p + at, (size_t)n);
	}
}

static void expect(struct body *body, struct slice want)
{
	struct slice whole;
	struct err err;
	char some[100];

	assert_int_equal(body_size(body), want.n);
	assert_int_equal(body_map(body, &whole, &err), 0);
	assert_true(slice_eq(whole, want));
	assert_int_equal(body_map(body, &whole, &err), 0);
	assert_true(slice_eq(whole, want));
	for (size_t at = 0; at < want.n; at += want.n / 5 + 1) {
		size_t n = want.n - at < sizeof(some) ? want.n - at : sizeof(some);
		assert_int_equal(body_read(body, at, some, sizeof(some)), n);
		assert_memory_equal(some, want.p + at, n);
	}
	expect_in_turn(body, want);
	assert_int_equal(body_read(body, want.n, some, sizeof(some)), 0);
	assert_int_equal(body_read(body, want.n + 1, some, sizeof(some)), 0);
}

static void expect_filled(struct world *world, uint64_t id, size_t size, unsigned seed)
{
	struct buf content = { 0 };
	struct body *body;
	struct err err;

	fill(&content, size, seed);
	assert_int_equal(body_open(world->bodies, id, &body, &err), 1);
	expect(body, buf_slice(&content));
	body_close(&body);
	buf_done(&content);
}

static void expect_absent(struct world *world, uint64_t id)
{
	struct body *body;

	assert_int_equal(body_open(world->bodies, id, &body, NULL), 0);
	assert_null(body);
}

/* --- cases --- */

static const size_t sizes[] = { 0, 1, 7, 8, 100, 4096, 32767, 32768, 32769, 100000, 3000000 };
enum { SIZES = sizeof(sizes) / sizeof(*sizes) };

static void roundtrip(void **state)
{
	struct world *world = *state;
	uint64_t ids[SIZES];

	for (unsigned i = 0; i < SIZES; i++) {
		ids[i] = add_filled(world, sizes[i], i);
		if (i > 0)
			assert_true(ids[i] > ids[i - 1]);
	}
	for (unsigned i = 0; i < SIZES; i++)
		expect_filled(world, ids[i], sizes[i], i);

	close_world(world);
	open_world(world);
	uint64_t later = add_filled(world, 10, 99);
	assert_true(later > ids[SIZES - 1]);
	for (unsigned i = 0; i < SIZES; i++)
		expect_filled(world, ids[i], sizes[i], i);
	expect_absent(world, later + 1);
}

static void many_pieces(void **state)
{
	struct world *world = *state;
	struct slice pieces[200];
	struct buf want = { 0 };
	struct change c = { .write = { .apply = change_apply }, .world = world, .by = 1 };
	struct body *body;
	struct err err;

	for (size_t i = 0; i < 200; i++) {
		pieces[i] = slice_of("0123456789", i % 11);
		buf_adds(&want, pieces[i]);
	}
	assert_int_equal(body_append(world->bodies, pieces, 200, &c.place, &err), 0);
	assert_int_equal(kv_write(world->env, &c.write), KV_DONE);
	assert_int_equal(body_open(world->bodies, c.place.id, &body, &err), 1);
	expect(body, buf_slice(&want));
	body_close(&body);
	buf_done(&want);
}

static void users(void **state)
{
	struct world *world = *state;
	uint64_t id = add_filled(world, 100, 1);
	struct buf content = { 0 };
	struct body *body;

	assert_int_equal(change(world, id, 2), KV_DONE);
	assert_int_equal(change(world, id, -1), KV_DONE);
	assert_int_equal(change(world, id, -1), KV_DONE);
	expect_filled(world, id, 100, 1);
	assert_int_equal(body_open(world->bodies, id, &body, NULL), 1);
	assert_int_equal(change(world, id, -1), KV_DONE);
	expect_absent(world, id);
	fill(&content, 100, 1);
	expect(body, buf_slice(&content));
	body_close(&body);
	buf_done(&content);

	assert_int_equal(change(world, id, 1), KV_FAILED);
	assert_int_equal(change(world, id, -1), KV_DONE); /* letting go never fails */
	expect_absent(world, id);
}

static bool segment_exists(struct world *world, uint64_t id)
{
	char *path = segment_path(world->bodies, (uint32_t)(id >> 32));
	bool yes = access(path, F_OK) == 0;

	free(path);
	return yes;
}

/* Three generations: bodies that were moved once are moved again. */
static void compaction(void **state)
{
	struct world *world = *state;
	enum { N = 100, SIZE = 3000 };
	uint64_t ids[N];
	struct body *open;
	struct buf content = { 0 };
	struct err err;

	for (unsigned i = 0; i < N; i++)
		ids[i] = add_filled(world, SIZE + i, i);
	assert_int_equal(body_compact(world->bodies, 1, &err), 0);
	assert_int_equal(body_open(world->bodies, ids[0], &open, &err), 1);
	for (unsigned lives = 10; lives < 1000; lives *= 10) {
		for (unsigned i = 0; i < N; i++)
			if (i % lives != 0 && i % (lives / 10) == 0)
				assert_int_equal(change(world, ids[i], -1), KV_DONE);
		unsigned emptied = 0;
		while (body_compact(world->bodies, 50, &err) == 1)
			emptied++;
		assert_true(emptied >= 1);
		for (unsigned i = 0; i < N; i++)
			if (i % lives == 0)
				expect_filled(world, ids[i], SIZE + i, i);
			else
				expect_absent(world, ids[i]);
		/* fills the newest segment, so that the moved ones can move again */
		for (unsigned i = 0; i < 30; i++)
			change(world, add_filled(world, SIZE, 0), -1);
	}
	assert_false(segment_exists(world, ids[0]));
	fill(&content, SIZE, 0);
	expect(open, buf_slice(&content)); /* its file is gone long since */
	body_close(&open);
	buf_done(&content);

	close_world(world);
	open_world(world);
	expect_filled(world, ids[0], SIZE, 0);
}

static void never_linked(void **state)
{
	struct world *world = *state;
	struct body_place place;
	struct slice content;
	struct err err;
	static char bytes[5000];

	uint64_t id = add_filled(world, 10, 1);
	content = slice_of(bytes, sizeof(bytes));
	for (int i = 0; i < 30; i++)
		assert_int_equal(body_append(world->bodies, &content, 1, &place, &err), 0);
	assert_int_equal(body_compact(world->bodies, 50, &err), 0);
	assert_int_equal(body_store_recount(world->bodies), 0);
	assert_int_equal(body_compact(world->bodies, 50, &err), 1);
	expect_filled(world, id, 10, 1);
	assert_false(segment_exists(world, id));

	/* linked too late: refused, not lost */
	struct change c = { .write = { .apply = change_apply }, .world = world, .by = 1 };
	c.place = place;
	c.place.segment = (uint32_t)(id >> 32);
	assert_int_equal(kv_write(world->env, &c.write), KV_FAILED);
}

static int open_segment(struct world *world, uint64_t id, struct body_place *place)
{
	struct index_entry entry;

	assert_int_equal(index_get(world->bodies, NULL, id, &entry), 1);
	char *path = segment_path(world->bodies, entry.place.segment);
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	free(path);
	*place = entry.place;
	return fd;
}

static void flip(int fd, uint64_t at)
{
	char c;

	assert_int_equal(pread(fd, &c, 1, (off_t)at), 1);
	c ^= 1;
	assert_int_equal(pwrite(fd, &c, 1, (off_t)at), 1);
}

static void damage(void **state)
{
	struct world *world = *state;
	static const size_t kinds[] = { 1000, 100000 }; /* read whole, mapped */
	struct err err;

	for (size_t i = 0; i < 2; i++) {
		uint64_t id = add_filled(world, kinds[i], 1);
		struct body_place place;
		struct slice whole;
		struct body *body;
		int fd = open_segment(world, id, &place);

		flip(fd, place.offset + RECORD_HEADER + 500);
		int r = body_open(world->bodies, id, &body, &err);
		if (r == 1)
			r = body_map(body, &whole, &err);
		assert_int_equal(r, -1);
		body_close(&body);

		flip(fd, place.offset + 9); /* the id in the header */
		assert_int_equal(body_open(world->bodies, id, &body, &err), -1);
		assert_int_equal(ftruncate(fd, (off_t)place.offset + 10), 0);
		assert_int_equal(body_open(world->bodies, id, &body, &err), -1);
		close(fd);
	}
}

/* Of a large one just the block that is damaged is not given, by whatever reads. */
static void damaged_block(void **state)
{
	struct world *world = *state;
	uint64_t id = add_filled(world, 100000, 1);
	struct body_place place;
	struct body *body;
	char some[BODY_BLOCK];
	int fd = open_segment(world, id, &place);

	flip(fd, place.offset + RECORD_HEADER + 2 * BODY_BLOCK - 1);
	assert_int_equal(body_open(world->bodies, id, &body, NULL), 1);
	assert_int_equal(body_read(body, 0, some, sizeof some), BODY_BLOCK);
	assert_int_equal(body_read(body, BODY_BLOCK, some, sizeof some), -1);
	assert_int_equal(body_read(body, BODY_BLOCK + 100, some, 1), -1);
	assert_int_equal(body_read(body, BODY_BLOCK - 1, some, 10), 1);
	assert_int_equal(body_read(body, 2 * BODY_BLOCK + 5, some, 10), 10);
	assert_int_equal(body_read(body, 99990, some, sizeof some), 10);
	body_close(&body);

	flip(fd, place.offset + RECORD_HEADER + place.size); /* its sums */
	assert_int_equal(body_open(world->bodies, id, &body, NULL), -1);
	close(fd);
}

/* What was written before there were sums of blocks. */
static void make_old(int fd, const struct body_place *place, struct slice content)
{
	unsigned char h[RECORD_HEADER];

	assert_int_equal(pread(fd, h, sizeof h, (off_t)place->offset), sizeof h);
	num_put32(h + 24, crc_add(0, content));
	num_put32(h + 28, 1);
	num_put32(h + 32, crc_add(0, slice_of(h, 32)));
	assert_int_equal(pwrite(fd, h, sizeof h, (off_t)place->offset), sizeof h);
	if (sums_length(place->size) > 0) /* nothing is there */
		flip(fd, place->offset + RECORD_HEADER + place->size);
}

static void without_sums(void **state)
{
	struct world *world = *state;
	static const size_t kinds[] = { 1000, 100000 };

	for (size_t i = 0; i < 2; i++) {
		uint64_t id = add_filled(world, kinds[i], 3);
		struct buf content = { 0 };
		struct body_place place;
		struct body *body;
		int fd = open_segment(world, id, &place);

		fill(&content, kinds[i], 3);
		make_old(fd, &place, buf_slice(&content));
		expect_filled(world, id, kinds[i], 3);
		flip(fd, place.offset + RECORD_HEADER + kinds[i] - 1);
		assert_int_equal(body_open(world->bodies, id, &body, NULL), -1);
		buf_done(&content);
		close(fd);
	}
}

/* A segment that holds a damaged body stays, and is asked only once. */
static void damaged_stays(void **state)
{
	struct world *world = *state;
	uint64_t ids[30];
	struct index_entry entry;
	struct err err;

	for (unsigned i = 0; i < 30; i++)
		ids[i] = add_filled(world, 5000, i);
	assert_int_equal(index_get(world->bodies, NULL, ids[0], &entry), 1);
	char *path = segment_path(world->bodies, entry.place.segment);
	int fd = open(path, O_RDWR);
	assert_int_equal(pwrite(fd, "!", 1, (off_t)entry.place.offset + RECORD_HEADER), 1);
	close(fd);
	free(path);
	for (unsigned i = 2; i < 13; i++)
		assert_int_equal(change(world, ids[i], -1), KV_DONE);
	assert_int_equal(body_compact(world->bodies, 50, &err), -1);
	assert_int_equal(body_compact(world->bodies, 50, &err), 0);
	assert_true(segment_exists(world, ids[0]));
	expect_filled(world, ids[1], 5000, 1);
}

static void half_made_segment(void **state)
{
	struct world *world = *state;
	uint64_t id = add_filled(world, 100, 1);

	close_world(world);
	/* a crash left half a record, then a segment without a header */
	char *path = tempdir_path(world->segments, "00000001.seg");
	int fd = open(path, O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "half of a record", 16), 16);
	close(fd);
	free(path);
	open_world(world);
	uint64_t second = add_filled(world, 100, 2);
	close_world(world);
	path = tempdir_path(world->segments, "00000002.seg");
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	close(fd);
	free(path);
	open_world(world);
	uint64_t third = add_filled(world, 100, 3);
	assert_int_equal(third >> 32, 3);
	expect_filled(world, id, 100, 1);
	expect_filled(world, second, 100, 2);
	expect_filled(world, third, 100, 3);
}

static void disk_full(void **state)
{
	struct world *world = *state;
	uint64_t id = add_filled(world, 100, 1);
	struct slice content = SLICE("x");
	struct body_place place;
	struct err err;

	close_world(world);
	world->reserve = UINT64_MAX / 2;
	open_world(world);
	assert_int_equal(body_append(world->bodies, &content, 1, &place, &err), -1);
	assert_int_equal(err.kind, ERR_TEMP);
	expect_filled(world, id, 100, 1);
}

/* --- all at once: appending, reading, removing, compaction --- */

struct worker {
	struct world *world;
	pthread_t id;
	unsigned seed;
};

static void *work(void *arg)
{
	struct worker *worker = arg;
	uint64_t ids[50];
	size_t kept[50];

	for (unsigned i = 0; i < 300; i++) {
		unsigned slot = i % 50, seed = worker->seed;
		if (i >= 50) {
			expect_filled(worker->world, ids[slot], kept[slot], seed + i - 50);
			assert_int_equal(change(worker->world, ids[slot], -1), KV_DONE);
		}
		kept[slot] = i % 40 == 0 ? 50000 : 1000 + i;
		ids[slot] = add_filled(worker->world, kept[slot], seed + i);
	}
	return NULL;
}

static void load(void **state)
{
	struct world *world = *state;
	struct worker workers[8];
	struct err err;
	unsigned emptied = 0;

	for (unsigned i = 0; i < 8; i++) {
		workers[i] = (struct worker){ .world = world, .seed = i * 1000 };
		pthread_create(&workers[i].id, NULL, work, &workers[i]);
	}
	for (int i = 0; i < 100; i++) {
		int r = body_compact(world->bodies, 30, &err);
		assert_true(r >= 0);
		emptied += (unsigned)r;
		if (i % 20 == 0)
			assert_int_equal(body_store_recount(world->bodies), 0);
		usleep(5000);
	}
	for (unsigned i = 0; i < 8; i++)
		pthread_join(workers[i].id, NULL);
	print_message("%u segments emptied meanwhile\n", emptied);
	assert_true(emptied > 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(roundtrip),
		TEST(many_pieces),
		TEST(users),
		TEST(compaction),
		TEST(never_linked),
		TEST(damage),
		TEST(damaged_block),
		TEST(without_sums),
		TEST(damaged_stays),
		TEST(half_made_segment),
		TEST(disk_full),
		TEST(load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
