/* test_sts.c - texts of MTA-STS (RFC 8461) */
#include "core/sts.h"

#include "tests/unit/unit.h"

#include "core/dns.h"

#define HEAD "version: STSv1\n"

static void reads_policies(void **state)
{
	static const struct {
		const char *text;
		bool good;
		enum sts_mode mode;
		int64_t age;
		const char *mx;
	} cases[] = {
		{ HEAD "mode: enforce\nmx: mail.a.test\nmx: *.b.test\nmax_age: 604800\n", true,
		    STS_ENFORCE, 604800, "mail.a.test *.b.test " },
		{ "version:STSv1\r\nmode:testing\r\nmx:A.Test\r\nmax_age:0\r\n", true, STS_TESTING,
		    0, "a.test " },
		{ HEAD "mode: none\nmax_age: 86400", true, STS_NONE, 86400, "" },
		{ HEAD "mode: enforce\nmx: a.test\nmax_age: 99999999999", true, STS_ENFORCE,
		    STS_AGE_MAX, "a.test " },
		{ HEAD "later: x\nmode: none\nmode: enforce\nmax_age: 1\nmax_age: 2\n", true,
		    STS_NONE, 1, "" },
		{ HEAD "mode: enforce\nmax_age: 1\n", false, 0, 0, NULL },
		{ HEAD "mode: perhaps\nmx: a.test\nmax_age: 1\n", false, 0, 0, NULL },
		{ HEAD "mode: enforce\nmx: a.test\n", false, 0, 0, NULL },
		{ HEAD "mode: enforce\nmx: a.test\nmax_age: -1\n", false, 0, 0, NULL },
		{ HEAD "mode: enforce\nmx: *\nmax_age: 1\n", false, 0, 0, NULL },
		{ "version: STSv2\nmode: none\nmax_age: 1\n", false, 0, 0, NULL },
		{ "mode: none\nmax_age: 1\n", false, 0, 0, NULL },
		{ HEAD "mode: none\nmax_age: 1\nnonsense\n", false, 0, 0, NULL },
		{ "", false, 0, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct pool pool = { 0 };
		struct sts_policy policy;
		want_num(cases[i].text, sts_policy_read(slice_str(cases[i].text), &pool, &policy),
		    cases[i].good);
		if (cases[i].good) {
			want_num(cases[i].text, policy.mode, cases[i].mode);
			want_num(cases[i].text, policy.max_age, cases[i].age);
			want_text(cases[i].text, policy.mx, cases[i].mx);
		}
		pool_done(&pool);
	}
}

static void names_hosts(void **state)
{
	static const struct {
		const char *mx, *host;
		bool named;
	} cases[] = {
		{ "mail.a.test ", "mail.a.test", true },
		{ "mail.a.test ", "MAIL.A.test", true },
		{ "mail.a.test ", "x.mail.a.test", false },
		{ "*.a.test ", "mail.a.test", true },
		{ "*.a.test ", "a.test", false },
		{ "*.a.test ", "x.mail.a.test", false },
		{ "*.a.test ", "mail.ba.test", false },
		{ "b.test *.a.test ", "mail.a.test", true },
		{ "", "mail.a.test", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sts_policy policy = { .mx = slice_str(cases[i].mx) };
		want_num(cases[i].host, sts_policy_names(&policy, slice_str(cases[i].host)),
		    cases[i].named);
	}
}

static void reads_records(void **state)
{
	static const struct {
		const char *text, *id;
	} cases[] = {
		{ "v=STSv1; id=20160831085700Z;", "20160831085700Z" },
		{ "v=STSv1;id=1", "1" },
		{ "v=STSv1; x=y; id = 2 ; id=3", "2" },
		{ "v=STSv1; id=with-dash", NULL },
		{ "v=STSv1; id=", NULL },
		{ "v=STSv1;", NULL },
		{ "v=STSv10; id=1", NULL },
		{ "id=1; v=STSv1", NULL },
		{ "v=STSv1; id=123456789012345678901234567890123", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice id;
		bool good = sts_record_id(slice_str(cases[i].text), &id);
		want_num(cases[i].text, good, cases[i].id != NULL);
		if (good)
			want_text(cases[i].text, id, cases[i].id);
	}
}

static void joins_strings(void **state)
{
	struct pool pool = { 0 };
	struct slice text;

	(void)state;
	want_num("two", dns_read_text(SLICE("\3v=S\4TSv1"), &pool, &text), true);
	want_text("two", text, "v=STSv1");
	want_num("none", dns_read_text(SLICE(""), &pool, &text), true);
	want_text("none", text, "");
	want_num("cut short", dns_read_text(SLICE("\377abc"), &pool, &text), false);
	pool_done(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_policies),
		cmocka_unit_test(names_hosts),
		cmocka_unit_test(reads_records),
		cmocka_unit_test(joins_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
