/* test_smtp_text.c - the text behind DATA, however it is cut into pieces */
#include "unit.h"

#include "protocols/smtp/smtp.h"

static const struct {
	const char *name, *in, *want; /* want NULL: does not end */
	size_t left;		      /* bytes behind the end that are not taken */
	bool bare, nul;
	size_t in_n;
} cases[] = {
	{ .name = "plain",
	    .in = "Subject: a\r\n\r\ntext\r\n.\r\n",
	    .want = "Subject: a\r\n\r\ntext\r\n" },
	{ .name = "empty", .in = ".\r\n", .want = "" },
	{ .name = "more behind", .in = "a\r\n.\r\nQUIT\r\n", .want = "a\r\n", .left = 6 },
	{ .name = "stuffed", .in = "..\r\n..a\r\n.b\r\n.\r\n", .want = ".\r\n.a\r\nb\r\n" },
	{ .name = "dot inside", .in = "a.\r\n.\r\n", .want = "a.\r\n" },
	{ .name = "not ended", .in = "a\r\n", .want = NULL },
	{ .name = "not ended by a dot", .in = "a\r\n.", .want = NULL },
	{ .name = "not ended by dot CR", .in = "a\r\n.\r", .want = NULL },
	{ .name = "LF . LF", .in = "a\n.\nb\r\n.\r\n", .want = "a\n.\nb\r\n", .bare = true },
	{ .name = "LF . CR LF", .in = "a\n.\r\nb\r\n", .want = NULL, .bare = true },
	{ .name = "CR LF . LF", .in = "a\r\n.\nb\r\n.\r\n", .want = "a\r\n\nb\r\n", .bare = true },
	{ .name = "CR . CR", .in = "a\r.\rb\r\n.\r\n", .want = "a\r.\rb\r\n", .bare = true },
	{ .name = "CR CR LF", .in = "a\r\r\n.\r\n", .want = "a\r\r\n", .bare = true },
	{ .name = "CR LF . CR x",
	    .in = "a\r\n.\rx\r\n.\r\n",
	    .want = "a\r\n\rx\r\n",
	    .bare = true },
	{ .name = "NUL", .in = "a\0b\r\n.\r\n", .in_n = 8, .want = "a\0b\r\n", .nul = true },
};

/* Play `in` in pieces that end at `cut` and then at every further `step`
   bytes. Returns the bytes not taken, or -1 when the text did not end. */
static ptrdiff_t play(struct smtp *smtp, struct slice in, size_t cut, size_t step)
{
	size_t taken = 0, come = cut;

	for (;;) {
		size_t used = 0;
		enum frame frame =
		    smtp_text_frame(smtp, slice_of(in.p + taken, come - taken), &used);

		assert_true(used <= come - taken);
		taken += used;
		if (frame == FRAME_WORK)
			return (ptrdiff_t)(in.n - taken);
		if (come == in.n)
			return -1;
		if (used > 0 && taken < come)
			continue;
		come = come + step < in.n ? come + step : in.n;
	}
}

static void check(size_t i, struct slice in, size_t cut, size_t step)
{
	struct smtp_mail mail = { 0 };
	struct smtp smtp = { .mail = &mail };
	struct slice got;

	smtp_text_begin(&smtp);
	ptrdiff_t left = play(&smtp, in, cut, step);
	if (!cases[i].want) {
		if (left != -1)
			fail_msg("%s: ended, cut %zu step %zu", cases[i].name, cut, step);
	} else {
		size_t n = cases[i].nul ? 5 : strlen(cases[i].want);
		assert_int_equal(spool_map(mail.text, &got, NULL), 0);
		if (left != (ptrdiff_t)cases[i].left || !slice_eq(got, slice_of(cases[i].want, n)))
			fail_msg("%s: '%.*s' left %td, cut %zu step %zu", cases[i].name,
			    SLICE_ARG(got), left, cut, step);
	}
	assert_int_equal(smtp.text.bare, cases[i].bare);
	assert_int_equal(smtp.text.nul, cases[i].nul);
	spool_free(&mail.text);
}

static void test_in_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = cases[i].in_n ? cases[i].in_n : strlen(cases[i].in);

		for (size_t cut = 1; cut <= n; cut++)
			for (size_t step = 1; step <= n; step++)
				check(i, slice_of(cases[i].in, n), cut, step);
	}
}

/* Bytes are compared many at a time: one that stands alone is seen at each place. */
static bool has_bare(struct slice s, size_t cut)
{
	struct smtp_text text = { 0 };

	smtp_text_look_for_bare(&text, slice_head(s, cut));
	smtp_text_look_for_bare(&text, slice_from(s, cut));
	return text.bare || text.cr;
}

static void test_bare_anywhere(void **state)
{
	static const struct {
		const char *at;
		bool bare;
	} marks[] = { { "\r\n", false }, { "\r", true }, { "\n", true }, { "\n\r", true },
		{ "\r\r\n", true }, { "\r\n\r\n", false } };
	char text[70];

	(void)state;
	for (size_t m = 0; m < COUNT(marks); m++)
		for (size_t at = 0, n = strlen(marks[m].at); at + n <= sizeof(text); at++) {
			memset(text, 'x', sizeof(text));
			memcpy(text + at, marks[m].at, n);
			for (size_t cut = 0; cut <= sizeof(text); cut++)
				if (has_bare(slice_of(text, sizeof(text)), cut) != marks[m].bare)
					fail_msg("mark %zu at %zu, cut at %zu", m, at, cut);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_in_pieces),
		cmocka_unit_test(test_bare_anywhere) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
