/* test_text_fold.c - text without difference of case */
#include "unit.h"

#include "core/text.h"

static void test_fold(void **state)
{
	static const struct {
		const char *in, *ascii, *unicode;
		bool is_ascii;
	} cases[] = {
		{ "", "", "", true }, { "Re: HELLO [x]", "re: hello [x]", "re: hello [x]", true },
		{ "@ABCDEFGHIJKLMNOPQRSTUVWXYZ[ `abcdefghijklmnopqrstuvwxyz{",
		    "@abcdefghijklmnopqrstuvwxyz[ `abcdefghijklmnopqrstuvwxyz{",
		    "@abcdefghijklmnopqrstuvwxyz[ `abcdefghijklmnopqrstuvwxyz{", true },
		{ "GRÜSSE", "grÜsse", "grüsse", false }, { "Straße", "straße", "strasse", false },
		{ "ΣΟΦΟΣ", "ΣΟΦΟΣ", "σοφοσ", false },
		{ "E\xcc\x81", "e\xcc\x81", "é", false },     /* composed */
		{ "A\xff", "a\xff", "a\xef\xbf\xbd", false }, /* not UTF-8 */
	};
	struct buf out = { 0 };
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_clear(&out);
		want_num(cases[i].in, text_fold(&out, slice_str(cases[i].in), false),
		    !cases[i].is_ascii);
		want_text(cases[i].in, buf_slice(&out), cases[i].ascii);
		buf_clear(&out);
		text_fold(&out, slice_str(cases[i].in), true);
		want_text(cases[i].in, buf_slice(&out), cases[i].unicode);
	}
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_fold) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
