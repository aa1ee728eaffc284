/* test_results.c - Authentication-Results: written, and taken away where forged */
#include "mailauth/results.h"
#include "tests/unit/unit.h"

static void written(void **state)
{
	struct spf_answer spf = { .result = SPF_PASS, .domain = SLICE("a.test") };
	struct dkim_verdicts dkim = { .n = 1 };
	struct dmarc_answer dmarc = {
		.result = DMARC_FAIL, .policy = DMARC_REJECT, .domain = SLICE("a.test")
	};
	struct results results = { .id = SLICE("mx.test"),
		.spf = &spf,
		.mailfrom = SLICE("\"a;\\ b\"\r\n@a.test"),
		.dkim = &dkim,
		.dmarc = &dmarc,
		.from = SLICE("a.test") };
	struct buf out = { 0 };

	(void)state;
	dkim.verdict[0] = (struct dkim_verdict){ .result = DKIM_FAIL,
		.domain = SLICE("x)y.test"),
		.selector = SLICE("s"),
		.algorithm = SLICE("rsa-sha256"),
		.mark = SLICE("ab/cd+ef"),
		.why = "body hash did not verify" };
	results_write(&results, &out);
	want_text("all", buf_slice(&out),
	    "mx.test;\r\n"
	    "\tspf=pass smtp.mailfrom=\"\\\"a;\\\\ b\\\"@a.test\";\r\n"
	    "\tdkim=fail (body hash did not verify) header.d=\"x)y.test\" header.s=s"
	    " header.a=rsa-sha256 header.b=\"ab/cd+ef\";\r\n"
	    "\tdmarc=fail (p=reject) header.from=a.test");
	buf_clear(&out);
	results_write(&(struct results){ .id = SLICE("mx test") }, &out);
	want_text("nothing", buf_slice(&out), "\"mx test\"; none");
	buf_done(&out);
}

static void whose(void **state)
{
	static const struct {
		const char *value;
		bool ours;
	} cases[] = {
		{ " mx.test; none", true },
		{ "mx.test", true },
		{ "\r\n\t MX.Test 1; dkim=pass", true },
		{ "(a (nested) \\) comment)mx.test(more) 1;", true },
		{ "\"mx.test\"; dkim=pass", true },
		{ "\"m\\x.test\"; dkim=pass", true },
		{ "\"mx.\r\n test\";", false },
		{ "\"mx.tes\";", false },
		{ "\"mx.test", true },
		{ "mx.test.other;", false },
		{ "other; mx.test", false },
		{ "(mx.test; none", false },
		{ "((((((((((((((((((((((((((((((mx.test", false },
		{ "", false },
		{ "\"", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		want_num(cases[i].value,
		    results_is_from(slice_str(cases[i].value), SLICE("mx.test")), cases[i].ours);
}

static void removed(void **state)
{
	static const char text[] = "A: b\r\n"
				   "Authentication-Results: mx.test;\r\n\tdkim=pass\r\n"
				   "authentication-results : other; spf=pass\r\n"
				   "AUTHENTICATION-RESULTS: MX.test\r\n"
				   "X: Authentication-Results: mx.test\r\n\r\n"
				   "Authentication-Results: mx.test\r\n";
	struct buf out = { 0 };

	(void)state;
	want_true("found", results_remove(slice_str(text), SLICE("mx.test"), &out));
	want_text("left", buf_slice(&out),
	    "A: b\r\n"
	    "authentication-results : other; spf=pass\r\n"
	    "X: Authentication-Results: mx.test\r\n\r\n"
	    "Authentication-Results: mx.test\r\n");
	want_true("none", !results_remove(slice_str(text), SLICE("third.test"), &out));
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written),
		cmocka_unit_test(whose),
		cmocka_unit_test(removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
