/* test_facts.c - records that end: found, changed, bounded, kept; and counters made of them */
#include "core/facts.h"

#include <stdio.h>
#include <unistd.h>

#include "core/rate.h"
#include "tests/unit/unit.h"

enum { HOUR = 3600 * 1000, SOON = 5 };

static unsigned ended;

static void over(struct slice key, const struct fact *fact)
{
	assert_true(key.n > 0 && fact->until > 0);
	ended++;
}

FACTS(test) = { .name = "test", .bound = 3, .kept = true, .state = FACTS_STATE, .over = over };
FACTS(test_fleeting) = { .name = "test-fleeting", .bound = 100, .state = FACTS_STATE };

static void put(const struct facts *facts, const char *key, int64_t from_now, int64_t n)
{
	struct fact fact = { .until = facts_now() + from_now, .n = { n } };

	facts_put(facts, slice_str(key), &fact);
}

static int64_t get(const struct facts *facts, const char *key)
{
	struct fact fact;

	return facts_get(facts, slice_str(key), &fact) ? fact.n[0] : -1;
}

static void wait_for_end(const char *key)
{
	while (get(&facts_test, key) >= 0)
		usleep(1000);
}

/* --- what the store would have --- */

static struct {
	char key[16];
	unsigned char record[FACT_BYTES];
	bool there;
} store[8];
static size_t stored, removed;

static void keep(void *arg, struct slice key, struct slice record)
{
	size_t i = 0;

	(void)arg;
	while (store[i].key[0] && !slice_eq(slice_str(store[i].key), key))
		i++;
	assert_true(i < COUNT(store));
	snprintf(store[i].key, sizeof(store[i].key), "%.*s", SLICE_ARG(key));
	store[i].there = record.n > 0;
	if (record.n > 0) {
		assert_int_equal(record.n, FACT_BYTES);
		memcpy(store[i].record, record.p, record.n);
	}
	*(record.n > 0 ? &stored : &removed) += 1;
}

static size_t give(size_t most)
{
	stored = removed = 0;
	return facts_give(&facts_test, most, keep, NULL);
}

static void found_and_over(void **state)
{
	(void)state;
	assert_false(facts_any(&facts_test));
	assert_int_equal(get(&facts_test, "a"), -1);
	put(&facts_test, "a", HOUR, 7);
	assert_true(facts_any(&facts_test));
	assert_int_equal(get(&facts_test, "a"), 7);
	put(&facts_test, "b", SOON, 8);
	wait_for_end("b");
	assert_int_equal(ended, 1);
	put(&facts_test, "c", SOON, 8);
	while (ended < 2) {
		usleep(1000);
		facts_tidy(&facts_test);
	}
	facts_forget(&facts_test, SLICE("a"));
	facts_forget(&facts_test, SLICE("a"));
	assert_int_equal(get(&facts_test, "a"), -1);
	assert_int_equal(ended, 2); /* what is forgotten has not ended */
	assert_false(facts_any(&facts_test));
	assert_int_equal(give(100), 0); /* none was ever in the store */
}

static void bounded_and_kept(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		put(&facts_test, (const char *[]){ "a", "b", "c" }[i], HOUR, i);
	assert_int_equal(give(2), 2);
	assert_int_equal(give(2), 1);
	assert_int_equal(give(2), 0);
	put(&facts_test, "b", HOUR * 2, 1);
	assert_int_equal(give(9), 1);
	get(&facts_test, "a"); /* asked for: b is the oldest now, then c */
	get(&facts_test, "c");
	put(&facts_test, "d", HOUR, 3);
	assert_int_equal(get(&facts_test, "b"), -1);
	assert_int_equal(give(9), 2);
	assert_int_equal(stored, 1);
	assert_int_equal(removed, 1);
	for (int i = 0; i < 3; i++)
		facts_forget(&facts_test, slice_str((const char *[]){ "a", "c", "d" }[i]));
	put(&facts_test, "c", HOUR, 9); /* removed and put: in this order */
	assert_int_equal(give(9), 4);
	facts_forget(&facts_test, SLICE("c"));
	put(&facts_test, "c", HOUR, 10);
	assert_int_equal(give(1), 1);
	assert_int_equal(give(1), 1);
	for (size_t i = 0; i < COUNT(store) && store[i].key[0]; i++)
		assert_int_equal(store[i].there, store[i].key[0] == 'c');
}

static void read_back(void **state)
{
	size_t c = 0;

	(void)state;
	while (store[c].key[0] != 'c')
		c++;
	struct slice record = slice_of(store[c].record, FACT_BYTES);
	facts_forget(&facts_test, SLICE("c"));
	give(9);
	for (size_t n = 0; n < FACT_BYTES; n++)
		facts_load(&facts_test, SLICE("c"), slice_head(record, n));
	assert_int_equal(get(&facts_test, "c"), -1);
	facts_load(&facts_test, SLICE("c"), record);
	assert_int_equal(get(&facts_test, "c"), 10);
	assert_int_equal(give(9), 0);
	store[c].record[0] = 99;
	facts_load(&facts_test, SLICE("x"), record);
	assert_int_equal(get(&facts_test, "x"), -1);
	facts_forget(&facts_test, SLICE("c"));
}

/* --- counters --- */

static void so_many(void **state)
{
	struct rate three = { 3, HOUR }, none = { 0, HOUR };
	struct slice key = SLICE("a");

	(void)state;
	assert_int_equal(rate_count(&facts_test_fleeting, key, HOUR), 0);
	assert_int_equal(rate_take(&facts_test_fleeting, key, 2, &three), 0);
	assert_int_equal(rate_look(&facts_test_fleeting, key, 1, &three), 0);
	uint64_t wait = rate_take(&facts_test_fleeting, key, 2, &three);
	assert_in_range(wait, HOUR / 2, 2 * HOUR);
	assert_int_equal(rate_take(&facts_test_fleeting, key, 1, &three), 0);
	assert_int_equal(rate_count(&facts_test_fleeting, key, HOUR), 3);
	assert_true(rate_take(&facts_test_fleeting, key, 1, &three) > 0);
	assert_true(rate_take(&facts_test_fleeting, SLICE("b"), 1, &none) > 0);
	assert_true(rate_take(&facts_test_fleeting, SLICE("b"), 4, &three) > 0);
}

/* Somebody who always waits as long as he is told. */
static void comes_again(void **state)
{
	struct rate rate = { 2, 40 };
	struct slice key = SLICE("patient");
	unsigned tries = 0;

	(void)state;
	for (unsigned taken = 0; taken < 8; tries++) {
		uint64_t wait = rate_take(&facts_test_fleeting, key, 1, &rate);
		if (wait == 0)
			taken++;
		assert_true(wait <= 2 * 40 + 1);
		usleep((unsigned)wait * 1000);
	}
	assert_true(tries <= 24);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_and_over),
		cmocka_unit_test(bounded_and_kept),
		cmocka_unit_test(read_back),
		cmocka_unit_test(so_many),
		cmocka_unit_test(comes_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
