/* test_err.c - reasons in words */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "core/err.h"

static void sets(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(err_set(NULL, ERR_INPUT, "nobody listens"), -1);
	assert_int_equal(err_set(&err, ERR_ABSENT, "no %s '%d'", "such", 7), -1);
	assert_int_equal(err.kind, ERR_ABSENT);
	assert_string_equal(err.text, "no such '7'");
	err_set(&err, ERR_INPUT, "said '%s'", "a\r\nb\x1b[");
	assert_string_equal(err.text, "said 'a??b?['");
	err_set(&err, ERR_INPUT, "%01000d", 1);
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

static void tells_errno(void **state)
{
	struct err err = { 0 };

	(void)state;
	errno = ENOENT;
	assert_int_equal(err_sys(&err, "open %s", "x"), -1);
	assert_int_equal(err.kind, ERR_TEMP);
	assert_string_equal(err.text, "open x: No such file or directory");
	assert_int_equal(errno, ENOENT);
	assert_int_equal(err_sys(NULL, "x"), -1);
	err_sys(&err, "%01000d", 1);
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

static void has_names(void **state)
{
	(void)state;
	for (enum err_kind kind = ERR_NONE; kind <= ERR_TEMP; kind++)
		assert_non_null(err_kind_name(kind));
	assert_string_equal(err_kind_name(ERR_LIMIT), "limit");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets),
		cmocka_unit_test(tells_errno),
		cmocka_unit_test(has_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
