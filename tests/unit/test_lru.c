/* test_lru.c - a bounded table: found, made, pushed out in order of use, told of it */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/lru.h"

static int dropped[16];
static size_t dropped_n;

static void note(void *payload)
{
	dropped[dropped_n++ % COUNT(dropped)] = *(int *)payload;
}

static struct slice key(int i)
{
	static char text[16];

	return slice_of(text, (size_t)snprintf(text, sizeof(text), "key %d", i));
}

static void found_and_dropped(void **state)
{
	struct lru *lru = lru_new(10, sizeof(int), note);

	(void)state;
	dropped_n = 0;
	assert_null(lru_find(lru, key(1)));
	int *one = lru_put(lru, key(1));
	assert_int_equal(*one, 0);
	*one = 1;
	assert_ptr_equal(lru_put(lru, key(1)), one);
	assert_ptr_equal(lru_find(lru, key(1)), one);
	assert_true(slice_eq(lru_key(one), SLICE("key 1")));
	*(int *)lru_put(lru, SLICE("")) = 2;
	assert_int_equal(lru_count(lru), 2);
	lru_drop(lru, key(1));
	lru_drop(lru, key(1));
	assert_int_equal(dropped_n, 1);
	assert_int_equal(dropped[0], 1);
	assert_null(lru_find(lru, key(1)));
	lru_free(&lru);
	assert_null(lru);
	assert_int_equal(dropped_n, 2);
	lru_free(&lru);
}

static void oldest_goes_first(void **state)
{
	struct lru *lru = lru_new(3, sizeof(int), note);

	(void)state;
	dropped_n = 0;
	for (int i = 1; i <= 3; i++)
		*(int *)lru_put(lru, key(i)) = i;
	lru_find(lru, key(1));
	*(int *)lru_put(lru, key(4)) = 4;
	assert_int_equal(dropped_n, 1);
	assert_int_equal(dropped[0], 2);
	int want[] = { 3, 1, 4 }, n = 0;
	for (int *at = lru_oldest(lru); at; at = lru_younger(lru, at))
		assert_int_equal(*at, want[n++]);
	assert_int_equal(n, 3);
	lru_clear(lru);
	assert_null(lru_oldest(lru));
	assert_int_equal(dropped_n, 4);
	lru_free(&lru);
}

static void many(void **state)
{
	struct lru *lru = lru_new(1000, sizeof(int), NULL);

	(void)state;
	for (int i = 0; i < 100000; i++)
		*(int *)lru_put(lru, key(i)) = i;
	assert_int_equal(lru_count(lru), 1000);
	for (int i = 0; i < 100000; i++) {
		int *at = lru_find(lru, key(i));
		assert_int_equal(at != NULL, i >= 99000);
		assert_true(!at || *at == i);
	}
	lru_free(&lru);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_and_dropped),
		cmocka_unit_test(oldest_goes_first),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
