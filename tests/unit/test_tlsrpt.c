/* test_tlsrpt.c - what is kept for reports on TLS (RFC 8460) */
#include "protocols/relay/tlsrpt.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/unit.h"

static void survives(void **state)
{
	struct tlsrpt_seen *seen = mem_get(sizeof(*seen)), *again = mem_get(sizeof(*again));
	struct tlsrpt_failure failure = { SLICE("certificate-expired"), SLICE("mx.a.test"),
		SLICE("192.0.2.1"), 0 };
	struct buf out = { 0 };

	(void)state;
	seen->kind = SLICE("sts");
	seen->policy = SLICE("version: STSv1\nmode: none\n");
	tlsrpt_count(seen, NULL);
	tlsrpt_count(seen, &failure);
	tlsrpt_count(seen, &failure);
	failure.address = SLICE("2001:db8::1");
	tlsrpt_count(seen, &failure);
	tlsrpt_write(seen, &out);
	assert_true(tlsrpt_read(buf_slice(&out), again));
	want_num("good", (int64_t)again->good, 1);
	want_num("bad", (int64_t)again->bad, 3);
	want_num("kinds", (int64_t)again->n, 2);
	want_num("first", (int64_t)again->failures[0].n, 2);
	want_text("address", again->failures[1].address, "2001:db8::1");
	want_text("policy", again->policy, "version: STSv1\nmode: none\n");
	buf_done(&out);
	free(seen);
	free(again);
}

static void is_bounded(void **state)
{
	struct tlsrpt_seen *seen = mem_get(sizeof(*seen));
	char hosts[200][16];

	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		snprintf(hosts[i], sizeof(hosts[i]), "mx%zu", i);
		tlsrpt_count(seen,
		    &(struct tlsrpt_failure){ SLICE("x"), slice_str(hosts[i]), SLICE("y"), 0 });
	}
	want_num("bad", (int64_t)seen->bad, 200);
	want_num("told apart", (int64_t)seen->n, TLSRPT_FAILURES_MAX);
	free(seen);
}

static void refuses(void **state)
{
	static const char *const cases[] = { "", "1", "1\n", "2\nkind\tsts\n",
		"1\nkind\tsts\ngood\tx\n", "1\nkind\tsts\nfailure\ta\tb\tc\n", "1\nkind\t\n" };
	struct tlsrpt_seen *seen = mem_get(sizeof(*seen));

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		want_num(cases[i], tlsrpt_read(slice_str(cases[i]), seen), false);
	free(seen);
}

static void keys(void **state)
{
	struct slice domain;
	int64_t day;

	(void)state;
	assert_true(tlsrpt_read_key(SLICE("20260301 a.test sts"), &day, &domain));
	want_text("domain", domain, "a.test");
	want_num("day", day, 1772323200);
	assert_false(tlsrpt_read_key(SLICE("2026030 a.test sts"), &day, &domain));
	assert_false(tlsrpt_read_key(SLICE("20260301"), &day, &domain));
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
		cmocka_unit_test(survives),
		cmocka_unit_test(is_bounded),
		cmocka_unit_test(refuses),
		cmocka_unit_test(keys),
		cmocka_unit_test(types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
