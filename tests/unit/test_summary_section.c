/* test_summary_section.c - part paths of BODY[...] */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "storage/summary.h"

/* RFC 9051 §6.4.5, the example: a multipart with text, a message that has two
   parts, and a multipart that has a message with one */
static const char nested[] = "Subject: outer\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"
			     "preamble\r\n"
			     "--a\r\n\r\none\r\n"
			     "--a\r\nContent-Type: message/rfc822\r\n\r\n"
			     "Subject: two\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
			     "--b\r\nX: 2.1\r\n\r\ntwo-one\r\n"
			     "--b\r\n\r\ntwo-two\r\n"
			     "--b--\r\n"
			     "--a\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
			     "--c\r\nContent-Type: message/rfc822\r\n\r\n"
			     "Subject: simple\r\n\r\nthree-one\r\n"
			     "--c--\r\n"
			     "--a--\r\n";

static const char simple[] = "Subject: simple\r\n\r\nbody\r\n";
static const char forward[] = "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nbody";
static const char no_parts[] = "Content-Type: multipart/mixed; boundary=b\r\n\r\nnone";

#define NONE NULL

static const struct {
	const char *message, *path;
	enum summary_section section;
	const char *want;
} cases[] = {
	{ simple, "", SUMMARY_WHOLE, simple },
	{ simple, "", SUMMARY_HEADER, "Subject: simple\r\n\r\n" },
	{ simple, "", SUMMARY_TEXT, "body\r\n" },
	{ simple, "", SUMMARY_MIME, NONE },
	{ simple, "1", SUMMARY_WHOLE, "body\r\n" },
	{ simple, "1", SUMMARY_MIME, "Subject: simple\r\n\r\n" },
	{ simple, "1", SUMMARY_HEADER, NONE },
	{ simple, "1", SUMMARY_TEXT, NONE },
	{ simple, "0", SUMMARY_WHOLE, NONE },
	{ simple, "2", SUMMARY_WHOLE, NONE },
	{ simple, "1.1", SUMMARY_WHOLE, NONE },
	{ "", "", SUMMARY_WHOLE, "" },
	{ "", "1", SUMMARY_WHOLE, "" },

	{ forward, "1", SUMMARY_WHOLE, "Subject: inner\r\n\r\nbody" },
	{ forward, "1", SUMMARY_MIME, "Content-Type: message/rfc822\r\n\r\n" },
	{ forward, "1", SUMMARY_HEADER, "Subject: inner\r\n\r\n" },
	{ forward, "1", SUMMARY_TEXT, "body" },
	{ forward, "1.1", SUMMARY_WHOLE, "body" },
	{ forward, "1.1", SUMMARY_MIME, "Subject: inner\r\n\r\n" },
	{ forward, "1.2", SUMMARY_WHOLE, NONE },
	{ forward, "1.1.1", SUMMARY_WHOLE, NONE },
	{ forward, "", SUMMARY_TEXT, "Subject: inner\r\n\r\nbody" },

	{ no_parts, "1", SUMMARY_WHOLE, "" },
	{ no_parts, "1", SUMMARY_MIME, "" },
	{ no_parts, "2", SUMMARY_WHOLE, NONE },
	{ no_parts, "", SUMMARY_TEXT, "none" },

	{ nested, "1", SUMMARY_WHOLE, "one" },
	{ nested, "1", SUMMARY_MIME, "\r\n" },
	{ nested, "1.1", SUMMARY_WHOLE, NONE },
	{ nested, "2", SUMMARY_MIME, "Content-Type: message/rfc822\r\n\r\n" },
	{ nested, "2", SUMMARY_HEADER,
	    "Subject: two\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" },
	{ nested, "2", SUMMARY_TEXT,
	    "--b\r\nX: 2.1\r\n\r\ntwo-one\r\n--b\r\n\r\ntwo-two\r\n--b--" },
	{ nested, "2.1", SUMMARY_WHOLE, "two-one" },
	{ nested, "2.1", SUMMARY_MIME, "X: 2.1\r\n\r\n" },
	{ nested, "2.1", SUMMARY_HEADER, NONE },
	{ nested, "2.2", SUMMARY_WHOLE, "two-two" },
	{ nested, "2.3", SUMMARY_WHOLE, NONE },
	{ nested, "3", SUMMARY_MIME, "Content-Type: multipart/mixed; boundary=c\r\n\r\n" },
	{ nested, "3", SUMMARY_HEADER, NONE },
	{ nested, "3.1", SUMMARY_HEADER, "Subject: simple\r\n\r\n" },
	{ nested, "3.1", SUMMARY_WHOLE, "Subject: simple\r\n\r\nthree-one" },
	{ nested, "3.1.1", SUMMARY_WHOLE, "three-one" },
	{ nested, "3.1.1", SUMMARY_MIME, "Subject: simple\r\n\r\n" },
	{ nested, "3.1.1.1", SUMMARY_WHOLE, NONE },
	{ nested, "3.2", SUMMARY_WHOLE, NONE },
	{ nested, "4", SUMMARY_WHOLE, NONE },
	{ nested, "4294967295", SUMMARY_WHOLE, NONE },
};

static size_t parse_path(const char *text, uint32_t *path)
{
	size_t n = 0;

	while (*text) {
		char *end;

		path[n++] = (uint32_t)strtoul(text, &end, 10);
		text = *end ? end + 1 : end;
	}
	return n;
}

static void finds(void **state)
{
	struct buf record = { 0 };
	struct pool pool = { 0 };
	struct summary s;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice message = slice_str(cases[i].message);
		uint64_t from, to;
		uint32_t path[8];
		size_t n = parse_path(cases[i].path, path);
		bool found;

		summary_make(message, 0, &record);
		want_true(cases[i].path, summary_read(buf_slice(&record), &pool, &s));
		found = summary_section(&s, path, n, cases[i].section, &from, &to);
		want_true(cases[i].path, found == (cases[i].want != NONE));
		if (found)
			want_text(cases[i].path, slice_head(slice_from(message, from), to - from),
			    cases[i].want);
	}
	buf_done(&record);
	pool_done(&pool);
}

static void ends_with_the_tree(void **state)
{
	uint32_t path[1000];
	struct buf message = { 0 }, record = { 0 };
	struct pool pool = { 0 };
	struct summary s;
	uint64_t from, to;

	(void)state;
	for (size_t i = 0; i < COUNT(path); i++) {
		path[i] = 1;
		buf_addz(&message, "Content-Type: message/rfc822\r\n\r\n");
	}
	summary_make(buf_slice(&message), 0, &record);
	assert_true(summary_read(buf_slice(&record), &pool, &s));
	assert_true(summary_section(&s, path, MSG_DEPTH_MAX, SUMMARY_WHOLE, &from, &to));
	assert_false(summary_section(&s, path, MSG_DEPTH_MAX + 1, SUMMARY_WHOLE, &from, &to));
	assert_false(summary_section(&s, path, COUNT(path), SUMMARY_WHOLE, &from, &to));
	buf_done(&message);
	buf_done(&record);
	pool_done(&pool);
}

/* Read without a pool, a summary has no parts to be found. */
static void needs_parts(void **state)
{
	struct buf record = { 0 };
	struct summary s;
	uint64_t from, to;

	(void)state;
	summary_make(SLICE(simple), 0, &record);
	assert_true(summary_read(buf_slice(&record), NULL, &s));
	assert_false(summary_section(&s, NULL, 0, SUMMARY_WHOLE, &from, &to));
	buf_done(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds),
		cmocka_unit_test(ends_with_the_tree),
		cmocka_unit_test(needs_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
