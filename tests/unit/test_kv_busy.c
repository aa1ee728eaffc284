/* test_kv_busy.c - a reader that loses its pages to the writer for longer than it likes */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/log.h"
#include "storage/kv_bdb.h"
#include "tests/unit/tempdir.h"
#include "tests/unit/unit.h"

struct world {
	char *dir;
	struct kv_env *env;
	struct kv *tree;
};

/* The library's own, and until when it says that the page is lost. */
static struct {
	int (*get)(DB *db, DB_TXN *txn, DBT *key, DBT *value, u_int32_t flags);
	unsigned asked;
	struct timespec until;
} library;

static bool is_over(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > then->tv_sec ||
	    (now.tv_sec == then->tv_sec && now.tv_nsec >= then->tv_nsec);
}

static int losing_get(DB *db, DB_TXN *txn, DBT *key, DBT *value, u_int32_t flags)
{
	library.asked++;
	if (!is_over(&library.until))
		return DB_LOCK_DEADLOCK;
	return library.get(db, txn, key, value, flags);
}

static void lose_for(struct world *world, int seconds)
{
	library.get = world->tree->db->get;
	library.asked = 0;
	clock_gettime(CLOCK_MONOTONIC, &library.until);
	library.until.tv_sec += seconds;
	world->tree->db->get = losing_get;
}

static int setup(void **state)
{
	struct world *world = mem_get(sizeof(*world));
	struct kv_opts opts = { .cache = 1 << 20 };
	struct err err;

	opts.dir = world->dir = tempdir_new();
	assert_int_equal(kv_env_open(&opts, &world->env, &err), 0);
	assert_int_equal(kv_open(world->env, "tree", &world->tree, &err), 0);
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

/* It gets its answer, and has left the processor to the writer meanwhile. */
static void asks_again(void **state)
{
	struct world *world = *state;
	struct buf value = { 0 };

	lose_for(world, 1);
	assert_int_equal(kv_get(world->tree, NULL, SLICE("k"), &value), 0);
	assert_true(is_over(&library.until));
	assert_in_range(library.asked, 20, 200);
	buf_done(&value);
}

static void log_of(const char *path, char *out, size_t room)
{
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	size_t n = fread(out, 1, room - 1, file);
	fclose(file);
	out[n] = '\0';
}

/* One that asks in vain says so in the log. */
static void gives_up(void **state)
{
	struct world *world = *state;
	char *path = tempdir_path(world->dir, "lines"), lines[1000];
	struct buf value = { 0 };

	assert_int_equal(log_open(path), 0);
	world->env->patience_us = 50000;
	lose_for(world, 3600);
	assert_int_equal(kv_get(world->tree, NULL, SLICE("k"), &value), -1);
	log_of(path, lines, sizeof(lines));
	assert_non_null(strstr(lines, "error store-error"));
	assert_non_null(strstr(lines, "call=get"));
	assert_ptr_equal(strstr(strstr(lines, "store-error") + 1, "store-error"), NULL);
	buf_done(&value);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(asks_again, setup, teardown),
		cmocka_unit_test_setup_teardown(gives_up, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
