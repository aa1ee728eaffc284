/* test_kv_ahead.c - records read ahead are those that the tree has, in any order of asking */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "storage/kv_ahead.h"
#include "tests/unit/tempdir.h"

enum { RECORDS = 2000 };

struct fill {
	struct kv_write write; /* first member */
	struct kv *tree;
};

/* Record i has a value whose length depends on i; every third is not there. */
static struct slice key_of(unsigned i, char text[16])
{
	return slice_of(text, (size_t)snprintf(text, 16, "k%06u", i));
}

static void value_of(unsigned i, struct buf *value)
{
	buf_clear(value);
	buf_addu(value, i);
	for (unsigned n = 0; n < i % 97; n++)
		buf_addc(value, '.');
}

static bool is_there(unsigned i)
{
	return i < RECORDS && i % 3 != 2;
}

static enum kv_result fill_apply(struct kv_write *w, struct kv_txn *txn)
{
	struct fill *fill = (struct fill *)w;
	struct buf value = { 0 };
	char key[16];
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < RECORDS; i++) {
		if (!is_there(i))
			continue;
		value_of(i, &value);
		rc = kv_put(fill->tree, txn, key_of(i, key), buf_slice(&value));
	}
	buf_done(&value);
	return rc < 0 ? KV_FAILED : KV_DONE;
}

static void ask(struct kv_ahead *ahead, struct kv *tree, unsigned i)
{
	struct buf want = { 0 };
	struct slice value;
	char key[16];
	int found = kv_ahead_get(ahead, tree, key_of(i, key), &value);

	assert_int_equal(found, is_there(i));
	if (found == 1) {
		value_of(i, &want);
		assert_true(slice_eq(value, buf_slice(&want)));
	}
	buf_done(&want);
}

static void reads(void **state)
{
	static const struct {
		unsigned from, step, times;
	} cases[] = {
		{ 0, 1, RECORDS + 10 },		    /* all, in turn, and behind the end */
		{ 0, 3, RECORDS / 3 },		    /* with gaps */
		{ 0, 97, RECORDS / 97 },	    /* too far apart to pay */
		{ RECORDS, (unsigned)-1, RECORDS }, /* falling */
		{ 7, 0, 10 },			    /* one again and again */
		{ 1, 1201, 500 },		    /* here and there: the numbers wrap */
	};
	struct kv *tree = *state;

	for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
		struct kv_ahead ahead = { 0 };
		unsigned i = cases[c].from;

		for (unsigned n = 0; n < cases[c].times; n++, i += cases[c].step)
			ask(&ahead, tree, i % (RECORDS + 20));
		kv_ahead_done(&ahead);
	}
}

/* Who goes through all of them asks the tree seldom. */
static void reads_ahead(void **state)
{
	struct kv_ahead ahead = { 0 };
	unsigned here = 0;

	for (unsigned i = 0; i < 300; i++) {
		here += ahead.at < ahead.records.n;
		ask(&ahead, *state, i);
	}
	assert_true(here > 250);
	kv_ahead_done(&ahead);
}

int main(void)
{
	char *dir = tempdir_new();
	struct kv_opts opts = { .dir = dir, .cache = 1 << 20 };
	struct fill fill = { .write = { .apply = fill_apply } };
	struct kv_env *env;
	struct err err;

	if (kv_env_open(&opts, &env, &err) != 0 || kv_open(env, "tree", &fill.tree, &err) != 0 ||
	    kv_write(env, &fill.write) != KV_DONE)
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(reads, fill.tree),
		cmocka_unit_test_prestate(reads_ahead, fill.tree),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	kv_env_close(&env);
	tempdir_remove(&dir);
	return failed;
}
