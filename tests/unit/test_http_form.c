/* test_http_form.c - queries, forms, uploads; what of them is refused */
#include "tests/unit/unit.h"

#include "protocols/http/form.h"

/* A form as it is wanted: name=value, and name(bytes) for files, by blanks. */
static void show(const struct http_pairs *pairs, struct buf *out)
{
	for (size_t i = 0; i < pairs->n; i++) {
		const struct http_pair *p = &pairs->p[i];
		buf_printf(out, "%s%s", i ? " " : "", p->name);
		if (p->value)
			buf_printf(out, "=%s", p->value);
		else
			buf_printf(out, "(%.*s)", SLICE_ARG(p->bytes));
	}
}

static void check(const char *name, bool good, const struct http_pairs *pairs, const char *want)
{
	struct buf text = { 0 };

	want_true(name, good == (want != NULL));
	show(pairs, &text);
	if (want)
		want_text(name, buf_slice(&text), want);
	buf_done(&text);
}

static const struct {
	const char *name, *in, *want; /* NULL: refused */
} urlencoded[] = {
	{ "nothing", "", "" },
	{ "one", "a=1", "a=1" },
	{ "two", "a=1&b=2", "a=1 b=2" },
	{ "twice", "a=1&a=2", "a=1 a=2" },
	{ "blanks", "a=x+y%20z", "a=x y z" },
	{ "escapes", "%61=%26%3d%C3%A9", "a=&=\xc3\xa9" },
	{ "no value", "a", "a=" },
	{ "empty pairs", "&&a=1&", "a=1" },
	{ "lines", "a=x%0d%0ay", "a=x\r\ny" },
	{ "equals sign in a value", "a=b=c", "a=b=c" },
	{ "cut escape", "a=%4", NULL },
	{ "no escape", "a=%zz", NULL },
	{ "NUL", "a=%00", NULL },
	{ "control character", "a=%1b", NULL },
	{ "no UTF-8", "a=%ff", NULL },
	{ "overlong UTF-8", "a=%c0%af", NULL },
	{ "bad name", "%ff=a", NULL },
};

static void test_urlencoded(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(urlencoded); i++) {
		struct pool pool = { 0 };
		struct http_pairs pairs = { 0 };
		bool good = http_form_urlencoded(&pool, slice_str(urlencoded[i].in), &pairs);
		check(urlencoded[i].name, good, &pairs, urlencoded[i].want);
		pool_done(&pool);
	}
}

#define TYPE "multipart/form-data; boundary=XX"
#define PART "--XX\r\nContent-Disposition: form-data; name="

static const struct {
	const char *name, *type, *in, *want;
} multipart[] = {
	{ "one", TYPE, PART "a\r\n\r\n1\r\n--XX--\r\n", "a=1" },
	{ "quoted", TYPE, PART "\"a b\"\r\n\r\n1\r\n--XX--", "a b=1" },
	{ "two", TYPE, PART "a\r\n\r\n1\r\n" PART "b\r\n\r\n2\r\n--XX--\r\n", "a=1 b=2" },
	{ "lines", TYPE, PART "a\r\n\r\n1\r\n2\r\n\r\n--XX--", "a=1\r\n2\r\n" },
	{ "file", TYPE,
	    PART "a; filename=\"x.pem\"\r\nContent-Type: text/plain\r\n\r\nab\r\n--XX--", "a(ab)" },
	{ "file of any bytes", TYPE, PART "a; filename=x\r\n\r\n\xff\x01\r\n--XX--",
	    "a(\xff\x01)" },
	{ "empty file", TYPE, PART "a; filename=\"\"\r\n\r\n\r\n--XX--", "a()" },
	{ "something before", TYPE, "hello\r\n" PART "a\r\n\r\n1\r\n--XX--", "a=1" },
	{ "quoted boundary", "multipart/form-data; charset=x; boundary=\"XX\"",
	    PART "a\r\n\r\n1\r\n--XX--", "a=1" },
	{ "blank behind the mark", TYPE,
	    "--XX \r\nContent-Disposition: form-data; name=a\r\n\r\n1"
	    "\r\n--XX--",
	    "a=1" },
	{ "mark in a text", TYPE, PART "a\r\n\r\n--XX\r\n--XX--", NULL },
	{ "no boundary", "multipart/form-data", PART "a\r\n\r\n1\r\n--XX--", NULL },
	{ "another boundary", "multipart/form-data; boundary=YY", PART "a\r\n\r\n1\r\n--XX--",
	    NULL },
	{ "no end", TYPE, PART "a\r\n\r\n1\r\n", NULL },
	{ "no head", TYPE, "--XX\r\n\r\n1\r\n--XX--", NULL },
	{ "no name", TYPE, "--XX\r\nContent-Disposition: form-data\r\n\r\n1\r\n--XX--", NULL },
	{ "no form-data", TYPE, "--XX\r\nContent-Disposition: file; name=a\r\n\r\n1\r\n--XX--",
	    NULL },
	{ "head without end", TYPE, PART "a\r\n--XX--", NULL },
	{ "text no UTF-8", TYPE, PART "a\r\n\r\n\xff\r\n--XX--", NULL },
	{ "NUL's sister", TYPE, PART "a\r\n\r\n\x01\r\n--XX--", NULL },
	{ "nothing", TYPE, "", NULL },
	{ "only an end", TYPE, "--XX--", "" },
};

static void test_multipart(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(multipart); i++) {
		struct pool pool = { 0 };
		struct http_pairs pairs = { 0 };
		bool good = http_form_multipart(
		    &pool, slice_str(multipart[i].type), slice_str(multipart[i].in), &pairs);
		check(multipart[i].name, good, &pairs, multipart[i].want);
		pool_done(&pool);
	}
}

static void test_many(void **state)
{
	struct pool pool = { 0 };
	struct http_pairs pairs = { 0 };
	struct buf in = { 0 };

	(void)state;
	for (int i = 0; i < 1001; i++)
		buf_addz(&in, "a=1&");
	want_true("1001 are too many", !http_form_urlencoded(&pool, buf_slice(&in), &pairs));
	buf_done(&in);
	pool_done(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_urlencoded),
		cmocka_unit_test(test_multipart),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
