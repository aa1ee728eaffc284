/* test_log_read.c - lines of the log taken apart, and said in sentences */
#include "core/log_read.h"

#include "tests/unit/unit.h"

#define AT "2018-04-17T00:57:53.123Z "

static void takes_apart(void **state)
{
	static const struct {
		const char *text, *proto, *event;
		uint64_t icid;
		bool good;
	} cases[] = {
		{ AT "info icid=41 smtp accepted mid=77 from=a@b", "smtp", "accepted", 41, true },
		{ AT "info relay-connected dcid=4", "", "relay-connected", 0, true },
		{ AT "warn relay deferred mid=1 to=x", "relay", "deferred", 0, true },
		{ AT "info close", "", "close", 0, true },
		{ AT "info icid=x smtp close", "", "", 0, false },
		{ AT "loud smtp close", "", "", 0, false },
		{ AT "info icid=5", "", "", 0, false },
		{ AT "info", "", "", 0, false },
		{ "", "", "", 0, false },
		{ "Traceback (most recent call last):", "", "", 0, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct log_line line;
		want_num(
		    cases[i].text, log_line_read(slice_str(cases[i].text), &line), cases[i].good);
		if (!cases[i].good)
			continue;
		want_text(cases[i].text, line.proto, cases[i].proto);
		want_text(cases[i].text, line.event, cases[i].event);
		want_num(cases[i].text, (int64_t)line.icid, (int64_t)cases[i].icid);
	}
}

/* What stands inside quotes is no field. */
static void finds_fields(void **state)
{
	struct slice text = SLICE(AT "info x y=\"a \\\"b\\\" mid=5 \\x0a\\\\\" mid=6 z= dcid=7x");
	struct log_line line;
	struct buf value = { 0 };

	(void)state;
	assert_true(log_line_read(text, &line));
	assert_true(log_line_field(&line, "y", &value));
	want_text("y", buf_slice(&value), "a \"b\" mid=5 \n\\");
	want_num("mid", (int64_t)log_line_number(&line, "mid"), 6);
	want_num("dcid", (int64_t)log_line_number(&line, "dcid"), 0);
	assert_true(log_line_field(&line, "z", &value));
	want_text("z", buf_slice(&value), "");
	assert_false(log_line_field(&line, "w", &value));
	buf_done(&value);
}

static void says(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ AT "info icid=41 smtp tls peer=x protocol=TLSv1.3 cipher=C",
		    "Tue Apr 17 00:57:53 2018 Info: ICID 41 TLS success protocol TLSv1.3 cipher "
		    "C" },
		{ AT "warn relay relay-tls-failed mid=1 dcid=9 reason=\"no \\x0aTLS\"",
		    "Tue Apr 17 00:57:53 2018 Warning: DCID 9 TLS failed: no ?TLS" },
		{ AT "info relay deferred dcid=9",
		    "Tue Apr 17 00:57:53 2018 Info: Delayed: DCID 9 MID - to RID - <-> -" },
		{ AT "info icid=3 smtp odd a=b", "Tue Apr 17 00:57:53 2018 Info: ICID 3 odd a=b" },
		{ "2018-04-17T99:99:99+99:99Z info x", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct log_line line;
		struct buf out = { 0 };
		assert_true(log_line_read(slice_str(cases[i].text), &line));
		log_line_say(&line, &out);
		if (cases[i].says)
			want_text(cases[i].text, buf_slice(&out), cases[i].says);
		buf_done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_apart),
		cmocka_unit_test(finds_fields),
		cmocka_unit_test(says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
