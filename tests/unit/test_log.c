/* test_log.c - lines that cannot be forged */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/log.h"

static char path[] = "/tmp/test_log.XXXXXX";
static FILE *reader;

static int setup(void **state)
{
	(void)state;
	int fd = mkstemp(path);
	if (fd < 0)
		return -1;
	reader = fdopen(fd, "r");
	return reader ? log_open(path) : -1;
}

static int teardown(void **state)
{
	(void)state;
	fclose(reader);
	return unlink(path);
}

/* The next line without the time, which is checked for its form. */
static const char *next_line(void)
{
	static char line[8192];
	int form = 0;

	clearerr(reader);
	if (!fgets(line, sizeof line, reader))
		return "";
	sscanf(line, "%*4d-%*2d-%*2dT%*2d:%*2d:%*2d.%*3dZ%n", &form);
	assert_int_equal(form, 24);
	size_t n = strlen(line);
	assert_int_equal(line[n - 1], '\n');
	line[n - 1] = '\0';
	return line + 25;
}

static void quotes(void **state)
{
	static const struct {
		const char *value, *want;
	} cases[] = {
		{ "<ann@alpha.test>", "v=<ann@alpha.test>" },
		{ "", "v=\"\"" },
		{ "a b", "v=\"a b\"" },
		{ "a\"b\\c", "v=\"a\\\"b\\\\c\"" },
		{ "a\r\nfake", "v=\"a\\x0d\\x0afake\"" },
		{ "\x1b[2J\x7f", "v=\"\\x1b[2J\\x7f\"" },
		{ "b\xc3\xbc"
		  "cher",
		    "v=b\xc3\xbc"
		    "cher" },
		{ "b\xc3\xbc cher", "v=\"b\xc3\xbc cher\"" },
		{ "\xff\xc3", "v=\"\\xff\\xc3\"" },
		{ "x\xc2\x9by", "v=\"x\\xc2\\x9by\"" },
		{ "x\xe2\x80\xa8y", "v=\"x\\xe2\\x80\\xa8y\"" },
	};
	char want[256];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		log_event(LOG_INFO, "event", log_z("v", cases[i].value));
		snprintf(want, sizeof want, "info event %s", cases[i].want);
		assert_string_equal(next_line(), want);
	}
}

static void says_for_whom(void **state)
{
	struct log_context context = { .proto = "smtp", .icid = 41, .mid = 77 };

	(void)state;
	assert_null(log_context_set(&context));
	log_event(LOG_WARN, "accepted", log_n("size", -3));
	assert_string_equal(next_line(), "warn icid=41 smtp accepted mid=77 size=-3");
	context.mid = 0;
	log_event(LOG_ERROR, "closed");
	assert_string_equal(next_line(), "error icid=41 smtp closed");
	assert_ptr_equal(log_context_set(NULL), &context);
}

static void filters(void **state)
{
	(void)state;
	log_event(LOG_DEBUG, "unheard");
	log_level_set(LOG_DEBUG);
	log_event(LOG_DEBUG, "heard");
	assert_string_equal(next_line(), "debug heard");
	log_level_set(LOG_ERROR);
	log_event(LOG_WARN, "unheard");
	log_level_set(LOG_INFO);
	assert_string_equal(next_line(), "");
}

static void bounds(void **state)
{
	struct buf long_text = { 0 };

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_addz(&long_text, "\xc3\xbc\x01");
	struct slice s = buf_slice(&long_text);
	log_event(LOG_INFO, "long", log_s("v", s));
	assert_non_null(strstr(next_line(), "\"..."));
	log_event(LOG_INFO, "long", log_s("a", s), log_s("b", s), log_s("c", s), log_s("d", s));
	assert_true(strlen(next_line()) < 4096);
	buf_done(&long_text);
}

static void *write_many(void *arg)
{
	for (int i = 0; i < 500; i++)
		log_event(LOG_INFO, "many", log_z("v", "some text"), log_n("i", log_id() != 0));
	return arg;
}

/* Lines of many threads stay whole while the file is opened again and again. */
static void threads(void **state)
{
	enum { THREADS = 4 };
	pthread_t thread[THREADS];
	size_t lines = 0;

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, write_many, NULL), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(log_open(path), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	for (const char *line = next_line(); *line; line = next_line(), lines++)
		assert_string_equal(line, "info many v=\"some text\" i=1");
	assert_int_equal(lines, THREADS * 500);
}

/* Lines wait in their thread until it says so; warnings wait for nobody. */
static void *batch(void *arg)
{
	(void)arg;
	log_batch();
	log_event(LOG_INFO, "first");
	assert_string_equal(next_line(), "");
	log_event(LOG_WARN, "second");
	assert_string_equal(next_line(), "info first");
	assert_string_equal(next_line(), "warn second");
	for (int i = 0; i < 1000; i++)
		log_event(LOG_INFO, "filler", log_n("i", i));
	log_flush();
	log_flush();
	for (int i = 0; i < 1000; i++) {
		char want[32];

		snprintf(want, sizeof want, "info filler i=%d", i);
		assert_string_equal(next_line(), want);
	}
	assert_string_equal(next_line(), "");
	return NULL;
}

static void batches(void **state)
{
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, batch, NULL), 0);
	pthread_join(thread, NULL);
	log_event(LOG_INFO, "at-once"); /* a thread that did not ask for it */
	assert_string_equal(next_line(), "info at-once");
}

static void ids_rise(void **state)
{
	uint64_t last = log_id();

	(void)state;
	assert_true(last > UINT64_C(1700000000) * 1000000);
	for (int i = 0; i < 1000; i++) {
		uint64_t id = log_id();
		assert_true(id > last);
		last = id;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes),
		cmocka_unit_test(says_for_whom),
		cmocka_unit_test(filters),
		cmocka_unit_test(bounds),
		cmocka_unit_test(threads),
		cmocka_unit_test(batches),
		cmocka_unit_test(ids_rise),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
