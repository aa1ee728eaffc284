/* test_msg_field.c - walking header blocks, finding fields, unfolding */
#include "tests/unit/unit.h"

#include "core/msg.h"

/* A header block as "name=value|name=value|", then what remains. */
static void show(struct buf *out, struct slice header)
{
	struct msg_field field;

	while (msg_field_next(&header, &field)) {
		buf_adds(out, field.name);
		buf_addc(out, '=');
		buf_adds(out, field.value);
		buf_addc(out, '|');
	}
	buf_adds(out, header);
}

static void walks(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "", "" },
		{ "\r\n", "" },
		{ "\n", "" },
		{ "\r\nbody", "body" },
		{ "A: b\r\n\r\nbody\r\n", "A= b|body\r\n" },
		{ "A: b\n\nbody\n", "A= b|body\n" },
		{ "A: b", "A= b|" },
		{ "A: b\r", "A= b|" },
		{ "A:\r\nB:\r\n", "A=|B=|" },
		{ "A: b\r\n c\r\n\td\r\nE: f\r\n", "A= b\r\n c\r\n\td|E= f|" },
		{ "A: b\r\n \r\nC: d\r\n\r\n", "A= b\r\n |C= d|" },
		{ "A : b\r\nC\t: d\r\n", "A= b|C= d|" },
		{ "A: b: c\r\n", "A= b: c|" },
		{ "no field\r\nA: b\r\n", "=no field|A= b|" },
		{ "two words: x\r\n: none\r\n", "=two words: x|=: none|" },
		{ " begins folded\r\nA: b\r\n", "= begins folded|A= b|" },
		{ "gr\xc3\xbc\xc3\x9f: x\r\n", "=gr\xc3\xbc\xc3\x9f: x|" },
		{ "A: b\rC: d\r\n", "A= b\rC: d|" },
		{ "A: b\r\r\n\r\n", "A= b\r|" },
		{ "\rA: b\r\n", "=\rA: b|" },
	};
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_clear(&out);
		show(&out, slice_str(cases[i].in));
		want_text(cases[i].in, buf_slice(&out), cases[i].want);
	}
	buf_done(&out);
}

static void keeps_the_raw_field(void **state)
{
	struct slice rest = SLICE("A: b\r\n c\r\nD: e");
	struct msg_field field;

	(void)state;
	assert_true(msg_field_next(&rest, &field));
	want_text("folded", field.raw, "A: b\r\n c\r\n");
	assert_true(msg_field_next(&rest, &field));
	want_text("without end", field.raw, "D: e");
	assert_false(msg_field_next(&rest, &field));
}

static void finds(void **state)
{
	static const char header[] = "Received: x\r\nSUBJECT: one\r\nSubject: two\r\n\r\nTo: body";
	struct msg_field field;

	(void)state;
	assert_true(msg_field_find(SLICE(header), SLICE("subject"), &field));
	want_text("the first", field.value, " one");
	assert_false(msg_field_find(SLICE(header), SLICE("to"), &field));
	assert_false(msg_field_find(SLICE(header), SLICE("sub"), &field));
	assert_false(msg_field_find(SLICE(""), SLICE("to"), &field));
}

static void unfolds(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "", "" },
		{ "  \r\n ", "" },
		{ " a ", "a" },
		{ " a\r\n b", "a b" },
		{ "a\n\tb\r\n\r\n  c\r\n", "a\tb  c" },
		{ "a\rb", "a\rb" },
		{ "a\r\r\n b", "a\r b" },
	};
	struct pool pool = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		want_text(cases[i].in, msg_unfold(&pool, slice_str(cases[i].in)), cases[i].want);
	assert_int_equal(msg_unfold(&pool, (struct slice){ 0 }).n, 0);
	pool_done(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks),
		cmocka_unit_test(keeps_the_raw_field),
		cmocka_unit_test(finds),
		cmocka_unit_test(unfolds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
