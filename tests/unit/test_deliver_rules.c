/* test_deliver_rules.c - what rules do with a message that is delivered */
#include "tests/unit/rules_world.h"

static const char message[] = "Subject: hello\r\n\r\nconfidential words\r\n";

static void want_body(const char *address, const char *mailbox, const char *want)
{
	struct buf got = { 0 };

	rules_text(address, mailbox, &got);
	if (slice_find(buf_slice(&got), text(want)) < 0)
		fail_msg("%s of %s: got \"%s\", want \"%s\"", mailbox, address, got.p, want);
	buf_done(&got);
}

/* --- into mailboxes --- */

static void files(void **state)
{
	(void)state;
	rules_script("ann@alpha.test", FILE_INTO "fileinto \"Lists/C\";");
	rules_post("ann@alpha.test bob@alpha.test", message);
	assert_int_equal(rules_count("ann@alpha.test", "Lists/C"), 1);
	assert_int_equal(rules_count("ann@alpha.test", "INBOX"), 0);
	assert_int_equal(rules_count("bob@alpha.test", "INBOX"), 1);
	struct world_count count = world_count();
	assert_int_equal(count.bodies, 1);
	assert_int_equal(count.body_users, 2);

	/* Once in each, with one summary. */
	rules_script("ann@alpha.test",
	    FILE_INTO
	    "fileinto :copy \"Lists/C\"; fileinto :copy \"b\"; fileinto \"inbox\"; keep;");
	rules_post("ann@alpha.test", message);
	assert_int_equal(rules_count("ann@alpha.test", "Lists/C"), 2);
	assert_int_equal(rules_count("ann@alpha.test", "b"), 1);
	assert_int_equal(rules_count("ann@alpha.test", "INBOX"), 1);
	count = world_count();
	assert_int_equal(count.bodies, 2);
	assert_int_equal(count.messages, 3);
	assert_int_equal(count.entries, 5);
}

/* A mailbox that every account has keeps its special use. */
static void default_mailboxes(void **state)
{
	struct acct *acct = rules_acct("ann@alpha.test");
	struct box_name name;
	struct err err;

	(void)state;
	rules_script("ann@alpha.test", FILE_INTO "fileinto \"Junk\";");
	rules_post("ann@alpha.test", message);
	assert_int_equal(box_find(acct, SLICE("Junk"), &name, &err), 0);
	assert_int_equal(name.use, BOX_USE_JUNK);
	assert_int_equal(rules_count("ann@alpha.test", "Junk"), 1);
	acct_close(&acct);
}

static void cannot_be_made(void **state)
{
	(void)state;
	rules_set("rules.create-mailboxes", "off");
	rules_script("ann@alpha.test", FILE_INTO "fileinto \"Nope\";");
	rules_post("ann@alpha.test", message);
	rules_set("rules.create-mailboxes", "");
	assert_int_equal(rules_count("ann@alpha.test", "INBOX"), 1);
	assert_int_equal(rules_count("ann@alpha.test", "Nope"), 0);

	rules_set("storage.mailbox-depth", "2");
	rules_script("ann@alpha.test", FILE_INTO "fileinto \"a/b/c\";");
	rules_post("ann@alpha.test", message);
	rules_set("storage.mailbox-depth", "");
	assert_int_equal(rules_count("ann@alpha.test", "INBOX"), 2);
}

static void flags(void **state)
{
	struct acct *acct = rules_acct("ann@alpha.test");
	struct err err;

	(void)state;
	rules_script(
	    "ann@alpha.test", FILE_INTO "fileinto :flags [\"\\\\Seen\", \"$Important\"] \"x\";");
	rules_post("ann@alpha.test", message);
	struct box *box = box_open(acct, SLICE("x"), &err);
	struct box_snap *snap = box_snap(box);
	const struct box_entry *entry = box_snap_nth(snap, 1);
	assert_int_equal(entry->flags, BOX_SEEN | 1u << BOX_KEYWORD_SHIFT);
	assert_string_equal(box_snap_keywords(snap)[0], "$Important");
	box_snap_free(&snap);
	box_close(&box);
	acct_close(&acct);
}

/* Quota counts all copies. */
static void quota(void **state)
{
	struct rules_post post = {
		.from = "a@far.test", .to = "ann@alpha.test", .message = message
	};
	struct err err;

	(void)state;
	rules_script("ann@alpha.test", FILE_INTO "fileinto :copy \"a\"; fileinto :copy \"b\";");
	assert_int_equal(dir_account_quota(SLICE("ann@alpha.test"), 150, &err), 0);
	assert_int_equal(rules_deliver(&post), -1);
	assert_int_equal(post.err.kind, ERR_LIMIT);
	assert_int_equal(world_count().entries, 0);
	assert_int_equal(dir_account_quota(SLICE("ann@alpha.test"), 200, &err), 0);
	assert_int_equal(rules_deliver(&post), 0);
	assert_int_equal(world_count().entries, 3);
}

static void discards(void **state)
{
	(void)state;
	rules_script("alpha.test", "discard;");
	rules_post("ann@alpha.test bob@alpha.test", message);
	assert_int_equal(world_count().bodies, 0);
	rules_post("ann@alpha.test cy@beta.test far@far.test", message);
	assert_int_equal(world_count().entries, 1);
	rules_want_queue("sender@far.test>far@far.test;");
}

/* --- somebody else's mailbox: C-127 --- */

static void foreign(void **state)
{
	(void)state;
	rules_script("john@alpha.test", FILE_INTO "fileinto \"~jim/INBOX\";");
	rules_post("john@alpha.test", message);
	assert_int_equal(rules_count("jim@alpha.test", "INBOX"), 0);
	assert_int_equal(rules_count("john@alpha.test", "INBOX"), 1);

	rules_grant("jim@alpha.test", "INBOX", "john@alpha.test");
	rules_post("john@alpha.test", message);
	assert_int_equal(rules_count("jim@alpha.test", "INBOX"), 1);
	assert_int_equal(rules_count("john@alpha.test", "INBOX"), 1);
	rules_post("john@alpha.test jim@alpha.test", message);
	assert_int_equal(rules_count("jim@alpha.test", "INBOX"), 2); /* once, not twice */
	assert_int_equal(rules_count("john@alpha.test", "INBOX"), 1);
}

static void foreign_names(void **state)
{
	static const struct {
		const char *box, *owner, *mailbox; /* owner NULL: kept */
	} cases[] = {
		{ "~jim/INBOX", "jim@alpha.test", "INBOX" },
		{ "~jim@alpha.test/inbox", "jim@alpha.test", "INBOX" },
		{ "~cy@beta.test/INBOX", "cy@beta.test", "INBOX" },
		{ "~cy/INBOX", NULL, NULL },
		{ "~jim/Drafts", NULL, NULL },
		{ "~jim/Nope", NULL, NULL }, /* not made for strangers */
		{ "~nobody/INBOX", NULL, NULL },
		{ "~john/mine", "john@alpha.test", "mine" },
	};

	(void)state;
	rules_grant("jim@alpha.test", "INBOX", "@alpha.test");
	rules_grant("cy@beta.test", "INBOX", "john@alpha.test");
	for (size_t i = 0; i < COUNT(cases); i++) {
		char script[200];
		snprintf(script, sizeof(script), FILE_INTO "fileinto \"%s\";", cases[i].box);
		rules_script("john@alpha.test", script);
		const char *owner = cases[i].owner ? cases[i].owner : "john@alpha.test";
		const char *mailbox = cases[i].owner ? cases[i].mailbox : "INBOX";
		uint32_t before = rules_count(owner, mailbox);
		rules_post("john@alpha.test", message);
		want_num(cases[i].box, rules_count(owner, mailbox), before + 1);
	}
}

/* The server's script needs no grant. */
static void foreign_by_server(void **state)
{
	(void)state;
	rules_script("", FILE_INTO "fileinto :copy \"~jim/INBOX\";");
	rules_post("ann@alpha.test bob@alpha.test jim@alpha.test", message);
	assert_int_equal(rules_count("jim@alpha.test", "INBOX"), 1);
	assert_int_equal(rules_count("ann@alpha.test", "INBOX"), 1);
	rules_script("", "keep;");
	rules_script("alpha.test", FILE_INTO "fileinto :copy \"~jim/INBOX\";");
	rules_script("", "stop;");
	rules_post("ann@alpha.test", message);
	assert_int_equal(rules_count("jim@alpha.test", "INBOX"), 1);
}

/* --- encrypted: C-118 to C-129 --- */

static const struct {
	const char *name, *level, *script, *owner, *mailbox, *made_for;
} encrypted_cases[] = {
	{ "C-121 the owner", "john@alpha.test", "store_encrypted \"Secret\";", "john@alpha.test",
	    "Secret", "for john@alpha.test\r\n" },
	{ "C-123 john's rule, jim's mailbox", "john@alpha.test", "store_encrypted \"~jim/INBOX\";",
	    "jim@alpha.test", "INBOX", "for jim@alpha.test john@alpha.test\r\n" },
	{ "C-124 a domain's is an account's", "alpha.test", "store_encrypted \"~jim/INBOX\";",
	    "jim@alpha.test", "INBOX", "for jim@alpha.test john@alpha.test\r\n" },
	{ "C-124 in one's own mailbox", "alpha.test", "store_encrypted \"Secret\";",
	    "john@alpha.test", "Secret", "for john@alpha.test\r\n" },
	{ "C-125 the server's: the owner alone", "", "store_encrypted \"~jim/INBOX\";",
	    "jim@alpha.test", "INBOX", "for jim@alpha.test\r\n" },
	{ "C-125 the server's, one's own", "", "store_encrypted \"Secret\";", "john@alpha.test",
	    "Secret", "for john@alpha.test\r\n" },
};

static void encrypted(void **state)
{
	(void)state;
	rules_grant("jim@alpha.test", "INBOX", "john@alpha.test");
	for (size_t i = 0; i < COUNT(encrypted_cases); i++) {
		char script[200];
		snprintf(script, sizeof(script), ENCRYPT "%s", encrypted_cases[i].script);
		rules_script(encrypted_cases[i].level, script);
		rules_post("john@alpha.test", message);
		rules_script(encrypted_cases[i].level, "");
		want_body(encrypted_cases[i].owner, encrypted_cases[i].mailbox,
		    encrypted_cases[i].made_for);
		/* C-120: nowhere else */
		want_num(encrypted_cases[i].name, world_count().entries, i + 1);
		want_num(encrypted_cases[i].name, world_count().bodies, i + 1);
	}
}

/* C-119: all who can have it encrypted do, the clear text is for the others. */
static void encrypted_for_some(void **state)
{
	(void)state;
	rules_script("john@alpha.test", ENCRYPT "store_encrypted :copy \"Secret\";");
	rules_script("jim@alpha.test",
	    ENCRYPT "if header :contains \"subject\" \"secret\" { store_encrypted \"INBOX\"; }");
	rules_post("john@alpha.test jim@alpha.test", message);
	assert_int_equal(world_count().bodies, 2);
	want_body("john@alpha.test", "Secret", "X-Encrypted");
	want_body("john@alpha.test", "INBOX", "confidential");
	want_body("jim@alpha.test", "INBOX", "confidential");
}

/* C-126 */
static void no_certificate(void **state)
{
	struct rules_post post = {
		.from = "a@far.test", .to = "ann@alpha.test nora@alpha.test", .message = message
	};

	(void)state;
	rules_script("nora@alpha.test", ENCRYPT "store_encrypted \"Secret\";");
	assert_int_equal(rules_deliver(&post), 0);
	assert_int_equal(rules_count("nora@alpha.test", "Secret"), 0);
	want_body("nora@alpha.test", "INBOX", "confidential");

	rules_set("rules.encrypt-failure", "defer");
	assert_int_equal(rules_deliver(&post), -1);
	rules_set("rules.encrypt-failure", "");
	assert_int_equal(post.err.kind, ERR_TEMP);
	assert_int_equal(rules_count("ann@alpha.test", "INBOX"), 1);
}

/* C-129 */
static void encrypted_already(void **state)
{
	(void)state;
	rules_script("john@alpha.test", ENCRYPT "store_encrypted \"Secret\";");
	rules_post("john@alpha.test", "X-Encrypted: by the sender\r\n\r\n..\r\n");
	want_body("john@alpha.test", "Secret", "by the sender");
	assert_int_equal(world_count().entries, 1);
}

/* C-128: what is nowhere in the clear is on no disk. */
static void nothing_clear(void **state)
{
	char command[300];

	rules_script("alpha.test", ENCRYPT "store_encrypted \"INBOX\";");
	for (int i = 0; i < 20; i++)
		rules_post("ann@alpha.test john@alpha.test jim@alpha.test", message);
	rules_post("cy@beta.test", "Subject: other\r\n\r\nto be found\r\n");
	snprintf(command, sizeof(command), "grep -rq 'confidential' %s", (const char *)*state);
	assert_int_not_equal(system(command), 0);
	world_reopen(state);
	assert_int_not_equal(system(command), 0);
	snprintf(command, sizeof(command), "grep -rq 'to be found' %s", (const char *)*state);
	assert_int_equal(system(command), 0);
	assert_int_equal(world_count().entries, 61);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RULES_TEST(files),
		RULES_TEST(default_mailboxes),
		RULES_TEST(cannot_be_made),
		RULES_TEST(flags),
		RULES_TEST(quota),
		RULES_TEST(discards),
		RULES_TEST(foreign),
		RULES_TEST(foreign_names),
		RULES_TEST(foreign_by_server),
		RULES_TEST(encrypted),
		RULES_TEST(encrypted_for_some),
		RULES_TEST(no_certificate),
		RULES_TEST(encrypted_already),
		RULES_TEST(nothing_clear),
	};

	return cmocka_run_group_tests_name("deliver_rules", tests, NULL, NULL);
}
