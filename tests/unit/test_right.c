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
	unsigned rights;
	int rc = right_of(acct, name.box, text(who), false, &rights);
	acct_close(&acct);
	return rc < 0 ? -1 : (rights & RIGHT_INSERT) != 0;
}

static int grant(uint64_t account, const char *mailbox, const char *who, bool on, struct err *err)
{
	struct acct *acct = acct_open(account, 0);
	int rc = right_change(
	    acct, text(mailbox), text(who), on ? RIGHT_ADD : RIGHT_TAKE, RIGHT_INSERT, err);

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

static bool count_one(void *arg, uint32_t box, struct slice who, unsigned rights)
{
	(void)box, (void)who, (void)rights;
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

/* --- what it adds up to --- */

static unsigned rights_of(const char *who, bool outside)
{
	struct acct *acct = acct_open(7, 0);
	struct box_name name;
	unsigned rights;

	assert_int_equal(box_find(acct, SLICE("INBOX"), &name, NULL), 0);
	assert_int_equal(right_of(acct, name.box, text(who), outside, &rights), 0);
	acct_close(&acct);
	return rights;
}

static void give(const char *who, const char *letters)
{
	struct acct *acct = acct_open(7, 0);
	unsigned rights;
	struct err err;

	assert_true(right_parse(text(letters), &rights));
	assert_int_equal(right_change(acct, SLICE("INBOX"), text(who), RIGHT_SET, rights, &err), 0);
	acct_close(&acct);
}

static void added_up(void **state)
{
	(void)state;
	give("anyone", "l");
	give("@a.test", "r");
	give("jim@a.test", "sw");
	give("-jim@a.test", "wt");
	assert_int_equal(rights_of("jim@a.test", false), RIGHT_LOOKUP | RIGHT_READ | RIGHT_SEEN);
	assert_int_equal(rights_of("bob@a.test", false), RIGHT_LOOKUP | RIGHT_READ);
	assert_int_equal(rights_of("cy@b.test", false), RIGHT_LOOKUP);
	give("-@a.test", "r");
	assert_int_equal(rights_of("jim@a.test", false), RIGHT_LOOKUP | RIGHT_SEEN);
	/* Who is outside may only have been let put something in. */
	give("cy@b.test", "lri");
	assert_int_equal(rights_of("cy@b.test", true), RIGHT_INSERT);
	give("cy@b.test", "");
	assert_int_equal(rights_of("cy@b.test", true), 0);
}

static void letters(void **state)
{
	struct buf out = { 0 };
	unsigned rights;

	(void)state;
	right_put(&out, RIGHT_ALL, true);
	assert_true(slice_eq(buf_slice(&out), SLICE("lrswipkxteacd")));
	buf_clear(&out);
	assert_true(right_parse(SLICE("cd"), &rights));
	right_put(&out, rights, false);
	assert_true(slice_eq(buf_slice(&out), SLICE("kxte")));
	assert_false(right_parse(SLICE("lz"), &rights));
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(granted),
		WORLD_TEST(a_domain),
		WORLD_TEST(refused),
		WORLD_TEST(renamed),
		WORLD_TEST(walked),
		WORLD_TEST(added_up),
		cmocka_unit_test(letters),
	};

	return cmocka_run_group_tests_name("right", tests, NULL, NULL);
}
