/* test_msg_param.c - parameters of Content-Type and Content-Disposition */
#include "tests/unit/beginnings.h"
#include "tests/unit/unit.h"

#include "core/msg.h"

static void show(struct buf *out, struct slice words, const struct msg_param *p)
{
	buf_clear(out);
	buf_adds(out, words);
	for (; p; p = p->next) {
		buf_addc(out, '|');
		buf_adds(out, p->name);
		buf_addc(out, '=');
		buf_adds(out, p->value);
	}
}

static const struct {
	const char *in, *want;
} cases[] = {
	/* RFC 2045 §5.1 */
	{ "", "" },
	{ "text/plain", "text/plain" },
	{ " TEXT / Plain ", "text/plain" },
	{ "text(a)/(b)plain(c); charset=us-ascii (Plain text)", "text/plain|charset=us-ascii" },
	{ "text/plain; Charset=\"UTF-8\"", "text/plain|Charset=UTF-8" },
	{ "text/plain;charset=utf-8;format=flowed", "text/plain|charset=utf-8|format=flowed" },
	{ "a/b; x=\"q \\\"r\\\" \\\\s\"", "a/b|x=q \"r\" \\s" },
	{ "a/b;\r\n\tx=y;\r\n z=\"a\r\n b\"", "a/b|x=y|z=a b" },
	{ "attachment; filename=\"a;b=c.txt\"", "attachment|filename=a;b=c.txt" },
	{ "a/b; x = y ; z\t=\t\"w\" ", "a/b|x=y|z=w" },
	{ "a/b; x=\"\"", "a/b|x=" },
	/* RFC 2231 §3, §4 */
	{ "a/b; u*0=\"x\"; u*1=\"y\"", "a/b|u=xy" },
	{ "a/b; u*1=\"y\"; v=w; u*0=\"x\"", "a/b|v=w|u=xy" },
	{ "a/b; U*0=x; u*1=y; u*2=z", "a/b|U=xyz" },
	{ "a/b; t*=us-ascii'en'a%20b", "a/b|t*=us-ascii'en'a%20b" },
	{ "a/b; t*0*=utf-8''%c3; t*1*=%a9", "a/b|t*=utf-8''%c3%a9" },
	{ "a/b; t*0*=utf-8''%c3%a9; t*1=\" x%\"", "a/b|t*=utf-8''%c3%a9%20x%25" },
	{ "a/b; t*0=\"a b\"; t*1*=%20c", "a/b|t*=''a%20b%20c" },
	{ "a/b; t*0=x; t*2=z", "a/b|t=x|t*2=z" },
	{ "a/b; t*1=y", "a/b|t*1=y" },
	{ "a/b; t*0=a; t*0=b; t*1=c", "a/b|t=ac|t=b" },
	{ "a/b; t*x=a; *0=b; t*=c; t**=d; t*100=e", "a/b|t*x=a|*0=b|t*=c|t**=d|t*100=e" },
	{ "a/b; t=plain; t*0=p", "a/b|t=plain|t=p" },
	/* broken */
	{ ";", "" },
	{ "; x=y", "|x=y" },
	{ "text", "text" },
	{ "/plain; x=y", "/plain|x=y" },
	{ "a/b charset=utf-8", "a/b|charset=utf-8" },
	{ "a/b; charset=utf-8 format=flowed", "a/b|charset=utf-8|format=flowed" },
	{ "a/b; name=my  file.txt ; x=y", "a/b|name=my  file.txt|x=y" },
	{ "a/b; name=x(1).txt", "a/b|name=x(1).txt" },
	{ "a/b; name=\"x\"y; z=w", "a/b|name=x|z=w" },
	{ "a/b; boundary=----=_Part_1", "a/b|boundary=----=_Part_1" },
	{ "a/b; x; y=z", "a/b|y=z" },
	{ "a/b; x=; y=z", "a/b|x=|y=z" },
	{ "a/b; =x; y=z", "a/b|y=z" },
	{ "a/b;;; x=y;;", "a/b|x=y" },
	{ "a/b; x=\"open; y=z", "a/b|x=open; y=z" },
	{ "a/b; x=\"open\\", "a/b|x=open\\" },
	{ "a/b; (open x=y", "a/b" },
	{ "a/b; x=y (open", "a/b|x=y" },
	{ "a/b, c/d; x=y", "a/b|x=y" },
	{ "a/b; f=r\xc3\xa9sum\xc3\xa9", "a/b|f=r\xc3\xa9sum\xc3\xa9" },
};

static void reads(void **state)
{
	struct pool pool = { 0 };
	struct buf out = { 0 };
	struct msg_param *params;
	struct slice words;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		words = msg_params(&pool, slice_str(cases[i].in), &params);
		show(&out, words, params);
		want_text(cases[i].in, buf_slice(&out), cases[i].want);
	}
	buf_done(&out);
	pool_done(&pool);
}

static void read(struct slice in)
{
	struct pool pool = { 0 };
	struct msg_param *params;

	msg_params(&pool, in, &params);
	pool_done(&pool);
}

static void reads_any_beginning(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		each_beginning(cases[i].in, read);
}

static void finds_one(void **state)
{
	struct pool pool = { 0 };
	struct msg_param *params;

	(void)state;
	msg_params(&pool, SLICE("a/b; X=one; x=two"), &params);
	want_text("the first", msg_param(params, SLICE("x")), "one");
	assert_null(msg_param(params, SLICE("y")).p);
	assert_null(msg_param(NULL, SLICE("x")).p);
	pool_done(&pool);
}

static void is_bounded(void **state)
{
	struct pool pool = { 0 };
	struct buf in = { 0 };
	struct msg_param *params;
	size_t n = 0;

	(void)state;
	buf_addz(&in, "a/b");
	for (size_t i = 0; i < 100000; i++)
		buf_printf(&in, "; p%zu*0=x; p%zu*1*=y", i, i);
	msg_params(&pool, buf_slice(&in), &params);
	for (; params; params = params->next)
		n++;
	assert_int_equal(n, MSG_PARAMS_MAX / 2);
	assert_true(pool.used < 4 * in.n + 100000);
	buf_done(&in);
	pool_done(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(reads_any_beginning),
		cmocka_unit_test(finds_one),
		cmocka_unit_test(is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
