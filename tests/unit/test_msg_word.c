/* test_msg_word.c - header text and charsets to UTF-8 */
#include "tests/unit/beginnings.h"
#include "tests/unit/unit.h"

#include <pthread.h>

#include "core/msg.h"
#include "core/text.h"

#define FFFD "\xef\xbf\xbd"

static const struct {
	const char *in, *want;
} words[] = {
	{ "", "" },
	{ " plain text ", "plain text" },
	{ "folded\r\n text", "folded text" },
	/* RFC 2047 §8 */
	{ "=?ISO-8859-1?Q?a?=", "a" },
	{ "=?ISO-8859-1?Q?a?= b", "a b" },
	{ "=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab" },
	{ "=?ISO-8859-1?Q?a?=  \r\n =?ISO-8859-1?Q?b?=", "ab" },
	{ "=?ISO-8859-1?Q?a_b?=", "a b" },
	{ "=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b" },
	{ "x =?utf-8?q?=C3=A9?= y", "x \xc3\xa9 y" },
	{ "=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore" },
	/* charsets */
	{ "=?iso-8859-1?q?=E9=80?=", "\xc3\xa9\xe2\x82\xac" },
	{ "=?ISO-8859-15?q?=A4?=", "\xe2\x82\xac" },
	{ "=?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?=", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e" },
	{ "=?shift_jis?B?k/qWe4zq?=", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e" },
	{ "=?EUC-JP?B?xvzL3Ljs?=", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e" },
	{ "=?gb2312?B?xOO6ww==?=", "\xe4\xbd\xa0\xe5\xa5\xbd" },
	{ "=?big5?B?p0Gmbg==?=", "\xe4\xbd\xa0\xe5\xa5\xbd" },
	{ "=?ks_c_5601-1987?B?x9GxuQ==?=", "\xed\x95\x9c\xea\xb5\xad" },
	{ "=?koi8-r?B?8NLJ18XU?=", "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82" },
	{ "=?windows-1251?q?=CF?=", "\xd0\x9f" },
	{ "=?utf-7?q?+AOk-?=", "\xc3\xa9" },
	{ "=?windows-1255?q?=E0?=", "\xd7\x90" },
	{ "=?x-unknown?q?=E9?=", "\xc3\xa9" },
	{ "=?x-unknown?q?=C3=A9?=", "\xc3\xa9" },
	{ "=?us-ascii?q?=E9?=", "\xc3\xa9" },
	{ "=?utf-8?q?=FF=41?=", FFFD "A" },
	{ "=?utf-8?q?=C3?=", FFFD },
	{ "=?utf-8?q?=F7=A7=8A=8B=C0=80=ED=A0=80x?=",
	    FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "x" },
	{ "=?utf-16be?q?=D8=00=00A=00?=", FFFD "A" FFFD },
	/* one character in two words */
	{ "=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "\xc3\xa9" },
	{ "=?UTF-8?B?w6?= =?utf-8?B?k=?=", FFFD },
	/* more than is allowed */
	{ "=?utf-8?q?a b?=", "a b" },
	{ "\"=?utf-8?q?a?=\"", "\"a\"" },
	{ "x=?utf-8?q?a?=y", "xay" },
	{ "=?utf-8?q?a?==?utf-8?q?b?=", "ab" },
	{ "=?utf-8?q?=4?=", "=4" },
	{ "=?utf-8?b?Zg==Zg==?=", "ff" },
	{ "=?utf-8?B?Z?m9v?=", "foo" },
	/* no words */
	{ "=?utf-8?x?a?=", "=?utf-8?x?a?=" },
	{ "=??q?a?=", "=??q?a?=" },
	{ "=?utf-8?q?a", "=?utf-8?q?a" },
	{ "=?utf-8?q", "=?utf-8?q" },
	{ "=?=?utf-8?q?a?=", "=?a" },
	{ "=?", "=?" },
	{ "=?utf-8?q?"
	  "?=",
	    "" },
	/* bytes as they are */
	{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
	{ "gr\xfc\xdf \x80", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac" },
	/* no line ends from within */
	{ "=?utf-8?q?a=0D=0ABcc:_x=00=7F?=", "a  Bcc: x  " },
	{ "a\tb\rc", "a b c" },
};

static void decodes(void **state)
{
	struct pool pool = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		struct slice got = msg_decode_text(&pool, slice_str(words[i].in));

		want_text(words[i].in, got, words[i].want);
	}
	pool_done(&pool);
}

static void read(struct slice in)
{
	struct pool pool = { 0 };

	assert_true(utf8_valid(msg_decode_text(&pool, in)));
	pool_done(&pool);
}

static void decodes_any_beginning(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(words); i++)
		each_beginning(words[i].in, read);
}

static void knows_charsets(void **state)
{
	static const char *const known[] = { "US-ASCII", "utf-8", "UTF8", "ISO_8859-1:1987",
		"latin1", "iso8859-15", "KS_C_5601-1987", "Shift_JIS", "x-sjis", "gb2312", "koi8-u",
		"cp1252" };
	static const char *const unknown[] = { "", "-", "utf", "8859", "iso-8859-99", "utf-8 utf-7",
		"INTERNAL", "../../tmp/x", "utf-8//TRANSLIT",
		"a-name-that-is-longer-than-any-charset-has" };
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		want_true(known[i], msg_charset_known(slice_str(known[i])));
		want_true(known[i], msg_utf8(&out, slice_str(known[i]), SLICE("x")));
	}
	want_num("all converted", (int64_t)out.n, COUNT(known));
	for (size_t i = 0; i < COUNT(unknown); i++) {
		want_true(unknown[i], !msg_charset_known(slice_str(unknown[i])));
		want_true(unknown[i], !msg_utf8(&out, slice_str(unknown[i]), SLICE("x")));
	}
	buf_done(&out);
}

/* A converter has a state; none may be left from the text before. */
static void forgets_its_state(void **state)
{
	struct buf out = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		buf_clear(&out);
		msg_utf8(&out, SLICE("iso-2022-jp"), SLICE("\x1b$BF|"));
		msg_utf8(&out, SLICE("iso-2022-jp"), SLICE("F|"));
		want_text("shifted", buf_slice(&out),
		    "\xe6\x97\xa5"
		    "F|");
	}
	buf_done(&out);
}

static void *convert_often(void *arg)
{
	struct buf out = { 0 };
	bool *good = arg;

	for (int i = 0; i < 2000; i++) {
		buf_clear(&out);
		msg_utf8(&out, SLICE("koi8-r"), SLICE("\xf0\xd2"));
		*good &= slice_eq(buf_slice(&out), SLICE("\xd0\x9f\xd1\x80"));
	}
	buf_done(&out);
	return NULL;
}

static void converts_in_threads(void **state)
{
	pthread_t threads[4];
	bool good[4] = { true, true, true, true };

	(void)state;
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, convert_often, &good[i]), 0);
	for (size_t i = 0; i < COUNT(threads); i++) {
		pthread_join(threads[i], NULL);
		assert_true(good[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes),
		cmocka_unit_test(decodes_any_beginning),
		cmocka_unit_test(knows_charsets),
		cmocka_unit_test(forgets_its_state),
		cmocka_unit_test(converts_in_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
