/* test_rename.c - a domain under another name: which words are its name, and that nothing has the
 * old one */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

#include "core/loop.h"
#include "storage/dir.h"
#include "storage/rename.h"
#include "storage/store.h"
#include "tests/unit/tempdir.h"

static const struct rename names = { { "old.test", 8 }, { "brand-new.test", 14 } };

static struct slice str(const char *s)
{
	return slice_str(s);
}

/* --- words --- */

static void test_words(void **state)
{
	static const struct {
		const char *text, *words, *addresses;
	} cases[] = {
		{ "", "", "" },
		{ "old.test", "brand-new.test", "old.test" },
		{ "d old.test", "d brand-new.test", "d old.test" },
		{ "d OLD.test", "d brand-new.test", "d OLD.test" },
		{ "ann@old.test", "ann@brand-new.test", "ann@brand-new.test" },
		{ "@old.test", "@brand-new.test", "@brand-new.test" },
		{ "Ann <ann@old.test>, x@y", "Ann <ann@brand-new.test>, x@y",
		    "Ann <ann@brand-new.test>, x@y" },
		{ "ann@old.test old.test  ", "ann@brand-new.test brand-new.test  ",
		    "ann@brand-new.test old.test  " },
		{ "mail.old.test", "mail.old.test", "mail.old.test" },
		{ "old.tests older.test xold.test", "old.tests older.test xold.test",
		    "old.tests older.test xold.test" },
		{ "ann@old.test@far", "ann@old.test@far", "ann@old.test@far" },
		{ "http://old.test", "http://old.test", "http://old.test" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf out = { 0 };
		rename_words(&names, str(cases[i].text), &out);
		assert_string_equal(buf_z(&out), cases[i].words);
		buf_clear(&out);
		rename_addresses(&names, str(cases[i].text), &out);
		assert_string_equal(buf_z(&out), cases[i].addresses);
		buf_done(&out);
	}
}

static void test_bytes(void **state)
{
	static const char key[] = "i old.test\0\1\2 serial",
			  want[] = "i brand-new.test\0\1\2 serial";
	struct buf out = { 0 };

	(void)state;
	rename_words(&names, slice_of(key, sizeof(key)), &out);
	assert_true(slice_eq(buf_slice(&out), slice_of(want, sizeof(want))));
	buf_done(&out);
}

/* --- the directory --- */

static char *data;

static void open_store(void)
{
	struct err err;

	if (store_open(data, &err) < 0 || store_start(&err) < 0)
		fail_msg("%s", err.text);
}

static int setup(void **state)
{
	(void)state;
	data = tempdir_new();
	open_store();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	threads_stop();
	store_close();
	tempdir_remove(&data);
	return 0;
}

#define GOOD(call)                                                                                 \
	do {                                                                                       \
		struct err err = { 0 };                                                            \
		if ((call) != 0)                                                                   \
			fail_msg("%s", err.text);                                                  \
	} while (0)

static bool has_no_old(void *arg, const char *room, struct slice key, struct slice value)
{
	size_t *n = arg;

	assert_string_equal(room, "some");
	assert_true(slice_find(key, names.old) < 0);
	assert_true(slice_find(value, names.old) >= 0);
	++*n;
	return true;
}

/* A room without a row: keys move, values stay as they are. */
static void test_records(void **state)
{
	static const char *const keys[] = { "old.test", "x old.test", "ann@old.test",
		"deadbeef old.test 1" };
	size_t n = 0;

	(void)state;
	GOOD(dir_domain_add(names.old, &err));
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		GOOD(store_record_put("some", str(keys[i]), str("of old.test"), &err));
	GOOD(dir_domain_rename(names.old, names.new, false, NULL, &err));
	dir_domain_renamed(names.old, names.new);
	assert_int_equal(store_record_each_room(has_no_old, &n), 0);
	assert_int_equal(n, sizeof(keys) / sizeof(*keys));
}

static bool count(void *arg, const struct dir_account *account)
{
	assert_true(slice_iends(slice_str(account->name), names.new));
	++*(size_t *)arg;
	return true;
}

static void test_accounts(void **state)
{
	static const char *const secrets[] = { "secret", NULL };
	struct pool pool = { 0 };
	struct dir_account before, after;
	struct dir_target *target;
	const char *now;
	char name[40];
	size_t n = 0;

	(void)state;
	GOOD(dir_domain_add(names.old, &err));
	GOOD(dir_domain_add(str("other.test"), &err));
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "u%d@old.test", i);
		GOOD(dir_account_add(str(name), secrets, &err));
	}
	GOOD(dir_account_role(str("u7@old.test"), 2, &err));
	GOOD(dir_alias_add(str("a@other.test"), str("u1@old.test far@away.test"), &err));
	assert_int_equal(dir_account(str("u7@old.test"), &pool, &before), 1);
	GOOD(dir_domain_rename(names.old, names.new, false, NULL, &err));
	assert_int_equal(dir_accounts((struct slice){ 0 }, count, &n), 0);
	assert_int_equal(n, 300);
	assert_int_equal(dir_account(str("u7@old.test"), &pool, &after), 0);
	assert_int_equal(dir_account(str("u7@brand-new.test"), &pool, &after), 1);
	assert_true(after.id == before.id && after.role == 2);
	assert_string_equal(after.secrets[0], "secret");
	assert_int_equal(dir_route(str("a@other.test"), &pool, &target), DIR_LOCAL);
	assert_string_equal(target->address, "u1@brand-new.test");
	assert_int_equal(dir_domain_former(names.old, &pool, &now), 1);
	assert_string_equal(now, "brand-new.test");
	pool_done(&pool);
}

/* Cut off behind the transaction: the next start does the rest, and until then nobody gets
   the old name. */
static void test_cut_off(void **state)
{
	struct err busy = { 0 };

	(void)state;
	GOOD(dir_domain_add(names.old, &err));
	GOOD(dir_domain_rename(names.old, names.new, false, NULL, &err));
	assert_int_equal(dir_domain_add(names.old, &busy), -1);
	assert_int_equal(busy.kind, ERR_BUSY);
	threads_stop();
	store_close();
	open_store();
	GOOD(dir_domain_add(names.old, &err));
	assert_true(dir_is_domain(names.new));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test_setup_teardown(test_records, setup, teardown),
		cmocka_unit_test_setup_teardown(test_accounts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_off, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
