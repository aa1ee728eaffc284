/* test_msg_lines.c - messages of any bytes as lines */
#include "tests/unit/unit.h"

#include "core/msg.h"

#define TEXT(s)                                                                                    \
	{                                                                                          \
		(s), sizeof(s) - 1                                                                 \
	}

static void knows_lines(void **state)
{
	static const struct {
		struct slice text;
		bool want;
	} cases[] = {
		{ TEXT(""), true },
		{ TEXT("a"), true },
		{ TEXT("a\r\nb\r\n"), true },
		{ TEXT("\r\n"), true },
		{ TEXT("a\n"), false },
		{ TEXT("\n"), false },
		{ TEXT("a\r"), false },
		{ TEXT("a\rb"), false },
		{ TEXT("a\r\r\n"), false },
		{ TEXT("a\r\n\n"), false },
		{ TEXT("a\0b"), false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		want_num("lines", msg_is_lines(cases[i].text), cases[i].want);
}

static const struct {
	struct slice in;
	const char *want;
} messages[] = {
	/* a body */
	{ TEXT("A: b\r\nContent-Transfer-Encoding: binary\r\n\r\na\0b\n"),
	    "A: b\r\nContent-Transfer-Encoding: base64\r\n\r\nYQBiCg==\r\n" },
	{ TEXT("A: b\r\n\r\n\r"), "A: b\r\nContent-Transfer-Encoding: base64\r\n\r\nDQ==\r\n" },
	/* a header of other lines, around a body that is fine */
	{ TEXT("A: b\n\nx\r\n"), "A: b\r\n\r\nx\r\n" },
	{ TEXT("A: \0b\r\n\r\nx\r\n"), "A: b\r\n\r\nx\r\n" },
	{ TEXT("A: b"), "A: b" },
	/* encoded already: put right, not encoded again */
	{ TEXT("Content-Transfer-Encoding: base64\r\n\r\nZm9v\nYmE=\n"),
	    "Content-Transfer-Encoding: base64\r\n\r\nZm9v\r\nYmE=\r\n" },
	/* of two parts, one */
	{ TEXT("Content-Type: multipart/mixed; boundary=x\r\nContent-Transfer-Encoding: "
	       "binary\r\n\r\npre\0\r\n--x\r\n\r\nfine\r\n--x\r\nB: c\r\n\r\n\0\1\2\r\n--x--\r\n"),
	    "Content-Type: multipart/mixed; boundary=x\r\nContent-Transfer-Encoding: "
	    "8bit\r\n\r\npre\r\n--x\r\n\r\nfine\r\n--x\r\nB: c\r\nContent-Transfer-Encoding: "
	    "base64\r\n\r\nAAEC\r\n\r\n--x--\r\n" },
	/* in a message in a message */
	{ TEXT("Content-Type: message/rfc822\r\n\r\nA: b\r\n\r\n\n"),
	    "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
	    "A: b\r\nContent-Transfer-Encoding: base64\r\n\r\nCg==\r\n" },
};

static void makes_lines(void **state)
{
	struct buf out = { 0 }, again = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(messages); i++) {
		buf_clear(&out);
		buf_clear(&again);
		msg_make_lines(messages[i].in, &out);
		want_text(messages[i].want, buf_slice(&out), messages[i].want);
		msg_make_lines(buf_slice(&out), &again);
		want_text("again", buf_slice(&again), messages[i].want);
	}
	buf_done(&out);
	buf_done(&again);
}

/* Cut anywhere, the result is of lines, whatever it says. */
static void cut_anywhere(void **state)
{
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(messages); i++)
		for (size_t n = 0; n < messages[i].in.n; n++) {
			buf_clear(&out);
			msg_make_lines(slice_head(messages[i].in, n), &out);
			if (!msg_is_lines(buf_slice(&out)))
				fail_msg("message %zu cut at %zu", i, n);
		}
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_lines),
		cmocka_unit_test(makes_lines),
		cmocka_unit_test(cut_anywhere),
	};

	return cmocka_run_group_tests_name("msg_lines", tests, NULL, NULL);
}
