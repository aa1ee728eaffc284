/* test_managesieve.c - commands are gathered from any pieces and taken apart; strings are put */
#include "tests/unit/unit.h"

#include "protocols/managesieve/managesieve.h"

/* --- gathering --- */

/* What was gathered, a command behind another, '|' behind each; "!" when the rest
   can't be told apart, "-" for one that was too large. */
static void gather(struct slice in, size_t piece, enum msieve_state state, struct buf *out)
{
	struct msieve ms = { .state = state };
	struct slice view = { in.p, 0 };

	while (!ms.hopeless) {
		size_t used = 0;
		enum frame frame = msieve_gather(&ms, view, &used);
		view = slice_from(view, used);
		if (frame != FRAME_MORE) {
			buf_adds(out, buf_slice(&ms.text));
			buf_addz(out, ms.hopeless ? "!" : ms.too_large ? "-|" : "|");
			buf_clear(&ms.text);
			ms.too_large = false;
		} else if (used == 0) {
			size_t rest = (size_t)(in.p + in.n - view.p) - view.n;
			if (rest == 0)
				break;
			view.n += piece < rest ? piece : rest;
		}
	}
	buf_done(&ms.text);
}

static void gathers(void **state)
{
	static const struct {
		const char *in, *want;
		enum msieve_state state;
	} cases[] = {
		{ "NOOP\r\n", "NOOP\r\n|", MSIEVE_STRANGER },
		{ "NOOP\nNOOP\r\n", "NOOP\n|NOOP\r\n|", MSIEVE_STRANGER },
		{ "\r\n", "\r\n|", MSIEVE_STRANGER },
		{ "NOOP", "", MSIEVE_STRANGER },
		{ "X {3+}\r\na\nb\r\n", "X {3+}\r\na\nb\r\n|", MSIEVE_STRANGER },
		{ "X {0+}\r\n\r\nY\r\n", "X {0+}\r\n\r\n|Y\r\n|", MSIEVE_STRANGER },
		{ "X {1+}\r\na {2+}\r\nbc\r\nY\r\n", "X {1+}\r\na {2+}\r\nbc\r\n|Y\r\n|",
		    MSIEVE_KNOWN },
		{ "X {3}\r\nabc\r\n", "X {3}\r\n|abc\r\n|", MSIEVE_KNOWN },
		{ "X {+}\r\nabc\r\n", "X {+}\r\n|abc\r\n|", MSIEVE_KNOWN },
		{ "X {3+} \r\nabc\r\n", "X {3+} \r\n|abc\r\n|", MSIEVE_KNOWN },
		{ "X {99999999+}\r\na", "X {99999999+}\r\n!", MSIEVE_KNOWN },
		{ "X {99999999999999999999+}\r\na", "X {99999999999999999999+}\r\n!",
		    MSIEVE_KNOWN },
		{ "X {40000+}\r\na", "X {40000+}\r\n!", MSIEVE_STRANGER },
	};
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t piece = 1; piece < 20; piece++) {
			buf_clear(&out);
			gather(slice_str(cases[i].in), piece, cases[i].state, &out);
			want_text(cases[i].in, buf_slice(&out), cases[i].want);
		}
	}
	buf_done(&out);
}

/* A script that is too large is passed over, and nothing of it is kept. */
static void passes_over(void **state)
{
	struct buf in = { 0 }, out = { 0 };

	(void)state;
	buf_addz(&in, "PUTSCRIPT \"a\" {100000+}\r\n");
	for (int i = 0; i < 100000; i++)
		buf_addc(&in, '#');
	buf_addz(&in, "\r\nNOOP\r\n");
	gather(buf_slice(&in), 4096, MSIEVE_KNOWN, &out);
	want_text("passed over", buf_slice(&out), "PUTSCRIPT \"a\" {100000+}\r\n-|NOOP\r\n|");
	buf_done(&in);
	buf_done(&out);
}

/* --- taking apart --- */

static void takes_arguments(void **state)
{
	static const struct {
		const char *text, *types, *want;
	} cases[] = {
		{ "\r\n", "", "" },
		{ " \r\n", "", "" },
		{ "\n", "", "" },
		{ "", "", NULL },
		{ " \"a\"\r\n", "", NULL },
		{ " \"a\"\r\n", "s", "a|" },
		{ "\"a\"\r\n", "s", NULL },
		{ " \"\"\r\n", "s", "|" },
		{ " \"a\\\"b\\\\c\\d\"\r\n", "s", "a\"b\\cd|" },
		{ " \"a\r\n", "s", NULL },
		{ " \"a\\\r\n", "s", NULL },
		{ " \"a\"", "s", NULL },
		{ " a\r\n", "s", NULL },
		{ " {3+}\r\na\"b\r\n", "s", "a\"b|" },
		{ " {0+}\r\n\r\n", "s", "|" },
		{ " {9+}\r\nab\r\n", "s", NULL },
		{ " {3+}\r\nabc", "s", NULL },
		{ " {x+}\r\nabc\r\n", "s", NULL },
		{ " \"a\" \"b\"\r\n", "ss", "a|b|" },
		{ " \"a\"\"b\"\r\n", "ss", NULL },
		{ "  \"a\"   \"b\"  \r\n", "ss", "a|b|" },
		{ " \"a\" {1+}\r\nb\r\n", "ss", "a|b|" },
		{ " \"a\"\r\n", "ss", NULL },
		{ " \"a\"\r\n", "so", "a|-|" },
		{ " \"a\" \"\"\r\n", "so", "a||" },
		{ "\r\n", "o", "-|" },
		{ " 12\r\n", "n", "12|" },
		{ " \"a\" 4294967295\r\n", "sn", "a|4294967295|" },
		{ " \"a\" 4294967296\r\n", "sn", NULL },
		{ " \"a\" -1\r\n", "sn", NULL },
		{ " \"a\" 1x\r\n", "sn", NULL },
		{ " \"a\" \"1\"\r\n", "sn", NULL },
	};
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct msieve_arg args[MSIEVE_ARGS_MAX];
		struct buf text = { 0 };
		buf_addz(&text, cases[i].text);
		buf_room(&text, 1);
		buf_clear(&out);
		bool good = msieve_args(buf_slice(&text), cases[i].types, args);
		for (size_t k = 0; good && cases[i].types[k]; k++) {
			if (cases[i].types[k] == 'n')
				buf_printf(&out, "%llu|", (unsigned long long)args[k].number);
			else
				buf_printf(&out, "%.*s|",
				    SLICE_ARG(args[k].string.p ? args[k].string : SLICE("-")));
		}
		want_num(cases[i].text, good, cases[i].want != NULL);
		if (good)
			want_text(cases[i].text, buf_slice(&out), cases[i].want);
		buf_done(&text);
	}
	buf_done(&out);
}

static void puts_strings(void **state)
{
	static const struct {
		struct slice string;
		const char *want;
	} cases[] = {
		{ SLICE(""), "\"\"" },
		{ SLICE("a b"), "\"a b\"" },
		{ SLICE("a\"b\\"), "\"a\\\"b\\\\\"" },
		{ SLICE("a\r\nb"), "{4}\r\na\r\nb" },
		{ SLICE("\n"), "{1}\r\n\n" },
		{ SLICE("gr\xc3\xbc"), "\"gr\xc3\xbc\"" },
	};
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_clear(&out);
		msieve_put_string(&out, cases[i].string);
		want_text(cases[i].want, buf_slice(&out), cases[i].want);
	}
	buf_done(&out);
}

/* RFC 5804 2: every command is there. */
static void knows_all_commands(void **state)
{
	static const char *const names[] = { "AUTHENTICATE", "STARTTLS", "LOGOUT", "CAPABILITY",
		"HAVESPACE", "PUTSCRIPT", "LISTSCRIPTS", "SETACTIVE", "GETSCRIPT", "DELETESCRIPT",
		"RENAMESCRIPT", "CHECKSCRIPT", "NOOP", "UNAUTHENTICATE" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		want_true(names[i], msieve_find_command(slice_str(names[i])) != NULL);
	want_true("putscript", msieve_find_command(SLICE("putscript")) != NULL);
	want_true("PUT", msieve_find_command(SLICE("PUT")) == NULL);
	assert_int_equal(msieve_command_table_n, COUNT(names));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gathers),
		cmocka_unit_test(passes_over),
		cmocka_unit_test(takes_arguments),
		cmocka_unit_test(puts_strings),
		cmocka_unit_test(knows_all_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
