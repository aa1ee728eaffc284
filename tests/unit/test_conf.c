/* test_conf.c - settings: checked, merged, stored
 *
 * It has a table of its own instead of the one that the build collects. */
#include "core/conf.h"

#include <stdio.h>

#include "tests/unit/unit.h"

static const char *const colours[] = { "red", "green", "blue", NULL };
static int64_t told = -1;

static void tell(int64_t num)
{
	told = num;
}

CONF_KEY(flag) = { .name = "test.flag", .type = CONF_BOOL, .def = "off" };
CONF_KEY(count) = {
	.name = "test.count", .type = CONF_INT, .def = "5", .min = -2, .max = 10, .changed = tell
};
CONF_KEY(
    colour) = { .name = "test.colour", .type = CONF_CHOICE, .def = "green", .choices = colours };
CONF_KEY(size) = { .name = "test.size",
	.type = CONF_SIZE,
	.def = "25M",
	.min = 1024,
	.max = 1 << 30,
	.scopes = CONF_SERVER | CONF_DOMAIN | CONF_ACCOUNT | CONF_LISTENER };
CONF_KEY(time) = { .name = "test.time", .type = CONF_DURATION, .def = "1m" };
CONF_KEY(word) = { .name = "test.word",
	.type = CONF_TEXT,
	.def = "usual",
	.max = 20,
	.scopes = CONF_SERVER | CONF_DOMAIN };
CONF_KEY(way) = {
	.name = "test.way", .type = CONF_INT, .def = "1", .scopes = CONF_SERVER | CONF_DESTINATION
};

const struct conf_key *const conf_key_table[] = { &conf_key_colour, &conf_key_count, &conf_key_flag,
	&conf_key_size, &conf_key_time, &conf_key_way, &conf_key_word, NULL };
const size_t conf_key_table_n = COUNT(conf_key_table) - 1;

static void checks(void **state)
{
	static const struct {
		const struct conf_key *key;
		const char *value;
		bool ok;
		int64_t num;
	} cases[] = {
		{ &conf_key_flag, "on", true, 1 },
		{ &conf_key_flag, "OFF", true, 0 },
		{ &conf_key_flag, "maybe", false, 0 },
		{ &conf_key_count, "10", true, 10 },
		{ &conf_key_count, "-2", true, -2 },
		{ &conf_key_count, "11", false, 0 },
		{ &conf_key_count, "-3", false, 0 },
		{ &conf_key_count, "1x", false, 0 },
		{ &conf_key_colour, "Blue", true, 2 },
		{ &conf_key_colour, "pink", false, 0 },
		{ &conf_key_size, "1k", true, 1024 },
		{ &conf_key_size, "1G", true, 1 << 30 },
		{ &conf_key_size, "2G", false, 0 },
		{ &conf_key_size, "1023", false, 0 },
		{ &conf_key_time, "2h", true, 7200000 },
		{ &conf_key_time, "250ms", true, 250 },
		{ &conf_key_time, "long", false, 0 },
		{ &conf_key_word, "12345678901234567890", true, 20 },
		{ &conf_key_word, "123456789012345678901", false, 0 },
		{ &conf_key_word, "two\nlines", false, 0 },
		{ &conf_key_word, "\xff", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err err = { 0 };
		int64_t num;
		int rc = conf_check(cases[i].key, slice_str(cases[i].value), &num, &err);

		want_num(cases[i].value, rc, cases[i].ok ? 0 : -1);
		if (cases[i].ok)
			want_num(cases[i].value, num, cases[i].num);
		else
			want_true(cases[i].value, strstr(err.text, cases[i].key->name));
	}
}

static void defaults(void **state)
{
	struct buf text = { 0 };

	(void)state;
	assert_int_equal(conf_on(&conf_key_flag), 0);
	assert_int_equal(conf_num(&conf_key_count), 5);
	assert_int_equal(conf_num(&conf_key_colour), 1);
	assert_int_equal(conf_num(&conf_key_size), 25 << 20);
	assert_int_equal(conf_num(&conf_key_time), 60000);
	conf_text(&conf_key_word, NULL, &text);
	want_text("word", buf_slice(&text), "usual");
	conf_raw(&conf_key_word, CONF_SERVER, SLICE(""), &text);
	want_text("word", buf_slice(&text), "");
	assert_ptr_equal(conf_find(SLICE("TEST.word")), &conf_key_word);
	assert_null(conf_find(SLICE("test.words")));
	buf_clear(&text);
	conf_range(&conf_key_size, &text);
	want_text("range", buf_slice(&text), "1k to 1G");
	buf_clear(&text);
	conf_range(&conf_key_time, &text);
	want_text("range", buf_slice(&text), "0 or more");
	buf_done(&text);
}

static int set(
    const struct conf_key *key, enum conf_scope scope, const char *place, const char *value)
{
	return conf_set(key, scope, slice_str(place), slice_str(value), NULL);
}

static void merges(void **state)
{
	struct conf_at at = { .domain = "a.test", .account = "ann@a.test", .listener = "smtp" };
	struct buf text = { 0 };

	(void)state;
	assert_int_equal(conf_num_at(&conf_key_size, &at), 25 << 20);
	assert_int_equal(set(&conf_key_size, CONF_SERVER, "", "1M"), 0);
	assert_int_equal(conf_num_at(&conf_key_size, &at), 1 << 20);
	assert_int_equal(set(&conf_key_size, CONF_DOMAIN, "a.test", "2M"), 0);
	assert_int_equal(set(&conf_key_size, CONF_DOMAIN, "b.test", "3M"), 0);
	assert_int_equal(conf_num_at(&conf_key_size, &at), 2 << 20);
	assert_int_equal(conf_num_at(&conf_key_size, NULL), 1 << 20);
	assert_int_equal(set(&conf_key_size, CONF_LISTENER, "smtp", "4M"), 0);
	assert_int_equal(conf_num_at(&conf_key_size, &at), 4 << 20);
	assert_int_equal(set(&conf_key_size, CONF_ACCOUNT, "ann@a.test", "5M"), 0);
	assert_int_equal(conf_num_at(&conf_key_size, &at), 5 << 20);
	at.account = at.listener = NULL;
	assert_int_equal(conf_num_at(&conf_key_size, &at), 2 << 20);
	at.domain = "c.test";
	assert_int_equal(conf_num_at(&conf_key_size, &at), 1 << 20);

	at.domain = "a.test";
	assert_int_equal(set(&conf_key_word, CONF_DOMAIN, "a.test", "mine"), 0);
	conf_text(&conf_key_word, &at, &text);
	want_text("word", buf_slice(&text), "mine");
	assert_int_equal(set(&conf_key_word, CONF_DOMAIN, "a.test", ""), 0);
	conf_text(&conf_key_word, &at, &text);
	want_text("word", buf_slice(&text), "usual");
	buf_done(&text);

	assert_int_equal(set(&conf_key_size, CONF_DOMAIN, "a.test", ""), 0);
	assert_int_equal(set(&conf_key_size, CONF_DOMAIN, "b.test", ""), 0);
	assert_int_equal(set(&conf_key_size, CONF_LISTENER, "smtp", ""), 0);
	assert_int_equal(set(&conf_key_size, CONF_ACCOUNT, "ann@a.test", ""), 0);
	assert_int_equal(set(&conf_key_size, CONF_SERVER, "", ""), 0);
	assert_int_equal(conf_num_at(&conf_key_size, &at), 25 << 20);
}

/* The name itself, then the longest of those above it. */
static void merges_destinations(void **state)
{
	static const struct {
		const char *to;
		int64_t num;
	} cases[] = { { "b.a.test", 5 }, { "c.b.a.test", 4 }, { "d.c.b.a.test", 4 },
		{ "x.a.test", 3 }, { "a.test", 2 }, { "ba.test", 2 }, { "test", 2 }, { "", 2 } };

	(void)state;
	assert_int_equal(set(&conf_key_way, CONF_SERVER, "", "2"), 0);
	assert_int_equal(set(&conf_key_way, CONF_DESTINATION, ".a.test", "3"), 0);
	assert_int_equal(set(&conf_key_way, CONF_DESTINATION, ".b.a.test", "4"), 0);
	assert_int_equal(set(&conf_key_way, CONF_DESTINATION, "b.a.test", "5"), 0);
	for (size_t i = 0; i < COUNT(cases); i++)
		want_num(cases[i].to,
		    conf_num_at(&conf_key_way, &(struct conf_at){ .destination = cases[i].to }),
		    cases[i].num);
}

static void refuses(void **state)
{
	static const struct {
		const struct conf_key *key;
		enum conf_scope scope;
		const char *place, *value;
	} cases[] = {
		{ &conf_key_flag, CONF_SERVER, "", "maybe" },
		{ &conf_key_flag, CONF_DOMAIN, "a.test", "on" },
		{ &conf_key_word, CONF_ACCOUNT, "ann@a.test", "x" },
		{ &conf_key_word, CONF_DOMAIN, "", "x" },
		{ &conf_key_word, CONF_SERVER, "a.test", "x" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		want_num(cases[i].value,
		    set(cases[i].key, cases[i].scope, cases[i].place, cases[i].value), -1);
	assert_false(conf_on(&conf_key_flag));
}

/* A store that remembers what it was told last, and has some values. */
static char last_put[200];
static bool broken;

static int store_put(void *arg, enum conf_scope scope, struct slice place, struct slice name,
    struct slice value, struct err *err)
{
	(void)arg;
	if (broken)
		return err_set(err, ERR_TEMP, "the store is broken");
	snprintf(last_put, sizeof last_put, "%d %.*s %.*s=%.*s", scope, SLICE_ARG(place),
	    SLICE_ARG(name), SLICE_ARG(value));
	return 0;
}

static int store_each(void *arg,
    void (*row)(void *row_arg, enum conf_scope scope, struct slice place, struct slice name,
	struct slice value),
    void *row_arg, struct err *err)
{
	(void)arg;
	if (broken)
		return err_set(err, ERR_TEMP, "the store is broken");
	row(row_arg, CONF_SERVER, SLICE(""), SLICE("test.count"), SLICE("7"));
	row(row_arg, CONF_SERVER, SLICE(""), SLICE("test.gone"), SLICE("7"));
	row(row_arg, CONF_SERVER, SLICE(""), SLICE("test.colour"), SLICE("pink"));
	row(row_arg, CONF_DOMAIN, SLICE("a.test"), SLICE("test.word"), SLICE("loaded"));
	row(row_arg, CONF_DOMAIN, SLICE("old.test"), SLICE("test.way"), SLICE("9"));
	return 0;
}

static void count_each(void *arg, enum conf_scope scope, const char *place, const char *text)
{
	assert_int_equal(scope, CONF_DOMAIN);
	assert_string_equal(place, "a.test");
	assert_string_equal(text, "loaded");
	++*(int *)arg;
}

static void loads_and_stores(void **state)
{
	static const struct conf_store store = { .put = store_put, .each = store_each };
	struct err err = { 0 };
	int n = 0;

	(void)state;
	assert_int_equal(set(&conf_key_flag, CONF_SERVER, "", "on"), 0);
	assert_int_equal(conf_load(&store, &err), 0);
	want_num("one of before",
	    conf_num_at(&conf_key_way, &(struct conf_at){ .destination = "old.test" }), 9);
	assert_int_equal(conf_num(&conf_key_count), 7);
	assert_int_equal(told, 7);
	assert_int_equal(conf_num(&conf_key_colour), 1);
	assert_false(conf_on(&conf_key_flag));
	conf_each(&conf_key_word, count_each, &n);
	assert_int_equal(n, 1);

	assert_int_equal(set(&conf_key_count, CONF_SERVER, "", "8"), 0);
	assert_string_equal(last_put, "1  test.count=8");
	assert_int_equal(told, 8);
	assert_int_equal(set(&conf_key_word, CONF_DOMAIN, "b.test", "x y"), 0);
	assert_string_equal(last_put, "2 b.test test.word=x y");

	broken = true;
	assert_int_equal(conf_set(&conf_key_count, CONF_SERVER, SLICE(""), SLICE("9"), &err), -1);
	assert_string_equal(err.text, "the store is broken");
	assert_int_equal(conf_load(&store, &err), -1);
	assert_int_equal(conf_num(&conf_key_count), 8);
}

/* --- several at once --- */

static int begun, kept;

static void store_begin(void *arg)
{
	(void)arg;
	begun++;
}

static int store_end(void *arg, bool keep, struct err *err)
{
	(void)arg;
	(void)err;
	kept += keep;
	return keep ? 0 : -1;
}

static void all_or_none(void **state)
{
	static const struct conf_store store = {
		.put = store_put, .each = store_each, .begin = store_begin, .end = store_end
	};
	struct conf_change changes[] = {
		{ &conf_key_count, CONF_SERVER, SLICE(""), SLICE("9") },
		{ &conf_key_word, CONF_DOMAIN, SLICE("b.test"), SLICE("z") },
	};
	struct err err = { 0 };

	(void)state;
	broken = false;
	assert_int_equal(conf_load(&store, &err), 0);
	assert_int_equal(conf_set_all(changes, 2, &err), 0);
	assert_int_equal(conf_num(&conf_key_count), 9);
	assert_int_equal(begun, 1);
	assert_int_equal(kept, 1);

	changes[0].value = SLICE("8");
	changes[1].scope = CONF_ACCOUNT; /* refused before anything is stored */
	assert_int_equal(conf_set_all(changes, 2, &err), -1);
	assert_int_equal(begun, 1);
	changes[1].scope = CONF_DOMAIN;
	broken = true;
	assert_int_equal(conf_set_all(changes, 2, &err), -1);
	assert_int_equal(begun, 2);
	assert_int_equal(kept, 1);
	assert_int_equal(conf_num(&conf_key_count), 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(checks),
		cmocka_unit_test(merges),
		cmocka_unit_test(merges_destinations),
		cmocka_unit_test(refuses),
		cmocka_unit_test(loads_and_stores),
		cmocka_unit_test(all_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
