/* test_slab.c - blocks of one size: never twice, kept apart, given back */
#include "tests/unit/unit.h"

#include <stdint.h>
#include <stdlib.h>

#include "core/slab.h"

enum { BLOCK = 12000, MANY = 600 }; /* four pieces */

static char *blocks[MANY];

static void give(struct slab *slab, char *p)
{
	if (!slab_put(slab, p))
		free(p); /* under a sanitizer */
}

static void fill(char *p, size_t i)
{
	memset(p, (int)(i % 251), BLOCK);
	memcpy(p, &i, sizeof(i));
}

static void check(const char *p, size_t i)
{
	size_t found;

	memcpy(&found, p, sizeof(found));
	assert_int_equal(found, i);
	assert_int_equal((unsigned char)p[BLOCK - 1], i % 251);
}

static void each_is_its_own(void **state)
{
	struct slab slab = SLAB(BLOCK);

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		fill(blocks[i] = slab_get(&slab), i);
	for (size_t i = 0; i < MANY; i += 3)
		give(&slab, blocks[i]);
	for (size_t i = 0; i < MANY; i += 3)
		fill(blocks[i] = slab_get(&slab), i);
	for (size_t i = 0; i < MANY; i++)
		check(blocks[i], i);
	for (size_t i = 0; i < MANY; i++)
		give(&slab, blocks[i]);
	assert_true(slab.n <= 1);
	assert_int_equal(slab.empty, slab.n);
	slab_done(&slab);
	assert_int_equal(slab.n, 0);
}

static void full_and_empty_pieces(void **state)
{
	struct slab slab = SLAB(BLOCK);

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		fill(blocks[i] = slab_get(&slab), i);
	size_t pieces = slab.n;
	for (size_t i = MANY; i-- > 1;) /* the last ones first */
		give(&slab, blocks[i]);
	assert_true(pieces == 0 || (slab.n == 2 && slab.empty == 1));
	check(blocks[0], 0);
	for (size_t i = 1; i < MANY; i++)
		fill(blocks[i] = slab_get(&slab), i);
	assert_int_equal(slab.n, pieces);
	check(blocks[0], 0);
	for (size_t i = 0; i < MANY; i++)
		give(&slab, blocks[i]);
	slab_done(&slab);
}

static void knows_its_own(void **state)
{
	struct slab slab = SLAB(BLOCK), other = SLAB(BLOCK);
	char on_stack[8], *from_heap = malloc(BLOCK);

	(void)state;
	char *p = slab_get(&slab);
	assert_int_equal((uintptr_t)p % 16, 0);
	assert_false(slab_has(&other, p));
	assert_false(slab_put(&other, p));
	assert_false(slab_put(&slab, on_stack));
	assert_false(slab_put(&slab, from_heap));
	assert_false(slab_put(&slab, NULL));
	assert_false(slab_put(&slab, p + 64));
	assert_int_equal(slab_has(&slab, p), slab.n == 1); /* no piece: a sanitizer's */
	give(&slab, p);
	free(from_heap);
	slab_done(&slab);
	slab_done(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_its_own),
		cmocka_unit_test(full_and_empty_pieces),
		cmocka_unit_test(knows_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
