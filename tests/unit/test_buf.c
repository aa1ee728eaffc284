/* test_buf.c - slices and buffers */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/buf.h"

static void compares(void **state)
{
	static const struct {
		const char *a, *b;
		bool eq, ieq, starts, istarts, iends;
		int cmp;
	} cases[] = {
		{ "", "", true, true, true, true, true, 0 },
		{ "a", "", false, false, true, true, true, 1 },
		{ "", "a", false, false, false, false, false, -1 },
		{ "abc", "abc", true, true, true, true, true, 0 },
		{ "ABC", "abc", false, true, false, true, true, -1 },
		{ "abcd", "AB", false, false, false, true, false, 1 },
		{ "abcd", "CD", false, false, false, false, true, 1 },
		{ "ab", "abc", false, false, false, false, false, -1 },
		{ "[", "{", false, false, false, false, false, -1 },
		{ "\xc3\x84", "\xc3\xa4", false, false, false, false, false, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slice a = slice_str(cases[i].a), b = slice_str(cases[i].b);
		int cmp = slice_cmp(a, b);

		assert_int_equal(slice_eq(a, b), cases[i].eq);
		assert_int_equal(slice_ieq(a, b), cases[i].ieq);
		assert_int_equal(slice_starts(a, b), cases[i].starts);
		assert_int_equal(slice_istarts(a, b), cases[i].istarts);
		assert_int_equal(slice_iends(a, b), cases[i].iends);
		assert_int_equal((cmp > 0) - (cmp < 0), cases[i].cmp);
	}
	assert_true(slice_eq((struct slice){ 0 }, SLICE("")));
}

static void finds(void **state)
{
	static const struct {
		const char *in, *what;
		ptrdiff_t chr, rchr, find, ifind; /* chr: of the first byte of what */
	} cases[] = {
		{ "", "a", -1, -1, -1, -1 },
		{ "banana", "an", 1, 5, 1, 1 },
		{ "banana", "NA", -1, -1, -1, 2 },
		{ "banana", "anan!", 1, 5, -1, -1 },
		{ "banana", "bananas", 0, 0, -1, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slice in = slice_str(cases[i].in), what = slice_str(cases[i].what);

		assert_int_equal(slice_chr(in, *what.p), cases[i].chr);
		assert_int_equal(slice_rchr(in, *what.p), cases[i].rchr);
		assert_int_equal(slice_find(in, what), cases[i].find);
		assert_int_equal(slice_ifind(in, what), cases[i].ifind);
	}
	assert_int_equal(slice_find(SLICE("x"), SLICE("")), 0);
}

static void parts(void **state)
{
	static const struct {
		const char *in, *trimmed, *word, *word_rest, *cut, *cut_rest; /* NULL: p is NULL */
	} cases[] = {
		{ "", "", "", "", "", NULL },
		{ " \t\r\n", "", "\r\n", "", " \t\r\n", NULL },
		{ "  ab\tcd ", "ab\tcd", "ab", "\tcd ", "  ab\tcd ", NULL },
		{ "a,b,c\r\n", "a,b,c", "a,b,c\r\n", "", "a", "b,c\r\n" },
		{ "a,", "a,", "a,", "", "a", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slice in = slice_str(cases[i].in), rest = in;

		assert_true(slice_eq(slice_trim(in), slice_str(cases[i].trimmed)));
		assert_true(slice_eq(slice_word(&rest), slice_str(cases[i].word)));
		assert_true(slice_eq(rest, slice_str(cases[i].word_rest)));
		rest = in;
		assert_true(slice_eq(slice_cut(&rest, ','), slice_str(cases[i].cut)));
		assert_true(slice_eq(rest, slice_str(cases[i].cut_rest)));
		assert_int_equal(rest.p == NULL, cases[i].cut_rest == NULL);
	}
}

static void grows(void **state)
{
	struct buf b = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++) {
		buf_addc(&b, 'a');
		buf_addz(&b, "bc");
		buf_adds(&b, SLICE("de"));
		buf_addu(&b, (unsigned long long)i);
	}
	assert_int_equal(b.n, 5 * 1000 + 10 + 90 * 2 + 900 * 3);
	assert_true(slice_starts(buf_slice(&b), SLICE("abcde0abcde1")));
	buf_drop(&b, b.n - 8);
	assert_string_equal(buf_z(&b), "abcde999");
	assert_int_equal(b.n, 8);
	buf_drop(&b, 100);
	assert_int_equal(b.n, 0);
	buf_addu(&b, UINT64_MAX);
	assert_string_equal(buf_z(&b), "18446744073709551615");
	buf_done(&b);
	assert_null(b.p);
	buf_add(&b, NULL, 0);
	assert_int_equal(b.n, 0);
	buf_wipe(&b);
}

static void prints(void **state)
{
	static const size_t lengths[] = { 0, 1, 62, 63, 64, 65, 1000, 100000 };
	struct buf b = { 0 };
	size_t total = 0;

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		buf_printf(&b, "%0*d", (int)lengths[i], 0);
		total += lengths[i] ? lengths[i] : 1;
		assert_int_equal(b.n, total);
		assert_int_equal(b.p[b.n - 1], '0');
	}
	buf_done(&b);
}

static void secrets(void **state)
{
	char a[] = "secret", b[] = "secreT";

	(void)state;
	assert_true(bytes_same(a, "secret", 6));
	assert_false(bytes_same(a, b, 6));
	assert_true(bytes_same(a, b, 5));
	assert_true(bytes_same(a, b, 0));
	bytes_wipe(a, sizeof a);
	for (size_t i = 0; i < sizeof a; i++)
		assert_int_equal(a[i], 0);
	char *copy = mem_str(SLICE("x\0y"));
	assert_memory_equal(copy, "x\0y", 4);
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares),
		cmocka_unit_test(finds),
		cmocka_unit_test(parts),
		cmocka_unit_test(grows),
		cmocka_unit_test(prints),
		cmocka_unit_test(secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
