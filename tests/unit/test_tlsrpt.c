/* test_tlsrpt.c - what is kept for reports on TLS (RFC 8460) */
#include "protocols/relay/tlsrpt.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/unit.h"

static void reads(void **state)
{
	struct tlsrpt_seen *seen = mem_get(sizeof(*seen));
	struct tally tally;

	(void)state;
	assert_true(tally_read(SLICE("20260301 a.test sts"),
	    SLICE("2\n1\tgood\n2\tfailure\tcertificate-expired\tmx.a.test\t192.0.2.1\n"
		  "1\tfailure\tcertificate-expired\tmx.a.test\t2001:db8::1\n"
		  "\nversion: STSv1\nmode: none\n"),
	    &tally));
	tlsrpt_read(&tally, seen);
	want_text("kind", seen->kind, "sts");
	want_num("good", (int64_t)seen->good, 1);
	want_num("bad", (int64_t)seen->bad, 3);
	want_num("kinds", (int64_t)seen->n, 2);
	want_num("first", (int64_t)seen->failures[0].n, 2);
	want_text("address", seen->failures[1].address, "2001:db8::1");
	want_text("policy", seen->policy, "version: STSv1\nmode: none\n");
	free(seen);
}

static void is_bounded(void **state)
{
	struct tlsrpt_seen *seen = mem_get(sizeof(*seen));
	struct buf record = { 0 };
	struct tally tally;

	(void)state;
	buf_addz(&record, "2\n");
	for (size_t i = 0; i < 200; i++)
		buf_printf(&record, "1\tfailure\tx\tmx%zu\ty\n", i);
	buf_addz(&record, "\n");
	assert_true(tally_read(SLICE("20260301 a.test sts"), buf_slice(&record), &tally));
	tlsrpt_read(&tally, seen);
	want_num("bad", (int64_t)seen->bad, 200);
	want_num("told apart", (int64_t)seen->n, TLSRPT_FAILURES_MAX);
	buf_done(&record);
	free(seen);
}

static void records(void **state)
{
	static const struct {
		const char *key, *record;
		bool good;
	} cases[] = {
		{ "20260301 a.test sts", "2\n\n", true },
		{ "20260301 a.test sts", "2\n1\tx\n\n", true },
		{ "20260301 a.test sts", "", false },
		{ "20260301 a.test sts", "2", false },
		{ "20260301 a.test sts", "1\nkind\tsts\n\n", false },
		{ "20260301 a.test sts", "2\n1\tx\n", false },
		{ "2026030 a.test sts", "2\n\n", false },
		{ "20260301", "2\n\n", false },
		{ "2026030x a.test sts", "2\n\n", false },
	};
	struct tally tally;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		want_num(cases[i].record,
		    tally_read(slice_str(cases[i].key), slice_str(cases[i].record), &tally),
		    cases[i].good);
	assert_true(tally_read(SLICE("20260301 a.test sts"), SLICE("2\n\n"), &tally));
	want_text("domain", tally.domain, "a.test");
	want_num("day", tally.day, 1772323200);
}

static void types(void **state)
{
	(void)state;
	assert_string_equal(tlsrpt_type("STARTTLS is not offered"), "starttls-not-supported");
	assert_string_equal(tlsrpt_type("it is not for mx.a.test"), "certificate-host-mismatch");
	assert_string_equal(
	    tlsrpt_type("its issuer is not known: CN=x"), "certificate-not-trusted");
	assert_string_equal(tlsrpt_type("odd"), "validation-failure");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(is_bounded),
		cmocka_unit_test(records),
		cmocka_unit_test(types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
