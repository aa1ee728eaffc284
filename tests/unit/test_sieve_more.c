/* test_sieve_more.c - extensions: relational, subaddress, body, date, encoded-character */
#include "tests/unit/unit.h"

#include "tests/unit/sieve_case.h"

#define YES "discard"
#define NO "implicit"

#define NUMBER "require [\"relational\", \"comparator-i;ascii-numeric\"]; if "
#define PARTED "require [\"subaddress\", \"envelope\"]; if "
#define BODY "require \"body\"; if body "
#define DATE "require [\"date\", \"relational\"]; if "
#define ENCODED "require [\"encoded-character\", \"fileinto\"]; fileinto "
#define THEN " { discard; }"

static void compares_numbers(void **state)
{
	static const struct sieve_case cases[] = {
		/* RFC 5231 */
		{ NUMBER
		    "header :value \"lt\" :comparator \"i;ascii-numeric\" \"X-Priority\" \"4\"" THEN,
		    YES },
		{ NUMBER
		    "header :value \"lt\" :comparator \"i;ascii-numeric\" \"X-Priority\" \"3\"" THEN,
		    NO },
		{ NUMBER
		    "header :value \"le\" :comparator \"i;ascii-numeric\" \"X-Priority\" \"3\"" THEN,
		    YES },
		{ NUMBER
		    "header :value \"gt\" :comparator \"i;ascii-numeric\" \"X-Priority\" \"02\"" THEN,
		    YES },
		{ NUMBER
		    "header :value \"lt\" :comparator \"i;ascii-numeric\" \"X-Priority\" \"10\"" THEN,
		    YES },
		{ NUMBER "header :value \"lt\" \"X-Priority\" \"10\"" THEN, NO }, /* as text */
		{ NUMBER "header :value \"ge\" \"X-Priority\" \"10\"" THEN, YES },
		{ NUMBER
		    "header :value \"eq\" :comparator \"i;ascii-numeric\" \"X-Priority\" \"003\"" THEN,
		    YES },
		{ NUMBER
		    "header :value \"ne\" :comparator \"i;ascii-numeric\" \"X-Priority\" \"3\"" THEN,
		    NO },
		/* RFC 4790 9.1: what is no number is more than all */
		{ NUMBER
		    "header :value \"gt\" :comparator \"i;ascii-numeric\" \"Subject\" \"99999\"" THEN,
		    YES },
		{ NUMBER "header :is :comparator \"i;ascii-numeric\" \"Subject\" \"none\"" THEN,
		    YES },
		{ NUMBER "header :count \"eq\" \"Received\" \"2\"" THEN, YES },
		{ NUMBER
		    "header :count \"gt\" :comparator \"i;ascii-numeric\" [\"Received\", \"To\"] \"2\"" THEN,
		    YES },
		{ NUMBER "header :count \"eq\" \"X-None\" \"0\"" THEN, YES },
		{ NUMBER
		    "address :count \"ge\" :comparator \"i;ascii-numeric\" [\"to\", \"cc\"] [\"4\"]" THEN,
		    YES },
		{ NUMBER
		    "address :count \"ge\" :comparator \"i;ascii-numeric\" [\"to\", \"cc\"] [\"5\"]" THEN,
		    NO },
		{ NUMBER "header :count \"many\" \"a\" \"1\"" THEN,
		    "wrong: line 1: \"many\" is none of gt, ge, lt, le, eq, ne" },
	};

	(void)state;
	sieve_cases(cases, COUNT(cases));
}

static void parts_addresses(void **state)
{
	static const struct sieve_case cases[] = {
		/* RFC 5233 */
		{ PARTED "address :user :is \"to\" \"bob\"" THEN, YES },
		{ PARTED "address :detail :is \"to\" \"lists\"" THEN, YES },
		{ PARTED "address :detail :is \"to\" \"\"" THEN, NO },
		{ PARTED "address :user :is \"from\" \"ann\"" THEN, YES },
		{ PARTED "address :detail :contains \"from\" \"\"" THEN, NO },
		{ PARTED "envelope :detail \"to\" \"lists\"" THEN, YES },
	};

	(void)state;
	sieve_cases(cases, COUNT(cases));
}

static void looks_into_bodies(void **state)
{
	static const struct sieve_case cases[] = {
		/* RFC 5173 */
		{ BODY ":contains \"g\xc3\xbcnstig\"" THEN, YES },
		{ BODY ":text :contains \"Kaufen!\"" THEN, YES },
		{ BODY ":text :contains \"very cheap\"" THEN, YES },
		{ BODY ":text :contains \"<b>\"" THEN, NO },
		{ BODY ":text :contains \"secret code\"" THEN, NO },
		{ BODY ":raw :contains \"c2VjcmV0\"" THEN, YES },
		{ BODY ":raw :contains \"kaufen\"" THEN, NO },
		{ BODY ":raw :contains \"make_money\"" THEN, NO }, /* in the header */
		{ BODY ":content \"application/x-tool\" :is \"secret code\"" THEN, YES },
		{ BODY ":content \"application\" :contains \"secret\"" THEN, YES },
		{ BODY ":content \"text\" :contains \"secret\"" THEN, NO },
		{ BODY ":content \"\" :contains \"secret\"" THEN, YES },
		{ BODY ":content [\"text/HTML\"] :contains \"<b>cheap\"" THEN, YES },
		{ BODY ":content \"text/plain\" :contains \"cheap\"" THEN, NO },
		{ BODY ":content \"text/\" :contains \"cheap\"" THEN, NO },
		{ BODY ":text :matches \"*kaufen?\"" THEN, YES },
		{ BODY ":text :raw :contains \"x\"" THEN,
		    "wrong: line 1: :text and :raw exclude each other" },
	};

	(void)state;
	sieve_cases(cases, COUNT(cases));
}

/* A large message is within what a run may cost, however often it is asked. */
static void looks_into_large_bodies(void **state)
{
	static const char script[] =
	    "require \"body\"; if anyof (body :contains [\"x\", \"y\"], body :raw :contains \"z\", "
	    "body :content \"text/plain\" :contains \"v\", body :content \"text\" :matches \"*u*\") "
	    "{ discard; }";
	struct buf mail = { 0 };

	(void)state;
	buf_addz(&mail, "Content-Type: text/plain\r\n\r\n");
	while (mail.n < 6 << 20)
		buf_addz(&mail, "hello to the world of mail\r\n");
	const struct sieve_mail_case large = { buf_z(&mail), script, NO };
	sieve_mail_cases(&large, 1);
	buf_done(&mail);
}

static void tells_dates(void **state)
{
	/* Date: Fri, 20 Nov 2026 23:30:00 -0500 */
	static const struct sieve_case cases[] = {
		/* RFC 5260 4 */
		{ DATE "date :originalzone \"Date\" \"date\" \"2026-11-20\"" THEN, YES },
		{ DATE "date :zone \"+0000\" \"Date\" \"date\" \"2026-11-21\"" THEN, YES },
		{ DATE "date :zone \"+0530\" \"Date\" \"time\" \"10:00:00\"" THEN, YES },
		{ DATE "date :originalzone \"Date\" \"hour\" \"23\"" THEN, YES },
		{ DATE "date :originalzone \"Date\" \"minute\" \"30\"" THEN, YES },
		{ DATE "date :originalzone \"Date\" \"second\" \"00\"" THEN, YES },
		{ DATE "date :originalzone \"Date\" \"zone\" \"-0500\"" THEN, YES },
		{ DATE "date :originalzone \"Date\" \"weekday\" \"5\"" THEN, YES },
		{ DATE "date :zone \"+0000\" \"Date\" \"weekday\" \"6\"" THEN, YES },
		{ DATE "date :originalzone \"Date\" \"iso8601\" \"2026-11-20T23:30:00-05:00\"" THEN,
		    YES },
		{ DATE
		    "date :originalzone \"Date\" \"std11\" \"Fri, 20 Nov 2026 23:30:00 -0500\"" THEN,
		    YES },
		{ DATE "date :zone \"+0000\" \"Date\" \"julian\" \"61365\"" THEN, YES },
		{ DATE "date :zone \"+0000\" \"Date\" \"year\" \"2026\"" THEN, YES },
		{ DATE "date :zone \"+0000\" \"Date\" \"month\" \"11\"" THEN, YES },
		{ DATE "date :zone \"+0000\" \"Date\" \"day\" \"21\"" THEN, YES },
		{ DATE "date :zone \"+0000\" \"Received\" \"time\" \"10:00:00\"" THEN, YES },
		{ DATE "date :value \"ge\" :zone \"+0000\" \"Date\" \"hour\" \"04\"" THEN, YES },
		{ DATE "date \"Subject\" \"year\" \"2026\"" THEN, NO },
		{ DATE "date \"X-None\" \"year\" \"2026\"" THEN, NO },
		{ DATE "currentdate :value \"ge\" \"year\" \"2024\"" THEN, YES },
		{ DATE "currentdate :value \"lt\" \"date\" \"2024-01-01\"" THEN, NO },
		{ DATE "currentdate :zone \"+0100\" :is \"zone\" \"+0100\"" THEN, YES },
		{ DATE "currentdate :originalzone :is \"zone\" \"+0100\"" THEN,
		    "wrong: line 1: currentdate does not know :originalzone" },
		{ DATE "date \"Date\" \"age\" \"1\"" THEN, "wrong: line 1: a date has no \"age\"" },
		{ DATE "date :zone \"CET\" \"Date\" \"hour\" \"1\"" THEN,
		    "wrong: line 1: \"CET\" is no zone like +0100" },
	};

	(void)state;
	sieve_cases(cases, COUNT(cases));
}

#define INDEX "require [\"index\", \"date\"]; if "

static void picks_fields(void **state)
{
	static const struct sieve_case cases[] = {
		/* RFC 5260 6 */
		{ INDEX "header :index 1 :contains \"Received\" \"from a\"" THEN, YES },
		{ INDEX "header :index 2 :contains \"Received\" \"from a\"" THEN, NO },
		{ INDEX "header :index 2 :contains \"Received\" \"from c\"" THEN, YES },
		{ INDEX "header :index 3 :contains \"Received\" \"\"" THEN, NO },
		{ INDEX "header :index 1 :last :contains \"Received\" \"from c\"" THEN, YES },
		{ INDEX "header :last :index 2 :contains \"Received\" \"from a\"" THEN, YES },
		{ INDEX "header :index 3 :last :contains \"Received\" \"\"" THEN, NO },
		{ INDEX "header :index 99999999999 :last :contains \"Received\" \"\"" THEN, NO },
		{ INDEX "date :index 1 :last :zone \"+0000\" \"Received\" \"minute\" \"59\"" THEN,
		    YES },
		{ INDEX "address :index 1 \"from\" \"ann@example.org\"" THEN, YES },
		{ INDEX "header :index 0 \"a\" \"b\"" THEN,
		    "wrong: line 1: fields are counted from 1" },
		{ INDEX "header :last \"a\" \"b\"" THEN,
		    "wrong: line 1: :last goes with :index only" },
		{ INDEX "exists :index 1 \"a\"" THEN,
		    "wrong: line 1: exists does not know :index" },
	};

	(void)state;
	sieve_cases(cases, COUNT(cases));
}

static void encodes_characters(void **state)
{
	static const struct sieve_case cases[] = {
		/* RFC 5228 2.4.2.4 */
		{ ENCODED "\"$${hex:40}\";", "into $@" },
		{ ENCODED "\"${hex: 40 }\";", "into @" },
		{ ENCODED "\"${HEX: 40}\";", "into @" },
		{ ENCODED "\"${hex:40\";", "into ${hex:40" },
		{ ENCODED "\"${hex:400}\";", "into ${hex:400}" },
		{ ENCODED "\"${hex:4${hex:30}}\";", "into ${hex:40}" },
		{ ENCODED "\"${unicode:40}\";", "into @" },
		{ ENCODED "\"${ unicode:40}\";", "into ${ unicode:40}" },
		{ ENCODED "\"${UNICODE:40}\";", "into @" },
		{ ENCODED "\"${UnICoDE:0000040}\";", "into @" },
		{ ENCODED "\"${Unicode:40 20ac}\";", "into @\xe2\x82\xac" },
		{ ENCODED "\"${unicode:00000000000040}x\";", "into @x" },
		{ ENCODED "\"${hex:}\";", "into ${hex:}" },
		{ ENCODED "\"${Unicode:110000}\";",
		    "wrong: line 1: an encoded character is none of UTF-8" },
		{ ENCODED "\"${unicode:d800}\";",
		    "wrong: line 1: an encoded character is none of UTF-8" },
		{ ENCODED "\"${hex:ff}\";",
		    "wrong: line 1: an encoded character is none of UTF-8" },
		{ ENCODED "\"${hex:00}\";",
		    "wrong: line 1: an encoded character is none of UTF-8" },
		{ "require \"fileinto\"; fileinto \"${hex:40}\";", "into ${hex:40}" },
	};

	(void)state;
	sieve_cases(cases, COUNT(cases));
}

#define ENVIRONMENT "require \"environment\"; if environment "

static void knows_its_environment(void **state)
{
	static const struct sieve_case cases[] = {
		/* RFC 5183 4.1; RFC 6785 4: empty when a message comes in */
		{ ENVIRONMENT "\"location\" \"MDA\"" THEN, YES },
		{ ENVIRONMENT "\"phase\" \"during\"" THEN, YES },
		{ ENVIRONMENT "\"NAME\" \"signet\"" THEN, YES },
		{ ENVIRONMENT ":matches \"version\" \"?*\"" THEN, YES },
		{ ENVIRONMENT "\"imap.user\" \"\"" THEN, YES },
		{ ENVIRONMENT "\"imap.cause\" \"\"" THEN, YES },
		{ ENVIRONMENT ":contains \"vnd.none\" \"\"" THEN, NO },
		{ "if environment \"name\" \"x\"" THEN,
		    "wrong: line 1: environment needs require \"environment\" at the beginning" },
	};

	(void)state;
	sieve_cases(cases, COUNT(cases));
}

static const char *event_outcome(const char *text, struct pool *pool)
{
	static const struct slice flags[] = { { "\\Seen", 5 }, { "word", 4 } };
	const struct sieve_event event = { .cause = SLICE("FLAG"), .flags = flags, .n_flags = 2 };
	const struct sieve_message message = { .text = SLICE("A: b\r\n\r\n"), .event = &event };
	struct err err = { 0 };
	struct sieve_script *script = sieve_compile(slice_str(text), &err);
	struct sieve_action *a;

	assert_non_null(script);
	int rc = sieve_run(script, &message, pool, &a, &err);
	sieve_free(&script);
	if (rc != 0)
		return pool_printf(pool, "%s", err.text);
	return !a ? "nothing"
		  : pool_printf(pool, "%s %llu %zu", a->kind == SIEVE_KEEP ? "keep" : "other",
			(unsigned long long)a->flags, a->n_keywords);
}

/* RFC 6785 3: a run for a message that lies in a mailbox */
static void runs_for_events(void **state)
{
	static const struct {
		const char *script, *outcome;
	} cases[] = {
		{ "", "keep 1 1" },
		{ "keep;", "keep 1 1" },
		{ "discard;", "nothing" },
		{ "require \"imap4flags\"; addflag \"\\\\Flagged\";", "keep 5 1" },
		{ "require \"imap4flags\"; removeflag [\"word\", \"\\\\seen\"];", "keep 0 0" },
		{ "require [\"imap4flags\", \"fileinto\"]; if hasflag \"word\" { fileinto \"INBOX\"; }",
		    "other 1 1" },
		{ "require \"vacation\"; discard;",
		    "line 1: \"vacation\" is for mail that comes in" },
		{ "require \"ereject\"; discard;",
		    "line 1: \"ereject\" is for mail that comes in" },
		{ "require \"envelope\";\nif envelope \"to\" \"\" { discard; }",
		    "line 2: there is no envelope: the message is not coming in" },
	};
	struct pool pool = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(event_outcome(cases[i].script, &pool), cases[i].outcome);
	pool_done(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares_numbers),
		cmocka_unit_test(parts_addresses),
		cmocka_unit_test(looks_into_bodies),
		cmocka_unit_test(looks_into_large_bodies),
		cmocka_unit_test(tells_dates),
		cmocka_unit_test(picks_fields),
		cmocka_unit_test(encodes_characters),
		cmocka_unit_test(knows_its_environment),
		cmocka_unit_test(runs_for_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
