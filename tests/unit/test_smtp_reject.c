/* test_smtp_reject.c - what a rule gives as its reason, as a reply */
#include "unit.h"

#include "protocols/smtp/smtp.h"

#define OWN "550 5.7.1 The recipient does not want this message\r\n"

static const struct {
	const char *name, *why;
	bool utf8;
	const char *want;
} cases[] = {
	{ "one line", "no", false, "550 5.7.1 no\r\n" },
	{ "lines", "no\r\n more\nend\r\n", false,
	    "550-5.7.1 no\r\n550-5.7.1 more\r\n550 5.7.1 end\r\n" },
	{ "an empty line between", "a\n\nb", false,
	    "550-5.7.1 a\r\n550-5.7.1 \r\n550 5.7.1 b\r\n" },
	{ "a status of its own", "5.4.6 it runs\nin circles", false,
	    "550-5.4.6 it runs\r\n550 5.4.6 in circles\r\n" },
	{ "a status of another kind", "4.4.6 later", false, "550 5.7.1 4.4.6 later\r\n" },
	{ "a status alone", "5.4.6", false, "550 5.7.1 5.4.6\r\n" },
	{ "nothing", "", false, OWN },
	{ "blanks", " \r\n ", false, OWN },
	{ "a CR alone", "a\rb", false, "550 5.7.1 a b\r\n" },
	{ "a control", "a\x1b[2J", false, OWN },
	{ "UTF-8 for who knows it",
	    "pas \xc3\xa7"
	    "a",
	    true,
	    "550 5.7.1 pas \xc3\xa7"
	    "a\r\n" },
	{ "UTF-8 for who does not",
	    "pas \xc3\xa7"
	    "a",
	    false, OWN },
	{ "no UTF-8",
	    "pas \xe7"
	    "a",
	    true, OWN },
	{ "too many lines", "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11", false,
	    "550-5.7.1 1\r\n550-5.7.1 2\r\n550-5.7.1 3\r\n550-5.7.1 4\r\n550-5.7.1 5\r\n"
	    "550-5.7.1 6\r\n550-5.7.1 7\r\n550-5.7.1 8\r\n550-5.7.1 9\r\n550 5.7.1 10\r\n" },
};

static void replies(void **state)
{
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_clear(&out);
		smtp_put_rejection(slice_str(cases[i].why), cases[i].utf8, &out);
		want_text(cases[i].name, buf_slice(&out), cases[i].want);
	}
	buf_done(&out);
}

/* A long line is cut, and not within a character. */
static void cut(void **state)
{
	struct buf why = { 0 }, out = { 0 };

	(void)state;
	buf_addc(&why, 'x');
	while (why.n < 1000)
		buf_addz(&why, "\xe2\x82\xac");
	smtp_put_rejection(buf_slice(&why), true, &out);
	assert_int_equal(out.n, strlen("550 5.7.1 ") + 199 + 2);
	buf_done(&why);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies),
		cmocka_unit_test(cut),
	};

	return cmocka_run_group_tests_name("smtp_reject", tests, NULL, NULL);
}
