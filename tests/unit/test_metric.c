/* test_metric.c - what is counted, and how it is shown */
#include "tests/unit/unit.h"

#include <pthread.h>

#include "core/metric.h"

METRIC(a_test_words) = {
	.name = "test_words_total",
	.type = METRIC_COUNTER,
	.help = "words",
	.label = "kind",
	.values = METRIC_VALUES("short", "long"),
	.cells = METRIC_CELLS(2),
};

METRIC(a_test_seconds) = {
	.name = "test_seconds",
	.type = METRIC_SECONDS,
	.help = "times",
	.cells = METRIC_CELLS(METRIC_SECONDS_CELLS),
};

static void *count(void *arg)
{
	for (int i = 0; i < 100000; i++)
		metric_add(&metric_a_test_words, 1, 1);
	return arg;
}

static void test_threads(void **state)
{
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count, NULL), 0);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	want_num("all", (int64_t)metric_a_test_words.cells[1].n, 400000);
	want_num("nothing else", (int64_t)metric_a_test_words.cells[0].n, 0);
}

static void test_seconds(void **state)
{
	(void)state;
	metric_took(&metric_a_test_seconds, 250); /* an upper end belongs to its class */
	metric_took(&metric_a_test_seconds, 251);
	metric_took(&metric_a_test_seconds, 60000000);
	want_num("first", (int64_t)metric_a_test_seconds.cells[0].n, 1);
	want_num("second", (int64_t)metric_a_test_seconds.cells[1].n, 1);
	want_num("beyond", (int64_t)metric_a_test_seconds.cells[METRIC_BOUNDS].n, 1);
	want_num("sum", (int64_t)metric_a_test_seconds.cells[METRIC_BOUNDS + 1].n, 60000501);
}

/* Every row of the program: a name that Prometheus takes, cells for its values. */
static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < metric_table_n; i++) {
		const struct metric *m = metric_table[i];
		size_t n = strspn(m->name, "abcdefghijklmnopqrstuvwxyz0123456789_");
		want_num(m->name, (int64_t)n, (int64_t)strlen(m->name));
		want_true(m->name, m->help && m->help[strlen(m->help) - 1] != '.');
		want_true(m->name, !m->cells != !m->collect);
		want_true(m->name, !m->values || m->label);
		for (size_t v = 0; m->values && m->values[v]; v++) {
			want_true(m->name, *m->values[v] != '\0');
			metric_add(m, v, 0);
		}
		if (m->type == METRIC_COUNTER)
			want_true(m->name, slice_iends(slice_str(m->name), SLICE("_total")));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
