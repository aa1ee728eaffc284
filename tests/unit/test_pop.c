/* test_pop.c - messages as POP3 sends them, in pieces of any size; who has a maildrop */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "protocols/pop/drop.h"
#include "protocols/pop/send.h"

static const struct {
	const char *message, *want;
	int top; /* lines, or -1: RETR */
} cases[] = {
	{ "", ".\r\n", -1 },
	{ "A: b\r\n\r\nbody\r\n", "A: b\r\n\r\nbody\r\n.\r\n", -1 },
	{ "no end", "no end\r\n.\r\n", -1 },
	{ "ends in CR\r", "ends in CR\r\r\n.\r\n", -1 },
	{ ".\r\n..\r\n.x\r\n", "..\r\n...\r\n..x\r\n.\r\n", -1 },
	{ "a.\r\nb.c\r\n", "a.\r\nb.c\r\n.\r\n", -1 },
	{ "bare\nline\n", "bare\r\nline\r\n.\r\n", -1 },
	{ "\n\n.\n", "\r\n\r\n..\r\n.\r\n", -1 },
	{ "x\n.\r\ny\r\n", "x\r\n..\r\ny\r\n.\r\n", -1 },
	{ "CR alone\rhere\r\n", "CR alone\rhere\r\n.\r\n", -1 },
	{ "two\r\r\n", "two\r\r\n.\r\n", -1 },
	{ "A: b\r\n\r\n1\r\n2\r\n3\r\n", "A: b\r\n\r\n.\r\n", 0 },
	{ "A: b\r\n\r\n1\r\n2\r\n3\r\n", "A: b\r\n\r\n1\r\n2\r\n.\r\n", 2 },
	{ "A: b\r\n\r\n1\r\n2\r\n3\r\n", "A: b\r\n\r\n1\r\n2\r\n3\r\n.\r\n", 3 },
	{ "A: b\r\n\r\n1\r\n2\r\n3", "A: b\r\n\r\n1\r\n2\r\n3\r\n.\r\n", 9 },
	{ "A: b\n\n1\n2\n", "A: b\r\n\r\n1\r\n.\r\n", 1 },
	{ "A: b\r\nonly a header\r\n", "A: b\r\nonly a header\r\n.\r\n", 0 },
	{ "\r\nno header\r\n", "\r\n.\r\n", 0 },
	{ "A: b\r\n\r\n\r\n\r\n.\r\n", "A: b\r\n\r\n\r\n.\r\n", 1 },
	{ "A: b\r\n\r\n.1\r\n.2\r\n", "A: b\r\n\r\n..1\r\n.\r\n", 1 },
	{ "A: b\r\n \r\n\r\n1\r\n", "A: b\r\n \r\n\r\n.\r\n", 0 },
};

static void play(size_t i, size_t size)
{
	struct pop_lines lines = { .limited = cases[i].top >= 0, .left = (uint64_t)cases[i].top };
	struct slice rest = slice_str(cases[i].message);
	struct buf out = { 0 };

	while (rest.n > 0 && pop_lines_add(&lines, slice_head(rest, size), &out))
		rest = slice_from(rest, size);
	pop_lines_end(&lines, &out);
	if (!slice_eq(buf_slice(&out), slice_str(cases[i].want)))
		fail_msg("case %zu in pieces of %zu: %.*s", i, size, SLICE_ARG(out));
	buf_done(&out);
}

static void test_send(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (size_t size = 1; size < 20; size++)
			play(i, size);
}

static void test_lock(void **state)
{
	struct pop_lock a = { 0 }, b = { 0 }, same = { 0 }, far = { 0 };
	(void)state;
	assert_true(pop_lock_take(&a, 1));
	assert_true(pop_lock_take(&b, 2));
	assert_true(pop_lock_take(&far, 257)); /* in the list of 1 */
	assert_false(pop_lock_take(&same, 1));
	pop_lock_release(&same); /* not held: nothing happens */
	assert_false(pop_lock_take(&same, 1));
	pop_lock_release(&a);
	pop_lock_release(&a);
	assert_true(pop_lock_take(&same, 1));
	assert_false(pop_lock_take(&a, 257));
	pop_lock_release(&far);
	pop_lock_release(&same);
	pop_lock_release(&b);
	assert_true(pop_lock_take(&a, 257));
	pop_lock_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_send),
		cmocka_unit_test(test_lock),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
