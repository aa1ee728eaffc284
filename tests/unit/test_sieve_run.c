/* test_sieve_run.c - what scripts do with a message: tests, matches, actions, bounds */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <time.h>

#include "tests/unit/sieve_case.h"

#define IF(test) "if " test " { discard; }"
#define IF_ENVELOPE(test) "require \"envelope\"; if envelope " test " { discard; }"
#define INTO "require [\"fileinto\", \"copy\"];"
#define FLAGS "require [\"imap4flags\", \"fileinto\"];"
#define SECRET "require [\"vnd.signet.store-encrypted\", \"copy\"];"
#define YES "discard"
#define NO "implicit"

static void tests_headers(void **state)
{
	static const struct sieve_case cases[] = {
		/* RFC 5228 5.7 */
		{ IF("header :is \"X-Priority\" \"3\""), YES },
		{ IF("header :is \"x-priority\" \"3\""), YES },
		{ IF("header :is \"X-Priority\" \"\""), NO },
		{ IF("header :is [\"X-None\", \"X-Priority\"] [\"4\", \"3\"]"), YES },
		{ IF("header \"X-Priority\" \"3\""), YES },
		{ IF("header :is \"X-Spam-Level\" \"*****\""), YES },
		{ IF("header :contains \"X-Spam-Level\" \"***\""), YES },
		{ IF("header :matches \"X-Spam-Level\" \"***\""), YES },
		{ IF("header :matches \"X-Spam-Level\" \"\\\\*\\\\*\""), NO },
		{ IF("header :matches \"X-Spam-Level\" \"\\\\*\\\\**\""), YES },
		{ IF("header :is \"X-Empty\" \"\""), YES },
		{ IF("header :contains \"X-Empty\" \"\""), YES },
		{ IF("header :contains \"X-Absent\" \"\""), NO },
		{ IF("header :is \"X-Priority:\" \"3\""), NO }, /* 2.4.2.2 */
		{ IF("header :is \"\" \"\""), NO },
		/* Every field of a name */
		{ IF("header :contains \"Received\" \"from c\""), YES },
		/* 2.7.2: decoded and unfolded */
		{ IF("header :is \"Subject\" \"Gr\xc3\xbc\xc3\x9f"
		     "e $$$ and make money f\xc3\xa4st\""),
		    YES },
		{ IF("header :contains \"Subject\" \"GR\xc3\xbc\""), YES },
		{ IF("header :contains \"Subject\" \"GR\xc3\x9c\""), NO }, /* ASCII's case only */
		{ "require \"comparator-i;unicode-casemap\"; if header :contains :comparator "
		  "\"i;unicode-casemap\" \"Subject\" \"GR\xc3\x9c\" { discard; }",
		    YES },
		{ IF("header :contains :comparator \"i;octet\" \"Subject\" \"Make\""), NO },
		{ IF("header :comparator \"i;octet\" :contains \"Subject\" \"make\""), YES },
		{ "require [\"comparator-i;octet\", \"comparator-i;ascii-casemap\"]; keep;",
		    "keep" },
		/* 2.7.1 */
		{ IF("header :matches \"Subject\" \"*money*\""), YES },
		{ IF("header :matches \"Subject\" \"money\""), NO },
		{ IF("header :matches \"Subject\" \"*\""), YES },
		{ IF("header :matches \"Subject\" \"\""), NO },
		{ IF("header :matches \"X-Empty\" \"*\""), YES },
		{ IF("header :matches \"X-Empty\" \"?\""), NO },
		{ IF("header :matches \"X-Priority\" \"?\""), YES },
		{ IF("header :matches \"X-Priority\" \"??\""), NO },
		{ IF("header :matches \"X-Priority\" \"?*\""), YES },
		{ IF("header :matches \"X-Priority\" \"*?\""), YES },
		{ IF("header :matches \"X-Priority\" \"*?*?*\""), NO },
		{ IF("header :matches \"Message-ID\" \"<*@*.ORG>\""), YES },
		{ IF("header :matches \"Message-ID\" \"<*@*.org?\""), YES },
		{ IF("header :matches \"Message-ID\" \"<*@*.org\""), NO },
		{ IF("header :matches \"Subject\" \"Gr??e *\""), NO }, /* octets: four */
		{ IF("header :matches \"Subject\" \"Gr????e *\""), YES },
		{ "require \"comparator-i;unicode-casemap\"; if header :matches :comparator "
		  "\"i;unicode-casemap\" \"Subject\" \"gr?SSe*\" { discard; }",
		    YES },
		/* 5.5 */
		{ IF("exists \"Subject\""), YES },
		{ IF("exists [\"From\", \"date\", \"X-Empty\"]"), YES },
		{ IF("exists [\"From\", \"X-Absent\"]"), NO },
		{ IF("not exists [\"From\", \"Date\"]"), NO },
		{ IF("exists \"R8O8bnN0aWcga2F1ZmVuIQ==\""), NO },
		/* 5.9 */
		{ IF("size :over 500"), YES },
		{ IF("size :under 1K"), YES },
		{ IF("size :over 1M"), NO },
		{ IF("size :under 1M"), YES },
		{ IF("size :under 0"), NO },
	};

	(void)state;
	sieve_cases(cases, COUNT(cases));
}

static void tests_addresses(void **state)
{
	static const struct sieve_case cases[] = {
		/* RFC 5228 5.1, 2.7.4 */
		{ IF("address :is \"from\" \"ann@example.org\""), YES },
		{ IF("address :is :all \"from\" \"ann@example.org\""), YES },
		{ IF("address :is :all :comparator \"i;octet\" \"from\" \"ann@example.org\""), NO },
		{ IF("address :is :localpart \"from\" \"ann\""), YES },
		{ IF("address :domain :is \"from\" \"example.org\""), YES },
		{ IF("address :is :domain \"from\" \"ann\""), NO },
		{ IF("address :contains \"from\" \"Example, Ltd\""), NO }, /* not the phrase */
		{ IF("address :is :domain [\"to\", \"cc\"] \"other.example\""), YES },
		{ IF("address :is :domain \"to\" \"friends.example\""), NO },
		{ IF("address :matches \"to\" \"bob+*@example.com\""), YES },
		{ IF("address :is \"cc\" \"dora@friends.example\""), YES }, /* in a group */
		{ IF("address :is \"cc\" \"j@example.net\""), YES },
		{ IF("address :is \"bcc\" \"\""), NO },
		{ IF("address :contains \"return-path\" \"ann@\""), YES },
		/* RFC 5228 5.4 */
		{ IF_ENVELOPE(":is \"from\" \"ann@example.org\""), YES },
		{ IF_ENVELOPE(":all :is \"From\" \"ANN@example.org\""), YES },
		{ IF_ENVELOPE(":domain \"from\" \"example.com\""), NO },
		{ IF_ENVELOPE(":domain [\"from\", \"to\"] \"example.com\""), YES },
		{ IF_ENVELOPE(":localpart \"to\" \"bob+lists\""), YES },
		{ IF_ENVELOPE(":is \"to\" \"\""), NO },
	};

	(void)state;
	sieve_cases(cases, COUNT(cases));
}

static void tests_hardly_any_mail(void **state)
{
	static const struct sieve_mail_case cases[] = {
		{ "A: b\r\n\r\n", IF("size :over 8"), NO },
		{ "A: b\r\n\r\n", IF("size :under 8"), NO },
		{ "A: b\r\n\r\n", IF("size :under 9"), YES },
		{ "", IF("exists \"A\""), NO },
		{ "A: b", IF("header :is \"A\" \"b\""), YES },
		{ "A: b\n\nA: c\n", IF("header :is \"A\" \"b\""), YES },
		{ "A: b\n\nA: c\n", IF("header :is \"A\" \"c\""), NO },
		{ "A: b\r\n\tc\r\n\r\n", IF("header :is \"A\" \"b c\""), YES },
		{ "From: \"a b\"@x.org\r\n\r\n", IF("address :is :localpart \"from\" \"a b\""),
		    YES },
		{ "From: a@b\r\nFrom: c@d\r\n\r\n", IF("address :is \"from\" \"c@d\""), YES },
	};

	(void)state;
	sieve_mail_cases(cases, COUNT(cases));
}

static void takes_actions(void **state)
{
	static const struct sieve_case cases[] = {
		/* RFC 5228 2.10.2, 4 */
		{ INTO "fileinto \"a\";", "into a" },
		{ INTO "fileinto \"a/b\"; fileinto \"c\";", "into a/b, into c" },
		{ INTO "fileinto \"a\"; keep;", "into a, keep" },
		{ INTO "fileinto \"INBOX\";", "keep" },
		{ INTO "fileinto \"inbox\"; keep;", "keep" },
		{ INTO "fileinto \"INBOX/a\";", "into INBOX/a" },
		{ INTO "fileinto \"a\"; fileinto \"a\";", "into a" }, /* 2.10.3 */
		{ INTO "fileinto \"a\"; fileinto \"A\";", "into a, into A" },
		{ INTO "fileinto \"~jim/INBOX\";", "into ~jim/INBOX" },
		{ INTO "fileinto \"a\"; discard;", "into a" },
		{ "keep; discard;", "keep" },
		{ "redirect \"Bob@Example.COM\";", "redirect bob@example.com" },
		{ "redirect \"a@x.org\"; redirect \"A@X.ORG\"; keep;", "redirect a@x.org, keep" },
		/* RFC 3894 */
		{ INTO "fileinto :copy \"a\";", "into a, implicit" },
		{ INTO "redirect :copy \"a@x.org\";", "redirect a@x.org, implicit" },
		{ INTO "redirect :copy \"a@x.org\"; discard;", "redirect a@x.org" },
		{ INTO "discard; fileinto :copy \"a\";", "into a" },
		{ INTO "fileinto :copy \"INBOX\";", "keep" },
		{ INTO "fileinto :copy \"a\"; fileinto \"a\";", "into a" },
		{ INTO "fileinto \"a\"; fileinto :copy \"a\";", "into a" },
		/* RFC 5429 */
		{ "require \"reject\"; reject \"no\";", "reject no" },
		{ "require \"ereject\"; ereject \"no\"; discard;", "reject no" },
		{ "require \"reject\"; reject \"no\"; keep;",
		    "fault: line 1: reject goes with no other action" },
		{ "require \"reject\"; keep;\nreject \"no\";",
		    "fault: line 2: reject goes with no other action" },
		{ "require \"reject\"; reject \"no\";\nreject \"no\";",
		    "fault: line 2: reject goes with no other action" },
		{ "require [\"reject\", \"copy\"]; redirect :copy \"a@x.org\";\nreject \"no\";",
		    "fault: line 2: reject goes with no other action" },
		/* Ours */
		{ SECRET "store_encrypted \"Safe\";", "encrypt Safe" }, /* C-118 C-120 */
		{ SECRET "store_encrypted :copy \"Safe\";", "encrypt Safe, implicit" },
		{ SECRET "store_encrypted \"Safe\"; keep;", "encrypt Safe, keep" },
		{ SECRET "store_encrypted \"INBOX\";", "encrypt" },
		{ SECRET "store_encrypted \"~jim@x.org/INBOX\";", "encrypt ~jim@x.org/INBOX" },
		{ SECRET "if header :contains \"Subject\" \"money\" { store_encrypted \"Safe\"; }",
		    "encrypt Safe" }, /* C-119 */
		{ SECRET "if header :contains \"Subject\" \"love\" { store_encrypted \"Safe\"; }",
		    "implicit" },
		/* Bounds */
		{ "redirect \"a@x.org\"; redirect \"b@x.org\"; redirect \"c@x.org\"; redirect "
		  "\"d@x.org\";\nredirect \"e@x.org\";",
		    "fault: line 2: more than 4 redirects" },
	};

	(void)state;
	sieve_cases(cases, COUNT(cases));
}

static void sets_flags(void **state)
{
	static const struct sieve_case cases[] = {
		/* RFC 5232 */
		{ FLAGS "setflag \"\\\\Seen\";", "implicit [\\Seen]" },
		{ FLAGS "setflag \"\\\\seen \\\\FLAGGED work\";",
		    "implicit [\\Seen \\Flagged work]" },
		{ FLAGS "setflag [\"\\\\Seen\", \"a\"]; addflag \"A b\"; keep;",
		    "keep [\\Seen a b]" },
		{ FLAGS "setflag \"a b c\"; removeflag [\"b\", \"z\"]; keep;", "keep [a c]" },
		{ FLAGS "setflag \"a\"; setflag \"b\"; fileinto \"x\"; keep;",
		    "into x [b], keep [b]" },
		{ FLAGS "setflag \"a\"; fileinto :flags \"\\\\Draft\" \"x\"; keep;",
		    "into x [\\Draft], keep [a]" },
		{ FLAGS "keep :flags [\"\\\\Answered\", \"\\\\Deleted\"];",
		    "keep [\\Answered \\Deleted]" },
		{ FLAGS "setflag \"a\"; keep :flags \"\";", "keep" },
		{ FLAGS "setflag \"\\\\Recent \\\\Foo a(b a*b ok\";", "implicit [ok]" },
		{ FLAGS "addflag \"a\"; fileinto \"x\"; addflag \"b\"; keep;",
		    "into x [a], keep [a b]" },
		{ FLAGS "setflag \"a b\"; if hasflag \"B\" { discard; }", "discard" },
		{ FLAGS "setflag \"a b\"; if hasflag :contains [\"c\", \"d\"] { discard; }",
		    "implicit [a b]" },
		{ FLAGS "if hasflag \"a\" { discard; }", "implicit" },
		{ "require [\"vnd.signet.store-encrypted\", \"imap4flags\"]; store_encrypted :flags "
		  "\"\\\\Seen\" \"x\";",
		    "encrypt x [\\Seen]" },
		{ "setflag \"a\";",
		    "wrong: line 1: setflag needs require \"imap4flags\" at the "
		    "beginning" },
		{ "keep :flags \"a\";",
		    "wrong: line 1: :flags needs require \"imap4flags\" at the beginning" },
	};

	(void)state;
	sieve_cases(cases, COUNT(cases));
}

/* RFC 5228 9, shortened where it says the same again. */
static const char extended[] =
    "require [\"fileinto\"];\n"
    "if header :is \"Sender\" \"owner-ietf-mta-filters@imc.org\"\n"
    "        { fileinto \"filter\"; }\n"
    "elsif address :DOMAIN :is [\"From\", \"To\"] \"example.com\"\n"
    "        { keep; }\n"
    "elsif anyof (NOT address :all :contains [\"To\", \"Cc\", \"Bcc\"] \"me@example.edu\",\n"
    "             header :matches \"subject\" [\"*make*money*fast*\", \"*university*dipl*mas*\"])\n"
    "        { fileinto \"spam\"; }\n"
    "else    { fileinto \"personal\"; }\n";

static void runs_the_standards_example(void **state)
{
	static const struct sieve_mail_case cases[] = {
		{ "Sender: owner-ietf-mta-filters@imc.org\r\n\r\n", extended, "into filter" },
		{ "From: a@example.com\r\nTo: me@example.edu\r\n\r\n", extended, "keep" },
		{ "From: a@b.org\r\nTo: you@example.edu\r\n\r\n", extended, "into spam" },
		{ "To: me@example.edu\r\nSubject: Make some MONEY very fast!\r\n\r\n", extended,
		    "into spam" },
		{ "To: me@example.edu\r\nSubject: Hello\r\n\r\n", extended, "into personal" },
	};

	(void)state;
	sieve_mail_cases(cases, COUNT(cases));
}

/* A script that wants to take very long, over a message that helps it. */
static void bounds_time(void **state)
{
	struct buf script = { 0 }, mail = { 0 };
	struct sieve_action *actions;
	struct pool pool = { 0 };
	struct err err = { 0 };

	(void)state;
	buf_addz(&mail, "Subject: ");
	for (int i = 0; i < 500000; i++)
		buf_addc(&mail, 'a');
	buf_addz(&mail, "\r\n\r\n");
	buf_addz(&script, "if header :matches \"Subject\" \"*");
	for (int i = 0; i < 30000; i++)
		buf_addc(&script, 'a');
	buf_addz(&script, "b*\" { discard; }");
	struct sieve_script *compiled = sieve_compile(buf_slice(&script), &err);
	assert_non_null(compiled);
	struct sieve_message message = { .text = buf_slice(&mail) };
	clock_t begin = clock();
	assert_int_equal(sieve_run(compiled, &message, &pool, &actions, &err), -1);
	want_true("seconds", clock() - begin < 20 * CLOCKS_PER_SEC);
	want_text("why", slice_str(err.text), "line 1: the script takes too long for this message");
	want_true("kept", actions && actions->implicit && !actions->next);
	sieve_free(&compiled);
	pool_done(&pool);
	buf_done(&script);
	buf_done(&mail);
}

/* Its null reverse-path is the empty text, whatever part is asked for. */
static void knows_the_null_path(void **state)
{
	static const char *const scripts[] = {
		"require \"envelope\"; if envelope :is \"from\" \"\" { discard; }",
		"require \"envelope\"; if envelope :domain :is \"from\" \"\" { discard; }",
		"require \"envelope\"; if envelope :localpart :matches \"from\" \"\" { discard; }",
	};
	struct sieve_message message = { .text = SLICE("A: b\r\n\r\n"), .to = SLICE("bob@x.org") };
	struct pool pool = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(scripts); i++) {
		struct sieve_action *actions;
		struct sieve_script *script = sieve_compile(slice_str(scripts[i]), NULL);
		want_num(scripts[i], sieve_run(script, &message, &pool, &actions, NULL), 0);
		want_true(scripts[i], !actions);
		sieve_free(&script);
	}
	pool_done(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tests_headers),
		cmocka_unit_test(tests_addresses),
		cmocka_unit_test(tests_hardly_any_mail),
		cmocka_unit_test(takes_actions),
		cmocka_unit_test(sets_flags),
		cmocka_unit_test(runs_the_standards_example),
		cmocka_unit_test(bounds_time),
		cmocka_unit_test(knows_the_null_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
