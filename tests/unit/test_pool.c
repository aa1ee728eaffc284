/* test_pool.c - memory that dies together */
#include <stdarg.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "core/pool.h"

static const size_t sizes[] = { 0, 1, 15, 16, 17, 100, 900, 1000, 1024, 5000, 70000, 1000000, 3 };

static void fill(struct pool *pool, char **at)
{
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		at[i] = pool_get(pool, sizes[i]);
		assert_int_equal((uintptr_t)at[i] % alignof(max_align_t), 0);
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(at[i][k], 0);
		memset(at[i], (int)('a' + i), sizes[i]);
	}
}

static void holds(void **state)
{
	struct pool pool = { 0 };
	char *at[sizeof sizes / sizeof *sizes];

	(void)state;
	for (int round = 0; round < 3; round++) {
		fill(&pool, at);
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(at[i][k], 'a' + i);
		assert_true(pool.used >= 1000000);
		pool_reset(&pool);
		assert_null(pool.block);
		assert_int_equal(pool.used, 0);
	}
	pool_done(&pool);
}

static void many_small(void **state)
{
	struct pool pool = { .wipe = true };
	char *last = NULL;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		last = pool_printf(&pool, "number %d", i);
		if (i % 1000 == 0)
			pool_get(&pool, 9000);
	}
	assert_string_equal(last, "number 99999");
	pool_done(&pool);
	assert_false(pool.wipe);
}

static void copies(void **state)
{
	struct pool pool = { 0 };
	char text[] = "ann\0bob";
	struct slice s = pool_slice(&pool, slice_of(text, 7));

	(void)state;
	text[0] = 'x';
	assert_int_equal(s.n, 7);
	assert_memory_equal(s.p, "ann\0bob", 8);
	assert_string_equal(pool_str(&pool, (struct slice){ 0 }), "");
	pool_done(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds),
		cmocka_unit_test(many_small),
		cmocka_unit_test(copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
