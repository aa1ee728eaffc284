/* test_deliver_passed_on.c - what rules do to others: redirects, rejections, very many of them */
#include "tests/unit/rules_world.h"

static const char message[] = "Subject: hello\r\n\r\nconfidential words\r\n";

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

	rules_set("rules.encrypt-failure", "defer");
	rules_script("nora@alpha.test", ENCRYPT "store_encrypted :copy \"Secret\";");
	assert_int_equal(post_each(&post, "nora@alpha.test bob@alpha.test ann@alpha.test"), 0);
	rules_set("rules.encrypt-failure", "");
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
	rules_grant("jim@alpha.test", "INBOX", "john@alpha.test");
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
	rules_grant("john@alpha.test", "INBOX", "nora@alpha.test");
	rules_grant("nora@alpha.test", "INBOX", "cy@beta.test");
	rules_set("rules.encrypt-failure", "defer");
	rules_script("nora@alpha.test", ENCRYPT "store_encrypted \"Secret\";");
	rules_script("cy@beta.test", FILE_INTO "fileinto \"~nora@alpha.test/INBOX\";");
	assert_int_equal(post_each(&post, "nora@alpha.test cy@beta.test ann@alpha.test"), 0);
	rules_set("rules.encrypt-failure", "");
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
	rules_grant("cy@beta.test", "INBOX", "@beta.test");
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

	return cmocka_run_group_tests_name("deliver_passed_on", tests, NULL, NULL);
}
