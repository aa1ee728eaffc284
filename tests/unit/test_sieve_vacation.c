/* test_sieve_vacation.c - what vacation says and refuses (RFC 5230, RFC 6131) */
#include "tests/unit/sieve_case.h"
#include "tests/unit/unit.h"

#define V "require [\"vacation\", \"vacation-seconds\", \"reject\", \"fileinto\"];\n"

static void cases(void **state)
{
	static const struct sieve_case list[] = {
		{ V "vacation \"Away\";", "answer Away, implicit" },
		{ V "vacation :days 3 :subject \"s\" :from \"b@example.com\" :addresses "
		    "[\"x@example.com\"] :handle \"h\" \"Away\";",
		    "answer Away, implicit" },
		{ V "vacation :mime \"Content-Type: text/plain\r\n\r\nAway\";",
		    "answer Content-Type: text/plain\r\n\r\nAway, implicit" },
		{ V "vacation :seconds 60 \"Away\"; discard;", "answer Away" },
		{ V "vacation \"Away\"; fileinto \"X\";", "answer Away, into X" },
		{ V "vacation \"a\"; vacation \"b\";",
		    "fault: line 2: vacation is done once only" },
		{ V "vacation \"a\"; reject \"b\";",
		    "fault: line 2: reject goes with no other action" },
		{ V "reject \"b\"; vacation \"a\";",
		    "fault: line 2: reject goes with no other action" },
		{ V "vacation :days 1 :seconds 1 \"a\";",
		    "wrong: line 2: :days and :seconds exclude each other" },
		{ V "vacation :subject \"a\r\nBcc: x@y.test\" \"a\";",
		    "wrong: line 2: a subject is one line" },
		{ V "vacation :from \"nobody\" \"a\";", "wrong: line 2: \"nobody\" is no address" },
		{ V "vacation :addresses [\"a@b.test\", \"c\"] \"a\";",
		    "wrong: line 2: \"c\" is no address" },
		{ V "vacation :mime \"Bcc: x@y.test\r\n\r\nAway\";",
		    "wrong: line 2: with :mime an answer begins with Content- fields and an "
		    "empty line" },
		{ "require \"vacation\"; vacation :seconds 1 \"a\";",
		    "wrong: line 1: :seconds needs require \"vacation-seconds\" at the "
		    "beginning" },
		{ "vacation \"a\";",
		    "wrong: line 1: vacation needs require \"vacation\" at the beginning" },
	};

	(void)state;
	sieve_cases(list, COUNT(list));
}

static uint64_t period(const char *words)
{
	struct sieve_message message = { .text = SLICE("\r\n") };
	struct buf text = { 0 };
	struct sieve_action *actions;
	struct pool pool = { 0 };
	struct err err = { 0 };

	buf_printf(&text, V "vacation %s \"x\";", words);
	struct sieve_script *script = sieve_compile(buf_slice(&text), &err);
	assert_non_null(script);
	assert_int_equal(sieve_run(script, &message, &pool, &actions, &err), 0);
	uint64_t seconds = actions->vacation->seconds;
	sieve_free(&script);
	buf_done(&text);
	pool_done(&pool);
	return seconds;
}

static void periods(void **state)
{
	(void)state;
	assert_int_equal(period(""), 7 * 86400);
	assert_int_equal(period(":days 3"), 3 * 86400);
	assert_int_equal(period(":days 0"), 86400);
	assert_int_equal(period(":days 100000"), 90 * 86400);
	assert_int_equal(period(":days 4000000000"), 90 * 86400);
	assert_int_equal(period(":seconds 7200"), 7200);
	assert_int_equal(period(":seconds 0"), 3600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases),
		cmocka_unit_test(periods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
