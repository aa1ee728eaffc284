/* test_rules.c - three levels of scripts, and how they combine */
#include "tests/unit/rules_world.h"

#include "core/conf.h"
#include "storage/rules.h"

static const char message[] = "Subject: hello\r\n\r\ntext\r\n";

/* --- a doer that only writes down what it is told --- */

struct notes {
	struct buf said;
	enum err_kind fails; /* every action does, if not 0 */
};

static int note(struct notes *notes, struct err *err)
{
	return notes->fails ? err_set(err, notes->fails, "it may not be") : 0;
}

static int note_store(
    void *arg, enum script_scope level, const struct sieve_action *action, struct err *err)
{
	struct notes *notes = arg;

	buf_printf(&notes->said, "%s:%s%.*s ", rules_level_names[level],
	    action->encrypt ? "encrypted " : "", SLICE_ARG(action->name));
	return note(notes, err);
}

static int note_redirect(void *arg, struct slice address, struct err *err)
{
	struct notes *notes = arg;

	buf_printf(&notes->said, "to:%.*s ", SLICE_ARG(address));
	return note(notes, err);
}

static int note_reject(void *arg, struct slice reason, struct err *err)
{
	struct notes *notes = arg;

	buf_printf(&notes->said, "no:%.*s ", SLICE_ARG(reason));
	return note(notes, err);
}

static enum rules_end run(struct notes *notes, struct err *err)
{
	const struct rules_doer doer = { note_store, note_redirect, note_reject, NULL, notes };
	const struct sieve_message m = {
		.text = text(message), .from = SLICE("a@far.test"), .to = SLICE("ann@alpha.test")
	};
	struct pool pool = { 0 };
	struct dir_account ann = rules_account("ann@alpha.test", &pool);
	const struct rules_account account = { ann.id, ann.shard, text("ann@alpha.test") };

	buf_clear(&notes->said);
	enum rules_end end = rules_run(&account, &m, &pool, &doer, err);
	pool_done(&pool);
	return end;
}

static void want_run(const char *name, const char *said, enum rules_end end)
{
	struct notes notes = { 0 };
	struct err err;

	want_num(name, run(&notes, &err), end);
	want_text(name, buf_slice(&notes.said), said);
	buf_done(&notes.said);
}

/* --- how the levels combine --- */

static const struct {
	const char *name, *server, *domain, *account, *said;
	enum rules_end end;
} cases[] = {
	{ "nothing", "", "", "", "", RULES_KEEP },
	{ "stop", "stop;", "stop;", "stop;", "", RULES_KEEP },
	{ "all file", "require [\"fileinto\",\"copy\"]; fileinto :copy \"S\";",
	    "require [\"fileinto\",\"copy\"]; fileinto :copy \"D\";",
	    "require \"fileinto\"; fileinto \"A\";", "server:S domain:D account:A ", RULES_DONE },
	{ "account keeps, too", "", "", "require [\"fileinto\",\"copy\"]; fileinto :copy \"A\";",
	    "account:A ", RULES_KEEP },
	{ "server discards", "discard;", "keep;", "keep;", "", RULES_DONE },
	{ "domain keeps", "", "keep;", "discard;", "domain: ", RULES_DONE },
	{ "domain rejects", "", "require \"reject\"; reject \"why\";", "keep;", "no:why ",
	    RULES_DONE },
	{ "server redirects", "redirect \"x@far.test\";", "", "discard;", "to:x@far.test ",
	    RULES_DONE },
	{ "account discards what was copied", "require \"copy\"; redirect :copy \"x@far.test\";",
	    "", "discard;", "to:x@far.test ", RULES_DONE },
	{ "encrypted", "", "",
	    "require \"vnd.signet.store-encrypted\"; store_encrypted \"Secret\";",
	    "account:encrypted Secret ", RULES_DONE },
	/* RFC 5228 §2.10.6 */
	{ "a fault keeps, nothing else is done", "", "",
	    "redirect \"1@x.test\"; redirect \"2@x.test\"; redirect \"3@x.test\";"
	    "redirect \"4@x.test\"; redirect \"5@x.test\"; redirect \"6@x.test\";",
	    "", RULES_KEEP },
};

static void levels(void **state)
{
	(void)state;
	want_run("no scripts at all", "", RULES_KEEP);
	for (size_t i = 0; i < COUNT(cases); i++) {
		rules_script("", cases[i].server);
		rules_script("alpha.test", cases[i].domain);
		rules_script("ann@alpha.test", cases[i].account);
		want_run(cases[i].name, cases[i].said, cases[i].end);
	}
}

static void of_another(void **state)
{
	(void)state;
	rules_script("beta.test", "discard;");
	rules_script("bob@alpha.test", "discard;");
	want_run("neither", "", RULES_KEEP);
}

/* --- what cannot be done --- */

struct seen {
	unsigned n;
	enum script_scope level;
	char why[100];
};

static bool see_fault(void *arg, const struct rules_fault *fault)
{
	struct seen *seen = arg;

	seen->n++;
	seen->level = fault->level;
	snprintf(seen->why, sizeof(seen->why), "%.*s", SLICE_ARG(fault->why));
	assert_true(fault->when > 1700000000);
	return true;
}

static struct seen faults(void)
{
	struct acct *acct = rules_acct("ann@alpha.test");
	struct seen seen = { 0 };

	assert_int_equal(rules_faults(acct, see_fault, &seen), 0);
	acct_close(&acct);
	return seen;
}

static void failing(void **state)
{
	struct notes notes = { .fails = ERR_DENIED };
	struct err err;

	(void)state;
	assert_int_equal(faults().n, 0);
	rules_script("alpha.test", "redirect \"x@far.test\";");
	rules_script("ann@alpha.test", "require \"fileinto\"; fileinto \"A\";");
	/* It goes on to the next level, which fails as well, and is kept. */
	assert_int_equal(run(&notes, &err), RULES_KEEP);
	want_text("both", buf_slice(&notes.said), "to:x@far.test account:A ");
	struct seen seen = faults();
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.level, SCRIPT_ACCOUNT);
	assert_string_equal(seen.why, "it may not be");

	notes.fails = ERR_TEMP; /* the store's own trouble: later */
	assert_int_equal(run(&notes, &err), RULES_LATER);
	want_text("first", buf_slice(&notes.said), "to:x@far.test ");
	assert_int_equal(err.kind, ERR_TEMP);
	buf_done(&notes.said);
}

/* C-126 */
static void encrypt_failure(void **state)
{
	static const struct {
		const char *server, *domain;
		enum rules_end end;
	} settings[] = {
		{ "", "", RULES_KEEP },
		{ "defer", "", RULES_LATER },
		{ "defer", "keep", RULES_KEEP },
		{ "keep", "defer", RULES_LATER },
	};
	const struct conf_key *key = conf_find(SLICE("rules.encrypt-failure"));
	struct notes notes = { .fails = ERR_ABSENT };
	struct err err;

	(void)state;
	rules_script("ann@alpha.test",
	    "require \"vnd.signet.store-encrypted\"; store_encrypted \"Secret\";");
	for (size_t i = 0; i < COUNT(settings); i++) {
		conf_set(key, CONF_SERVER, SLICE(""), text(settings[i].server), NULL);
		conf_set(key, CONF_DOMAIN, SLICE("alpha.test"), text(settings[i].domain), NULL);
		want_num(settings[i].domain, run(&notes, &err), settings[i].end);
	}
	assert_int_equal(err.kind, ERR_TEMP);
	conf_set(key, CONF_SERVER, SLICE(""), SLICE(""), NULL);
	conf_set(key, CONF_DOMAIN, SLICE("alpha.test"), SLICE(""), NULL);
	buf_done(&notes.said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RULES_TEST(levels),
		RULES_TEST(of_another),
		RULES_TEST(failing),
		RULES_TEST(encrypt_failure),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
