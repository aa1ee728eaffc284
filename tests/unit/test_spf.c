/* test_spf.c - SPF: the published test suite of RFC 7208, and what it leaves out */
#include <stdio.h>
#include <stdlib.h>

#include "core/text.h"
#include "mailauth/spf.h"
#include "tests/unit/unit.h"
#include "tests/unit/zone.h"

/* --- tests/data/spf/rfc7208.txt --- */

struct suite {
	struct zone zone;
	unsigned run, failed;
};

static struct slice field(struct slice *line)
{
	struct slice s = slice_cut(line, '\t');

	return slice_eq(s, SLICE("-")) ? (struct slice){ 0 } : s;
}

static int type_of(struct slice name)
{
	static const struct {
		const char *name;
		int type;
	} types[] = { { "*", 0 }, { "A", DNS_A }, { "AAAA", DNS_AAAA }, { "MX", DNS_MX },
		{ "PTR", DNS_PTR }, { "TXT", DNS_TXT } };

	for (size_t i = 0; i < COUNT(types); i++)
		if (slice_eq(name, slice_str(types[i].name)))
			return types[i].type;
	fail_msg("type %.*s", SLICE_ARG(name));
	return -1;
}

static void take_record(struct suite *suite, struct slice line)
{
	char *name = mem_str(field(&line));
	int type = type_of(field(&line));
	struct slice hex = field(&line);
	struct buf data = { 0 };

	for (size_t i = 0; i + 1 < hex.n; i += 2)
		buf_addc(&data, (char)(hex_digit(hex.p[i]) << 4 | hex_digit(hex.p[i + 1])));
	zone_add(&suite->zone, name, type, buf_slice(&data));
	buf_done(&data);
	free(name);
}

static bool is_one_of(struct slice results, const char *name)
{
	while (results.n > 0)
		if (slice_eq(slice_cut(&results, ','), slice_str(name)))
			return true;
	return false;
}

static void take_test(struct suite *suite, struct slice line)
{
	struct slice name = field(&line);
	struct spf_question question = { .asker = &suite->zone.asker };
	struct pool pool = { 0 };
	struct spf_answer answer;

	question.address = field(&line);
	question.helo = field(&line);
	question.sender = field(&line);
	struct slice results = field(&line), explanation = field(&line);
	spf_check(&question, &pool, &answer);
	if (slice_eq(explanation, SLICE("DEFAULT"))) /* the domain said nothing */
		explanation = (struct slice){ 0 };
	if (!is_one_of(results, spf_result_names[answer.result]) ||
	    (explanation.n > 0 && !slice_eq(explanation, answer.explanation))) {
		suite->failed++;
		print_error("%.*s: got %s (%s) \"%.*s\", want %.*s \"%.*s\"\n", SLICE_ARG(name),
		    spf_result_names[answer.result], answer.why ? answer.why : "",
		    SLICE_ARG(answer.explanation), SLICE_ARG(results), SLICE_ARG(explanation));
	}
	suite->run++;
	pool_done(&pool);
}

static void take_line(struct suite *suite, struct slice line)
{
	struct slice word = slice_cut(&line, '\t');

	if (slice_eq(word, SLICE("scenario"))) {
		zone_done(&suite->zone);
		zone_init(&suite->zone);
	} else if (slice_eq(word, SLICE("rr"))) {
		take_record(suite, line);
	} else if (slice_eq(word, SLICE("test"))) {
		take_test(suite, line);
	} else if (slice_eq(word, SLICE("cname")) || slice_eq(word, SLICE("timeout"))) {
		char *name = mem_str(field(&line)), *rest = mem_str(line);
		if (slice_eq(word, SLICE("cname")))
			zone_cname(&suite->zone, name, rest);
		else
			zone_timeout(&suite->zone, name, type_of(line));
		free(name);
		free(rest);
	}
}

static void published_suite(void **state)
{
	FILE *file = fopen(TEST_SRCDIR "/tests/data/spf/rfc7208.txt", "r");
	struct suite suite = { 0 };
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	(void)state;
	assert_non_null(file);
	while ((n = getline(&line, &room, file)) > 0)
		take_line(&suite, slice_of(line, (size_t)n - 1));
	fclose(file);
	free(line);
	zone_done(&suite.zone);
	want_num("tests in the suite", suite.run, 203);
	want_num("that failed", suite.failed, 0);
}

/* --- ours --- */

static enum spf_result check(struct zone *zone, const char *address, const char *sender)
{
	struct spf_question question = { .asker = &zone->asker,
		.address = slice_str(address),
		.helo = SLICE("client.test"),
		.sender = slice_str(sender) };
	struct pool pool = { 0 };
	struct spf_answer answer;

	spf_check(&question, &pool, &answer);
	pool_done(&pool);
	return answer.result;
}

static void records(void **state)
{
	static const struct {
		const char *record;
		enum spf_result want; /* for 192.0.2.1 */
	} cases[] = {
		{ "v=spf1 ip4:192.0.2.1", SPF_PASS },
		{ "v=spf1 ip4:192.0.2.0/24 -all", SPF_PASS },
		{ "v=spf1 ip4:192.0.2.1/0 -all", SPF_PASS },
		{ "v=spf1 ip4:192.0.2.2/31 -all", SPF_FAIL },
		{ "v=spf1 ip4:192.0.2.1/33 -all", SPF_PERMERROR },
		{ "v=spf1 ip4:192.0.2.1/032 -all", SPF_PERMERROR },
		{ "v=spf1 ip4:192.0.2.1/ -all", SPF_PERMERROR },
		{ "v=spf1 ip4:192.0.2 -all", SPF_PERMERROR },
		{ "v=spf1 ip4:0x7f.1 -all", SPF_PERMERROR },
		{ "v=spf1 ip6:::ffff:192.0.2.1 -all", SPF_FAIL },
		{ "v=spf1 a:%{i}.%{d} -all", SPF_FAIL },
		{ "v=spf1 a:%{d0} -all", SPF_PERMERROR },
		{ "v=spf1 a:%{d -all", SPF_PERMERROR },
		{ "v=spf1 a:%{z} -all", SPF_PERMERROR },
		{ "v=spf1 a:% -all", SPF_PERMERROR },
		{ "v=spf1 ALL", SPF_PASS },
		{ "v=spf1\t-all", SPF_NONE },
		{ "v=spf1 =x -all", SPF_PERMERROR },
		{ "v=spf1 redirect=self.test", SPF_PERMERROR }, /* for ever */
		{ "v=spf1 include:self.test -all", SPF_PERMERROR },
		{ "v=spf1 ?include:other.test ~all", SPF_NEUTRAL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct zone zone;

		zone_init(&zone);
		zone_txt(&zone, "self.test", cases[i].record);
		zone_txt(&zone, "other.test", "v=spf1 ip4:192.0.2.1 -all");
		want_num(
		    cases[i].record, check(&zone, "192.0.2.1", "ann@self.test"), cases[i].want);
		want_true(cases[i].record, zone.asked <= 12);
		zone_done(&zone);
	}
}

/* A record of many lists of hosts is no way to have others asked without end. */
static void questions_are_bounded(void **state)
{
	struct zone zone;

	(void)state;
	zone_init(&zone);
	zone_txt(&zone, "self.test",
	    "v=spf1 mx:m.test mx:m.test mx:m.test mx:m.test mx:m.test mx:m.test mx:m.test "
	    "mx:m.test mx:m.test mx:m.test mx:m.test -all");
	for (int i = 0; i < 10; i++) {
		char host[20];
		snprintf(host, sizeof(host), "h%d.test", i);
		zone_add(&zone, host, DNS_A, slice_of("\x0a\0\0\1", 4));
		snprintf(host, sizeof(host), "%c%c\2h%d\4test", 0, 0, i);
		zone_add(&zone, "m.test", DNS_MX, slice_of(host, 11));
	}
	want_num("eleven mx", check(&zone, "192.0.2.1", "ann@self.test"), SPF_PERMERROR);
	want_true("asked", zone.asked <= 1 + 10 * 11);
	zone_done(&zone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_suite),
		cmocka_unit_test(records),
		cmocka_unit_test(questions_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
