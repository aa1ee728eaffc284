/* test_imap_fuzzy.c - what is nearly alike, and how nearly */
#include "unit.h"

#include "protocols/imap/fuzzy.h"

static void test_scores(void **state)
{
	static const struct {
		const char *want, *hay;
		unsigned score;
	} cases[] = {
		{ "hello", "well, hello there", 100 },
		{ "helo", "hello", 60 },
		{ "helo", "help", 60 },
		{ "hlelo", "hello", 60 },
		{ "wednesdy", "wednesday", 60 },
		{ "wensday", "wednesday", 0 },
		{ "wendesdya", "wednesday", 45 },
		{ "cat", "bat", 0 }, /* of a short word no letter may be wrong */
		{ "cat", "category", 75 },
		{ "ca", "category", 0 },
		{ "breaking", "breaks", 85 },
		{ "plan", "planned", 85 },
		{ "stories", "story", 85 },
		{ "imap break", "break the imap", 90 },
		{ "imap break", "the imap break is over", 100 },
		{ "imap missing", "break the imap", 0 },
		{ "m\303\274ller", "herr m\303\274ller", 100 },
		{ "muller", "herr m\303\274ller", 60 }, /* one letter, though two bytes */
		{ "\xff\xfe", "a \xff\xfe b", 100 },
		{ "hello", "", 0 },
	};
	struct pool pool = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct imap_fuzzy *fuzzy = imap_fuzzy_new(&pool, slice_str(cases[i].want));

		assert_non_null(fuzzy);
		want_num(cases[i].want, imap_fuzzy_score(fuzzy, slice_str(cases[i].hay)),
		    cases[i].score);
	}
	assert_null(imap_fuzzy_new(&pool, SLICE("")));
	assert_null(imap_fuzzy_new(&pool, SLICE(" -- !")));
	pool_done(&pool);
}

/* Words without end, and many of them. */
static void test_bounds(void **state)
{
	struct pool pool = { 0 };
	struct buf want = { 0 }, hay = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_addz(&want, "longer and longer");
	for (int i = 0; i < 100000; i++)
		buf_addz(&hay, i % 50 ? "x" : "longer\xe2\x82");
	struct imap_fuzzy *fuzzy = imap_fuzzy_new(&pool, buf_slice(&want));
	assert_non_null(fuzzy);
	assert_int_equal(imap_fuzzy_score(fuzzy, buf_slice(&hay)), 0);
	assert_true(imap_fuzzy_score(fuzzy, buf_slice(&want)) > 0);
	buf_done(&want);
	buf_done(&hay);
	pool_done(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scores),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
