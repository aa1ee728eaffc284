/* test_dmarc.c - DMARC: records, whose they are, what aligns; whose domain a name is in */
#include "mailauth/dmarc.h"
#include "mailauth/orgdomain.h"
#include "tests/unit/unit.h"
#include "tests/unit/zone.h"

static void records(void **state)
{
	static const struct {
		const char *text;
		bool good;
		enum dmarc_policy p, sp;
	} cases[] = {
		{ "v=DMARC1; p=none", true, DMARC_LET, DMARC_LET },
		{ "v=DMARC1; p=reject; sp=quarantine;", true, DMARC_REJECT, DMARC_QUARANTINE },
		{ "v = DMARC1 ; p = Reject ; unknown=x", true, DMARC_REJECT, DMARC_REJECT },
		{ "v=DMARC1; rua=mailto:x@a.test", true, DMARC_LET, DMARC_LET },
		{ "v=DMARC1; p=everything; rua=mailto:x@a.test", true, DMARC_LET, DMARC_LET },
		{ "v=DMARC1; p=everything", false, 0, 0 },
		{ "v=DMARC1", false, 0, 0 },
		{ "v=DMARC1; p=none; p=reject", false, 0, 0 },
		{ "p=reject; v=DMARC1", false, 0, 0 },
		{ "v=dmarc1; p=reject", false, 0, 0 },
		{ "v=DMARC10; p=reject", false, 0, 0 },
		{ "v=spf1 -all", false, 0, 0 },
		{ "", false, 0, 0 },
	};
	struct dmarc_record record;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		want_num(
		    cases[i].text, dmarc_read(slice_str(cases[i].text), &record), cases[i].good);
		if (!cases[i].good)
			continue;
		want_num(cases[i].text, record.p, cases[i].p);
		want_num(cases[i].text, record.sp, cases[i].sp);
	}
}

struct sent {
	const char *from;
	const char *spf, *dkim; /* domains that passed; or NULL */
};

static struct dmarc_answer check(struct zone *zone, const struct sent *sent, struct pool *pool)
{
	struct spf_answer spf = { .result = sent->spf ? SPF_PASS : SPF_FAIL,
		.domain = slice_str(sent->spf) };
	struct dkim_verdicts dkim = { .n = sent->dkim ? 2 : 0 };
	struct dmarc_answer answer;

	dkim.verdict[0].result = DKIM_FAIL;
	dkim.verdict[0].domain = slice_str(sent->from);
	dkim.verdict[1].result = DKIM_PASS;
	dkim.verdict[1].domain = slice_str(sent->dkim);
	dmarc_check(
	    &(struct dmarc_question){
		.asker = &zone->asker, .from = slice_str(sent->from), .spf = &spf, .dkim = &dkim },
	    pool, &answer);
	return answer;
}

static void alignment(void **state)
{
	static const struct {
		struct sent sent;
		enum dmarc_result want;
		enum dmarc_policy wish;
	} cases[] = {
		{ { "a.test", NULL, NULL }, DMARC_FAIL, DMARC_REJECT },
		{ { "a.test", "a.test", NULL }, DMARC_PASS, 0 },
		{ { "a.test", "mail.a.test", NULL }, DMARC_PASS, 0 },
		{ { "a.test", "b.test", NULL }, DMARC_FAIL, DMARC_REJECT },
		{ { "a.test", NULL, "A.test" }, DMARC_PASS, 0 },
		{ { "a.test", NULL, "x.a.test" }, DMARC_PASS, 0 },
		{ { "a.test", NULL, "xa.test" }, DMARC_FAIL, DMARC_REJECT },
		/* of the organization, for those below it */
		{ { "x.a.test", NULL, NULL }, DMARC_FAIL, DMARC_QUARANTINE },
		{ { "x.a.test", NULL, "y.a.test" }, DMARC_PASS, 0 },
		/* below it, and with a record of its own */
		{ { "own.a.test", NULL, NULL }, DMARC_FAIL, DMARC_LET },
		{ { "strict.test", "mail.strict.test", "mail.strict.test" }, DMARC_FAIL,
		    DMARC_REJECT },
		{ { "strict.test", NULL, "strict.test" }, DMARC_PASS, 0 },
		{ { "testing.test", NULL, NULL }, DMARC_FAIL, DMARC_QUARANTINE },
		{ { "never.test", NULL, NULL }, DMARC_FAIL, DMARC_QUARANTINE },
		{ { "ghost.np.test", NULL, NULL }, DMARC_FAIL, DMARC_REJECT },
		{ { "real.np.test", NULL, NULL }, DMARC_FAIL, DMARC_LET },
		{ { "two.test", NULL, NULL }, DMARC_NONE, 0 },
		{ { "nothing.test", NULL, NULL }, DMARC_NONE, 0 },
		{ { "late.test", "late.test", NULL }, DMARC_TEMPERROR, 0 },
		{ { "", "a.test", NULL }, DMARC_PERMERROR, 0 },
		{ { "a..test", "a.test", NULL }, DMARC_PERMERROR, 0 },
	};
	struct pool pool = { 0 };
	struct zone zone;

	(void)state;
	zone_init(&zone);
	zone_txt(&zone, "_dmarc.a.test", "v=DMARC1; p=reject; sp=quarantine");
	zone_txt(&zone, "_dmarc.own.a.test", "v=DMARC1; p=none");
	zone_txt(&zone, "_dmarc.strict.test", "v=DMARC1; p=reject; adkim=s; aspf=s");
	zone_txt(&zone, "_dmarc.testing.test", "v=DMARC1; p=reject; t=y");
	zone_txt(&zone, "_dmarc.never.test", "v=DMARC1; p=reject; pct=0");
	zone_txt(&zone, "_dmarc.np.test", "v=DMARC1; p=quarantine; sp=none; np=reject");
	zone_txt(&zone, "real.np.test", "there");
	zone_txt(&zone, "_dmarc.two.test", "v=DMARC1; p=reject");
	zone_txt(&zone, "_dmarc.two.test", "v=DMARC1; p=none");
	zone_timeout(&zone, "_dmarc.late.test", DNS_TXT);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dmarc_answer answer = check(&zone, &cases[i].sent, &pool);
		want_num(cases[i].sent.from, answer.result, cases[i].want);
		want_num(cases[i].sent.from, answer.wish, cases[i].wish);
	}
	pool_done(&pool);
	zone_done(&zone);
}

/* RFC 7489 6.6.1 */
static void authors(void **state)
{
	static const struct {
		const char *header, *dkim;
		enum dmarc_result want;
		enum dmarc_policy wish;
		const char *from;
	} cases[] = {
		{ "From: x@a.test\r\n\r\n", "a.test", DMARC_PASS, 0, "a.test" },
		{ "From: x@a.test, y@x.a.test\r\n\r\n", "a.test", DMARC_PASS, 0, "a.test" },
		{ "From: x@none.test, y@a.test\r\n\r\n", NULL, DMARC_FAIL, DMARC_REJECT, "a.test" },
		{ "From: x@q.test, y@a.test\r\n\r\n", "a.test", DMARC_FAIL, DMARC_QUARANTINE,
		    "q.test" },
		{ "From: x@a.test, y@none.test\r\n\r\n", "a.test", DMARC_NONE, 0, "none.test" },
		{ "From: x@a.test\r\nFrom: y@a.test\r\n\r\n", "a.test", DMARC_FAIL, DMARC_REJECT,
		    "a.test" },
		{ "From: x@none.test\r\nFrom: y@none.test\r\n\r\n", NULL, DMARC_PERMERROR,
		    DMARC_QUARANTINE, "none.test" },
		{ "From: x@a..test, y@a.test\r\n\r\n", "a.test", DMARC_FAIL, DMARC_REJECT,
		    "a.test" },
		{ "From: x@a..test\r\n\r\n", "a.test", DMARC_PERMERROR, DMARC_QUARANTINE, "" },
		{ "Subject: none\r\n\r\n", "a.test", DMARC_PERMERROR, DMARC_QUARANTINE, "" },
		{ "From: x@1.test, x@2.test, x@3.test, x@4.test, x@5.test, x@6.test, x@7.test, "
		  "x@8.test, x@a.test\r\n\r\n",
		    NULL, DMARC_PERMERROR, DMARC_QUARANTINE, "1.test" },
	};
	struct zone zone;

	(void)state;
	zone_init(&zone);
	zone_txt(&zone, "_dmarc.a.test", "v=DMARC1; p=reject");
	zone_txt(&zone, "_dmarc.q.test", "v=DMARC1; p=quarantine");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dkim_verdicts dkim = { .n = 1 };
		struct dmarc_question q = { .asker = &zone.asker, .dkim = &dkim };
		struct dmarc_answer answer;
		struct dkim_authors all;
		struct dkim_mail mail;
		struct pool pool = { 0 };

		dkim.verdict[0].result = cases[i].dkim ? DKIM_PASS : DKIM_FAIL;
		dkim.verdict[0].domain = slice_str(cases[i].dkim);
		dkim_mail_read((struct slice){ 0 }, slice_str(cases[i].header), &pool, &mail);
		dkim_authors_read(&mail, &pool, &all);
		want_text(
		    cases[i].header, dmarc_check_authors(&q, &all, &pool, &answer), cases[i].from);
		want_num(cases[i].header, answer.result, cases[i].want);
		want_num(cases[i].header, answer.wish, cases[i].wish);
		pool_done(&pool);
	}
	zone_done(&zone);
}

static void organizations(void **state)
{
	static const struct {
		const char *domain, *want;
	} cases[] = {
		{ "example.com", "example.com" },
		{ "mail.example.com", "example.com" },
		{ "a.b.example.co.uk", "example.co.uk" },
		{ "co.uk", "co.uk" },
		{ "x.y.alpha.test", "alpha.test" },
		{ "localhost", "localhost" },
	};
	struct pool pool = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		want_text(
		    cases[i].domain, org_domain(slice_str(cases[i].domain), &pool), cases[i].want);
	want_true("same", org_same(SLICE("a.example.org"), SLICE("B.Example.ORG"), &pool));
	want_true("not the same", !org_same(SLICE("a.co.uk"), SLICE("b.co.uk"), &pool));
	pool_done(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records),
		cmocka_unit_test(alignment),
		cmocka_unit_test(authors),
		cmocka_unit_test(organizations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
