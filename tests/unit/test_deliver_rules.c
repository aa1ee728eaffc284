/* test_deliver_rules.c - what rules do with a message that is delivered */
#include "tests/unit/rules_world.h"

#include "core/conf.h"
#include "storage/right.h"

static const char message[] = "Subject: hello\r\n\r\nconfidential words\r\n";

#define FILE_INTO "require [\"fileinto\",\"copy\",\"imap4flags\"]; "
#define ENCRYPT "require [\"copy\",\"vnd.signet.store-encrypted\"]; "

static void set(const char *name, const char *value)
{
	assert_int_equal(
	    conf_set(conf_find(text(name)), CONF_SERVER, SLICE(""), text(value), NULL), 0);
}

static void grant(const char *owner, const char *mailbox, const char *who)
{
	struct acct *acct = rules_acct(owner);
	struct err err;

	assert_int_equal(
	    right_change(acct, text(mailbox), text(who), RIGHT_ADD, RIGHT_INSERT, &err), 0);
	acct_close(&acct);
}

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
	set("rules.create-mailboxes", "off");
	rules_script("ann@alpha.test", FILE_INTO "fileinto \"Nope\";");
	rules_post("ann@alpha.test", message);
	set("rules.create-mailboxes", "");
	assert_int_equal(rules_count("ann@alpha.test", "INBOX"), 1);
	assert_int_equal(rules_count("ann@alpha.test", "Nope"), 0);

	set("storage.mailbox-depth", "2");
	rules_script("ann@alpha.test", FILE_INTO "fileinto \"a/b/c\";");
	rules_post("ann@alpha.test", message);
	set("storage.mailbox-depth", "");
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

	grant("jim@alpha.test", "INBOX", "john@alpha.test");
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
	grant("jim@alpha.test", "INBOX", "@alpha.test");
	grant("cy@beta.test", "INBOX", "john@alpha.test");
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
	grant("jim@alpha.test", "INBOX", "john@alpha.test");
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

	set("rules.encrypt-failure", "defer");
	assert_int_equal(rules_deliver(&post), -1);
	set("rules.encrypt-failure", "");
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

/* --- redirects --- */

static void redirects(void **state)
{
	(void)state;
	rules_script("ann@alpha.test", "redirect \"x@far.test\"; redirect \"y@far.test\";");
	rules_post("ann@alpha.test", message);
	rules_want_queue("sender@far.test>x@far.test,y@far.test;");
	assert_int_equal(world_count().entries, 0);
	/* An address gets it once; the sender's own wish counts more. */
	rules_post("ann@alpha.test x@far.test", message);
	rules_want_queue("sender@far.test>x@far.test;"
			 "sender@far.test>x@far.test,y@far.test;sender@far.test>y@far.test;");
	world_count();
}

static void redirects_nothing_to_nobody(void **state)
{
	struct rules_post post = { .from = "", .to = "ann@alpha.test", .message = message };

	(void)state;
	rules_script("ann@alpha.test", "redirect \"x@far.test\";");
	assert_int_equal(rules_deliver(&post), 0);
	rules_want_queue(">x@far.test;"); /* it cannot bounce */
	rules_script("ann@alpha.test", "redirect \"nobody@beta.test\";");
	rules_post("ann@alpha.test", message);
	assert_int_equal(rules_count("ann@alpha.test", "INBOX"), 1);
}

/* What came back is not sent round again. */
static void comes_back(void **state)
{
	(void)state;
	rules_script("ann@alpha.test", "redirect \"x@far.test\";");
	rules_script("bob@alpha.test", "redirect \"x@far.test\";");
	rules_post("ann@alpha.test bob@alpha.test",
	    "Received: x\r\nX-Sieve-Redirected-From: ann@alpha.test\r\n\r\nx\r\n");
	assert_int_equal(rules_count("ann@alpha.test", "INBOX"), 1);
	assert_int_equal(rules_count("bob@alpha.test", "INBOX"), 0);
	rules_want_queue("sender@far.test>x@far.test;");
}

static void redirects_here(void **state)
{
	struct err err;

	(void)state;
	rules_script("ann@alpha.test", "redirect \"bob@alpha.test\";");
	rules_script("bob@alpha.test", FILE_INTO "fileinto \"b\";");
	rules_post("ann@alpha.test", message);
	rules_post("ann@alpha.test bob@alpha.test", message);
	assert_int_equal(rules_count("bob@alpha.test", "b"), 2);
	assert_int_equal(world_count().entries, 2);
	/* round in circles: the last one keeps it */
	rules_script("bob@alpha.test", "redirect \"cy@beta.test\";");
	rules_script("cy@beta.test", "redirect \"ann@alpha.test\";");
	rules_post("ann@alpha.test", message);
	assert_int_equal(rules_count("cy@beta.test", "INBOX"), 1);
	rules_post("cy@beta.test bob@alpha.test ann@alpha.test", message);
	assert_int_equal(world_count().entries, 4);
	/* to oneself */
	rules_script("ann@alpha.test", "redirect \"Ann@alpha.test\";");
	rules_post("ann@alpha.test", message);
	assert_int_equal(rules_count("ann@alpha.test", "INBOX"), 1);
	/* an alias for several: one of them is enough */
	assert_int_equal(dir_alias_add(SLICE("all@alpha.test"),
			     SLICE("ann@alpha.test jim@alpha.test z@far.test"), &err),
	    0);
	rules_script("ann@alpha.test", "redirect \"all@alpha.test\";");
	rules_post("ann@alpha.test", message);
	assert_int_equal(rules_count("ann@alpha.test", "INBOX"), 1);
	assert_int_equal(rules_count("jim@alpha.test", "INBOX"), 1);
	rules_want_queue("sender@far.test>z@far.test;");
}

/* --- rejects --- */

static void rejects(void **state)
{
	struct rules_post post = {
		.from = "a@far.test", .to = "ann@alpha.test", .message = message
	};

	(void)state;
	rules_script("ann@alpha.test", "require \"reject\"; reject \"not\r\nme\";");
	/* All of them: the sender is still there. */
	assert_int_equal(rules_deliver(&post), 0);
	assert_int_equal(post.fate, DELIVER_REJECTED);
	assert_string_equal(post.why, "not\r\nme");
	rules_want_queue("");
	assert_int_equal(world_count().bodies, 0);
	/* Some of them: he is told by mail. */
	post.to = "ann@alpha.test bob@alpha.test";
	assert_int_equal(rules_deliver(&post), 0);
	assert_int_equal(post.fate, DELIVER_REJECTED);
	assert_int_equal(post.last_fate, DELIVER_TAKEN);
	rules_want_queue("a@far.test>ann@alpha.test!;");
	assert_int_equal(rules_count("bob@alpha.test", "INBOX"), 1);
	/* but notifications are not answered, */
	post.from = "";
	assert_int_equal(rules_deliver(&post), 0);
	rules_want_queue("a@far.test>ann@alpha.test!;");
	/* nor is he when each recipient has an answer. */
	post.from = "b@far.test";
	post.each_answers = true;
	assert_int_equal(rules_deliver(&post), 0);
	assert_int_equal(post.fate, DELIVER_REJECTED);
	rules_want_queue("a@far.test>ann@alpha.test!;");
}

/* RFC 3461 §4.1: who does not want to be told is not. */
/* Each time another one waits behind those before. */
static void rejects_in_silence(void **state)
{
	static const struct {
		const char *notify, *queue;
	} cases[] = {
		{ "NEVER", "" },
		{ "FAILURE,DELAY", "a@far.test>ann@alpha.test!;" },
		{ "SUCCESS,DELAY", "a@far.test>ann@alpha.test!;a@far.test>bob@alpha.test!;" },
		{ "success,failure",
		    "a@far.test>ann@alpha.test!;a@far.test>bob@alpha.test!;"
		    "a@far.test>ann@alpha.test!,bob@alpha.test!;" },
	};

	(void)state;
	rules_script("ann@alpha.test", "require \"reject\"; reject \"no\";");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct rules_post post = { .from = "a@far.test",
			.to = "ann@alpha.test bob@alpha.test",
			.message = message,
			.notify = cases[i].notify };
		want_num(cases[i].notify, rules_deliver(&post), 0);
		rules_want_queue(cases[i].queue);
	}
}

static bool see_rejected(void *arg, const struct queue_entry *entry)
{
	struct body *body;
	struct slice whole;
	struct err err;

	++*(unsigned *)arg;
	want_text("reply", entry->rcpts[0].reply, "550 5.7.1 not  me");
	assert_int_equal(entry->rcpts[0].state, QUEUE_FAILED);
	want_text("ret", entry->ret, "HDRS");
	assert_int_equal(queue_body(entry, &body, &err), 1);
	assert_int_equal(body_map(body, &whole, &err), 0);
	want_text("header", whole, "Received: from x\r\nSubject: hello\r\n\r\n");
	body_close(&body);
	return true;
}

/* Behind a redirect only a mail can tell; it holds the header alone. */
static void rejects_behind(void **state)
{
	unsigned n = 0;

	(void)state;
	rules_script("ann@alpha.test", "require \"reject\"; reject \"not\r\nme\";");
	rules_script("bob@alpha.test", "redirect \"ann@alpha.test\";");
	struct rules_post post = rules_post("bob@alpha.test", message);
	assert_int_equal(post.fate, DELIVER_TAKEN);
	rules_want_queue("sender@far.test>ann@alpha.test!;");
	assert_int_equal(queue_each(see_rejected, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(world_count().entries, 0);
}

/* --- each recipient has an answer of his own: RFC 2033 §4.2 --- */

static int post_each(struct rules_post *post, const char *to)
{
	*post = (struct rules_post){
		.from = "a@far.test", .to = to, .message = message, .each_answers = true
	};
	return rules_deliver(post);
}

static void left_out(void **state)
{
	struct rules_post post;
	struct err err;

	(void)state;
	assert_int_equal(dir_account_quota(SLICE("bob@alpha.test"), 10, &err), 0);
	assert_int_equal(post_each(&post, "ann@alpha.test bob@alpha.test"), 0);
	assert_int_equal(post.fate, DELIVER_TAKEN);
	assert_int_equal(post.last_fate, DELIVER_FULL);
	assert_int_equal(world_count().entries, 1);

	set("rules.encrypt-failure", "defer");
	rules_script("nora@alpha.test", ENCRYPT "store_encrypted :copy \"Secret\";");
	assert_int_equal(post_each(&post, "nora@alpha.test bob@alpha.test ann@alpha.test"), 0);
	set("rules.encrypt-failure", "");
	assert_int_equal(post.fate, DELIVER_LATER);
	assert_int_equal(post.last_fate, DELIVER_TAKEN);
	assert_int_equal(world_count().entries, 2);
	/* none of them: nothing is written */
	assert_int_equal(post_each(&post, "bob@alpha.test"), 0);
	assert_int_equal(post.fate, DELIVER_FULL);
	assert_int_equal(world_count().bodies, 2);
}

/* Who gives to others, or has from them, is not left out: all or nobody. */
static void entangled(void **state)
{
	struct rules_post post;
	struct err err;

	(void)state;
	assert_int_equal(dir_account_quota(SLICE("jim@alpha.test"), 10, &err), 0);
	grant("jim@alpha.test", "INBOX", "john@alpha.test");
	rules_script("john@alpha.test", FILE_INTO "fileinto :copy \"~jim/INBOX\";");
	assert_int_equal(post_each(&post, "john@alpha.test ann@alpha.test"), -1);
	assert_int_equal(post.err.kind, ERR_LIMIT);
	assert_int_equal(post_each(&post, "jim@alpha.test john@alpha.test"), -1);
	rules_script("john@alpha.test", "redirect \"jim@alpha.test\";");
	assert_int_equal(post_each(&post, "john@alpha.test ann@alpha.test"), -1);
	assert_int_equal(
	    dir_alias_add(SLICE("both@alpha.test"), SLICE("ann@alpha.test jim@alpha.test"), &err),
	    0);
	assert_int_equal(post_each(&post, "both@alpha.test"), -1);
	assert_int_equal(world_count().entries, 0);
}

/* What one has to wait for, another cannot give to him. */
static void waits_for_another(void **state)
{
	struct rules_post post;

	(void)state;
	grant("john@alpha.test", "INBOX", "nora@alpha.test");
	grant("nora@alpha.test", "INBOX", "cy@beta.test");
	set("rules.encrypt-failure", "defer");
	rules_script("nora@alpha.test", ENCRYPT "store_encrypted \"Secret\";");
	rules_script("cy@beta.test", FILE_INTO "fileinto \"~nora@alpha.test/INBOX\";");
	assert_int_equal(post_each(&post, "nora@alpha.test cy@beta.test ann@alpha.test"), 0);
	set("rules.encrypt-failure", "");
	assert_int_equal(post.fate, DELIVER_LATER);
	assert_int_equal(post.last_fate, DELIVER_TAKEN);
	assert_int_equal(world_count().entries, 1);
	assert_int_equal(rules_count("ann@alpha.test", "INBOX"), 1);
}

/* --- what many can do --- */

static void many(void **state)
{
	static const char *const secrets[] = { "secret", NULL };
	struct buf to = { 0 };
	struct err err;
	char name[32];

	(void)state;
	for (int i = 0; i < 150; i++) {
		snprintf(name, sizeof(name), "u%d@beta.test", i);
		assert_int_equal(dir_account_add(text(name), secrets, &err), 0);
		buf_printf(&to, "%s ", name);
	}
	grant("cy@beta.test", "INBOX", "@beta.test");
	rules_script("beta.test", FILE_INTO "fileinto :copy \"~cy/INBOX\";");
	rules_post(buf_z(&to), message);
	assert_int_equal(rules_count("cy@beta.test", "INBOX"), 1);
	assert_int_equal(world_count().entries, 151);
	assert_int_equal(world_count().bodies, 1);
	/* one form for each of them, all in one mailbox */
	rules_script("beta.test", ENCRYPT "store_encrypted \"~cy/INBOX\";");
	rules_post(buf_z(&to), message);
	assert_int_equal(rules_count("cy@beta.test", "INBOX"), 151);
	assert_int_equal(world_count().bodies, 151);
	/* what all of them redirect is sent once */
	rules_script("beta.test", "redirect \"x@far.test\";");
	rules_post(buf_z(&to), message);
	rules_want_queue("sender@far.test>x@far.test;");
	assert_int_equal(world_count().entries, 301);
	buf_done(&to);
}

/* A tree of redirects, four from each: it is cut somewhere, and nothing is lost. */
static void tree(void **state)
{
	static const char *const secrets[] = { "secret", NULL };
	char name[32], script[300];
	struct err err;

	(void)state;
	for (int i = 0; i < 157; i++) {
		snprintf(name, sizeof(name), "u%d@beta.test", i);
		assert_int_equal(dir_account_add(text(name), secrets, &err), 0);
	}
	for (int i = 0; i < 39; i++) {
		size_t n = 0;
		for (int k = 1; k <= 4; k++)
			n += (size_t)snprintf(script + n, sizeof(script) - n,
			    "redirect \"u%d@beta.test\";", 4 * i + k);
		snprintf(name, sizeof(name), "u%d@beta.test", i);
		rules_script(name, script);
	}
	rules_post("u0@beta.test", message);
	/* 100 redirects: those that got it less those that passed it on, and those
	   that could not pass it on to all. */
	unsigned entries = world_count().entries;
	assert_in_range(entries, 75, 101);
	assert_int_equal(rules_count("u85@beta.test", "INBOX"), 1);
	assert_int_equal(rules_count("u20@beta.test", "INBOX"), 0);
	assert_int_equal(world_count().bodies, 1);
	/* Each recipient may do as much. */
	rules_post("u30@beta.test u20@beta.test u0@beta.test", message);
	assert_int_equal(rules_count("u121@beta.test", "INBOX"), 2);
	assert_int_equal(rules_count("u82@beta.test", "INBOX"), 1);
}

/* One after the other, too deep. */
static void chain(void **state)
{
	static const char *const secrets[] = { "secret", NULL };
	char name[32], script[100];
	struct err err;

	(void)state;
	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "c%d@beta.test", i);
		assert_int_equal(dir_account_add(text(name), secrets, &err), 0);
		snprintf(script, sizeof(script), "redirect \"c%d@beta.test\";", i + 1);
		rules_script(name, script);
	}
	rules_post("c0@beta.test", message);
	assert_int_equal(rules_count("c5@beta.test", "INBOX"), 1);
	assert_int_equal(world_count().entries, 1);
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
		RULES_TEST(redirects),
		RULES_TEST(redirects_nothing_to_nobody),
		RULES_TEST(comes_back),
		RULES_TEST(redirects_here),
		RULES_TEST(rejects),
		RULES_TEST(rejects_in_silence),
		RULES_TEST(rejects_behind),
		RULES_TEST(left_out),
		RULES_TEST(entangled),
		RULES_TEST(waits_for_another),
		RULES_TEST(many),
		RULES_TEST(tree),
		RULES_TEST(chain),
	};

	return cmocka_run_group_tests_name("deliver_rules", tests, NULL, NULL);
}
