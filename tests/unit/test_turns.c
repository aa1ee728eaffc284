/* test_turns.c - lanes take turns, and each keeps its order */
#include "unit.h"

#include "core/turns.h"

struct numbered {
	struct task task; /* first */
	int n;
};

static int take(struct turns *turns)
{
	struct numbered *it = (struct numbered *)(void *)turns_take(turns);

	return it ? it->n : -1;
}

static void test_lanes(void **state)
{
	struct turns turns = { 0 };
	struct numbered t[6];

	(void)state;
	assert_null(turns_take(&turns));
	for (int i = 0; i < 6; i++)
		t[i].n = i;
	/* Four of one lane, then one each of two others. */
	for (int i = 0; i < 4; i++)
		turns_add(&turns, &t[i].task, 7);
	turns_add(&turns, &t[4].task, 63);
	turns_add(&turns, &t[5].task, 64 + 2);
	const int want[] = { 5, 0, 4, 1, 2, 3 };
	for (int i = 0; i < 6; i++)
		assert_int_equal(take(&turns), want[i]);
	assert_null(turns_take(&turns));
}

/* Who comes back goes to the end of his lane, and his lane behind the others. */
static void test_coming_back(void **state)
{
	struct turns turns = { 0 };
	struct numbered a = { .n = 1 }, b = { .n = 2 }, c = { .n = 3 };

	(void)state;
	turns_add(&turns, &a.task, 1);
	turns_add(&turns, &b.task, 1);
	turns_add(&turns, &c.task, 5);
	for (int round = 0; round < 100; round++) {
		assert_int_equal(take(&turns), round % 2 ? 2 : 1);
		turns_add(&turns, round % 2 ? &b.task : &a.task, 1);
		assert_int_equal(take(&turns), 3);
		turns_add(&turns, &c.task, 5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lanes),
		cmocka_unit_test(test_coming_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
