/* test_num.c - numbers: the whole text, in range, or refused */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "core/num.h"

static void whole(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool ok;
		uint64_t want;
	} cases[] = {
		{ "0", 0, true, 0 },
		{ "1", 0, false, 0 },
		{ "007", 7, true, 7 },
		{ "8", 7, false, 0 },
		{ "70", 7, false, 0 },
		{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, false, 0 },
		{ "99999999999999999999999", UINT64_MAX, false, 0 },
		{ "", 9, false, 0 },
		{ "+1", 9, false, 0 },
		{ "-1", 9, false, 0 },
		{ " 1", 9, false, 0 },
		{ "1 ", 9, false, 0 },
		{ "1x", 99, false, 0 },
		{ "0x1", 99, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t n = 4711;

		assert_int_equal(num_u64(slice_str(cases[i].text), cases[i].max, &n), cases[i].ok);
		assert_true(n == (cases[i].ok ? cases[i].want : 4711));
	}
	uint32_t small;
	assert_true(num_u32(SLICE("4294967295"), &small));
	assert_int_equal(small, UINT32_MAX);
	assert_false(num_u32(SLICE("4294967296"), &small));
}

static void with_sign(void **state)
{
	static const struct {
		const char *text;
		int64_t min, max;
		bool ok;
		int64_t want;
	} cases[] = {
		{ "-0", -1, 1, true, 0 },
		{ "-5", -5, 5, true, -5 },
		{ "-6", -5, 5, false, 0 },
		{ "6", -5, 5, false, 0 },
		{ "-9223372036854775808", INT64_MIN, INT64_MAX, true, INT64_MIN },
		{ "-9223372036854775809", INT64_MIN, INT64_MAX, false, 0 },
		{ "9223372036854775807", INT64_MIN, INT64_MAX, true, INT64_MAX },
		{ "9223372036854775808", INT64_MIN, INT64_MAX, false, 0 },
		{ "-", -5, 5, false, 0 },
		{ "--1", -5, 5, false, 0 },
		{ "", -5, 5, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t n = 0;

		assert_int_equal(
		    num_i64(slice_str(cases[i].text), cases[i].min, cases[i].max, &n), cases[i].ok);
		assert_true(n == cases[i].want);
	}
}

static void with_unit(void **state)
{
	static const struct {
		const char *text;
		int64_t size, ms; /* -1: refused */
	} cases[] = {
		{ "10", 10, 10000 },
		{ "64k", 65536, -1 },
		{ "64K", 65536, -1 },
		{ "25M", 26214400, 25 * 60000 },
		{ "2G", INT64_C(2147483648), -1 },
		{ "8388607T", INT64_C(8388607) << 40, -1 },
		{ "8388608T", -1, -1 },
		{ "500ms", -1, 500 },
		{ "30s", -1, 30000 },
		{ "5m", 5242880, 300000 },
		{ "12h", -1, 43200000 },
		{ "7d", -1, 604800000 },
		{ "106751991168d", -1, -1 },
		{ "k", -1, -1 },
		{ "", -1, -1 },
		{ "1 k", -1, -1 },
		{ "1kb", -1, -1 },
		{ "-1k", -1, -1 },
		{ "1.5M", -1, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slice text = slice_str(cases[i].text);
		uint64_t size = 0;
		int64_t ms = 0;

		assert_int_equal(num_size(text, INT64_MAX, &size), cases[i].size >= 0);
		assert_true(cases[i].size < 0 || size == (uint64_t)cases[i].size);
		assert_int_equal(num_duration(text, INT64_MAX, &ms), cases[i].ms >= 0);
		assert_true(cases[i].ms < 0 || ms == cases[i].ms);
	}
	int64_t ms;
	assert_true(num_duration(SLICE("1m"), 60000, &ms));
	assert_false(num_duration(SLICE("61s"), 60000, &ms));
	assert_false(num_duration(SLICE("1"), -1, &ms));
}

static void big_endian(void **state)
{
	unsigned char p[8];

	(void)state;
	num_put64(p, UINT64_C(0x0102030405060708));
	for (int i = 0; i < 8; i++)
		assert_int_equal(p[i], i + 1);
	assert_true(num_get64(p) == UINT64_C(0x0102030405060708));
	num_put32(p, UINT32_C(0xfffefdfc));
	assert_int_equal(num_get32(p), UINT32_C(0xfffefdfc));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(with_sign),
		cmocka_unit_test(with_unit),
		cmocka_unit_test(big_endian),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
