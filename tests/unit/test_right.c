/* test_right.c - who may file into whose mailbox */
#include "tests/unit/box_world.h"

#include "storage/right.h"

static int may(uint64_t account, const char *mailbox, const char *who)
{
	struct acct *acct = acct_open(account, 0);
	struct box_name name;
	struct err err;

	if (box_find(acct, text(mailbox), &name, &err) != 0)
		fail_msg("%s: %s", mailbox, err.text);
	int allowed = right_insert(acct, name.box, text(who));
	acct_close(&acct);
	return allowed;
}

static int grant(uint64_t account, const char *mailbox, const char *who, bool on, struct err *err)
{
	struct acct *acct = acct_open(account, 0);
	int rc = right_grant(acct, text(mailbox), text(who), on, err);

	acct_close(&acct);
	return rc;
}

static void granted(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(may(7, "INBOX", "john@a.test"), 0);
	/* INBOX is there before any mail is; addresses have many forms. */
	assert_int_equal(grant(7, "inbox", "John@A.test", true, &err), 0);
	assert_int_equal(may(7, "INBOX", "john@a.test"), 1);
	assert_int_equal(may(7, "INBOX", "john@b.test"), 0);
	assert_int_equal(may(7, "INBOX", "joh@a.test"), 0);
	assert_int_equal(may(7, "Drafts", "john@a.test"), 0);
	assert_int_equal(may(8, "INBOX", "john@a.test"), 0);
	assert_int_equal(grant(7, "INBOX", "john@a.test", false, &err), 0);
	assert_int_equal(grant(7, "INBOX", "john@a.test", false, &err), 0);
	assert_int_equal(may(7, "INBOX", "john@a.test"), 0);
}

static void a_domain(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(grant(7, "INBOX", "@A.test", true, &err), 0);
	assert_int_equal(may(7, "INBOX", "john@a.test"), 1);
	assert_int_equal(may(7, "INBOX", "john@b.a.test"), 0);
}

static void refused(void **state)
{
	static const char *const bad[] = { "", "@", "john", "a b@c", "@-", "x@" };
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		want_num(bad[i], grant(7, "INBOX", bad[i], true, &err), -1);
		want_num(bad[i], err.kind, ERR_INPUT);
	}
	assert_int_equal(grant(7, "Nope", "a@b.test", true, &err), -1);
	assert_int_equal(err.kind, ERR_ABSENT);
}

/* A grant follows the mailbox and not its name. */
static void renamed(void **state)
{
	struct acct *acct = acct_open(7, 0);
	struct err err;

	(void)state;
	assert_int_equal(box_create(acct, SLICE("a"), BOX_USE_NONE, &err), 0);
	assert_int_equal(grant(7, "a", "john@a.test", true, &err), 0);
	assert_int_equal(box_rename(acct, SLICE("a"), SLICE("b"), &err), 0);
	assert_int_equal(box_create(acct, SLICE("a"), BOX_USE_NONE, &err), 0);
	assert_int_equal(may(7, "a", "john@a.test"), 0);
	assert_int_equal(may(7, "b", "john@a.test"), 1);
	acct_close(&acct);
}

static bool count_one(void *arg, uint32_t box, struct slice who)
{
	(void)box, (void)who;
	return ++*(unsigned *)arg < 3;
}

static void walked(void **state)
{
	struct acct *acct = acct_open(7, 0);
	struct err err;
	char who[32];
	unsigned n = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(who, sizeof(who), "u%d@a.test", i);
		assert_int_equal(grant(7, "INBOX", who, true, &err), 0);
	}
	assert_int_equal(right_each(acct, count_one, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(grant(7, "INBOX", "more@a.test", true, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(grant(7, "INBOX", "u5@a.test", false, &err), 0);
	assert_int_equal(grant(7, "INBOX", "more@a.test", true, &err), 0);
	acct_close(&acct);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(granted),
		WORLD_TEST(a_domain),
		WORLD_TEST(refused),
		WORLD_TEST(renamed),
		WORLD_TEST(walked),
	};

	return cmocka_run_group_tests_name("right", tests, NULL, NULL);
}
