/* test_spool.c - small messages stay in memory, large ones go to a file without a name */
#include "core/spool.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/tempdir.h"
#include "tests/unit/unit.h"

static char *dir;

static int setup(void **state)
{
	(void)state;
	dir = tempdir_new();
	spool_dir_set(dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tempdir_remove(&dir);
	return 0;
}

static unsigned files(void)
{
	unsigned n = 0;
	DIR *d = opendir(dir);

	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

/* Put pieces into it as a session would, spilling when told. */
static void fill(struct spool *spool, size_t total, size_t piece, size_t *spills)
{
	char *bytes = malloc(piece);
	struct err err;

	for (size_t at = 0; at < total;) {
		size_t n = total - at < piece ? total - at : piece;

		for (size_t i = 0; i < n; i++)
			bytes[i] = (char)((at + i) * 31 >> 3);
		if (spool_add(spool, slice_of(bytes, n))) {
			assert_int_equal(spool_spill(spool, &err), 0);
			++*spills;
		}
		at += n;
	}
	free(bytes);
}

static void holds(void **state)
{
	static const struct {
		const char *name;
		size_t total, piece, spills;
	} cases[] = {
		{ "nothing", 0, 1, 0 },
		{ "one byte", 1, 1, 0 },
		{ "byte by byte", 3000, 1, 0 },
		{ "just small", 256 * 1024 - 1, 1000, 0 },
		{ "just large", 256 * 1024, 1024, 1 },
		{ "large", 5000000, 16384, 19 },
		{ "in one piece", 3000000, 3000000, 1 },
		{ "in odd pieces", 1000003, 777, 3 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct spool *spool = spool_new();
		struct slice all;
		size_t spills = 0;

		fill(spool, cases[i].total, cases[i].piece, &spills);
		want_num(cases[i].name, spills, cases[i].spills);
		want_num(cases[i].name, spool_size(spool), cases[i].total);
		for (int again = 0; again < 2; again++) {
			want_num(cases[i].name, spool_map(spool, &all, NULL), 0);
			want_num(cases[i].name, all.n, cases[i].total);
			for (size_t k = 0; k < all.n; k++)
				assert_true(all.p[k] == (char)(k * 31 >> 3));
		}
		want_num(cases[i].name, files(), 0);
		spool_free(&spool);
		assert_null(spool);
		spool_free(&spool);
	}
}

static void grows_after_reading(void **state)
{
	struct spool *spool = spool_new();
	struct slice all;

	(void)state;
	spool_add(spool, SLICE("one "));
	assert_int_equal(spool_map(spool, &all, NULL), 0);
	spool_add(spool, SLICE("two "));
	assert_int_equal(spool_spill(spool, NULL), 0);
	assert_int_equal(spool_map(spool, &all, NULL), 0);
	spool_add(spool, SLICE("three"));
	assert_int_equal(spool_map(spool, &all, NULL), 0);
	want_text("all", all, "one two three");
	spool_free(&spool);
}

/* The file of this spool, which has no name. */
static int find_file(void)
{
	char path[64], target[4096];

	for (int fd = 3; fd < 100; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		ssize_t n = readlink(path, target, sizeof(target) - 1);
		if (n > 0 && slice_starts(slice_of(target, (size_t)n), slice_str(dir)))
			return fd;
	}
	fail_msg("there is no file in %s", dir);
	return -1;
}

/* C-128: what is on the disk is not what it says. */
static void cannot_be_read_there(void **state)
{
	struct spool *one = spool_new(), *two = spool_new();
	char was[2][4096];
	struct slice all;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct spool *spool = i ? two : one;
		while (!spool_add(spool, SLICE("confidential words, ")))
			;
		assert_int_equal(spool_spill(spool, NULL), 0);
		assert_int_equal(pread(find_file(), was[i], sizeof(was[i]), 0), sizeof(was[i]));
		assert_true(slice_find(slice_of(was[i], sizeof(was[i])), SLICE("words")) < 0);
		assert_int_equal(spool_map(spool, &all, NULL), 0);
		assert_true(slice_starts(all, SLICE("confidential words, ")));
		/* nor after it was read */
		assert_int_equal(pread(find_file(), was[i], sizeof(was[i]), 0), sizeof(was[i]));
		assert_true(slice_find(slice_of(was[i], sizeof(was[i])), SLICE("words")) < 0);
		spool_free(i ? &two : &one);
	}
	assert_memory_not_equal(was[0], was[1], sizeof(was[0]));
}

static void says_why_not(void **state)
{
	struct spool *spool = spool_new();
	struct err err = { 0 };

	(void)state;
	spool_dir_set("/nowhere/at/all");
	spool_add(spool, SLICE("kept"));
	assert_int_equal(spool_spill(spool, &err), -1);
	assert_int_equal(err.kind, ERR_TEMP);
	spool_dir_set(dir);
	assert_int_equal(spool_spill(spool, &err), 0);
	assert_int_equal(spool_size(spool), 4);
	spool_free(&spool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds),
		cmocka_unit_test(grows_after_reading),
		cmocka_unit_test(cannot_be_read_there),
		cmocka_unit_test(says_why_not),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
