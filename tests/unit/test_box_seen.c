/* test_box_seen.c - \Seen of one user, beside that of the mailbox */
#include "tests/unit/box_world.h"

#include "storage/box_seen.h"

/* The set against a plain array, by chance. */
static void runs(void **state)
{
	enum { N = 200, STEPS = 5000 };
	bool want[N] = { false };
	struct buf ranges = { 0 };

	(void)state;
	srand(7);
	for (int i = 0; i < STEPS; i++) {
		uint32_t uid = 1 + (uint32_t)rand() % (N - 1);
		bool on = rand() % 2;
		want[uid] = on;
		box_seen_put(&ranges, uid, on);
		for (uint32_t u = 1; i % 50 == 0 && u < N; u++)
			assert_int_equal(box_seen_has(&ranges, u), want[u]);
	}
	buf_done(&ranges);
}

static uint64_t flags_of(struct box *box, uint32_t seq)
{
	struct box_snap *snap = box_snap(box);
	uint64_t flags = box_snap_nth(snap, seq)->flags;

	box_snap_free(&snap);
	return flags;
}

static void apart(void **state)
{
	struct acct *acct = acct_open(7, 0);
	struct err err;

	for (int i = 0; i < 3; i++)
		world_append(acct, "INBOX", "A: b\r\n\r\nc", i == 2 ? BOX_SEEN : 0);
	struct box *all = box_open(acct, SLICE("INBOX"), &err);
	struct box *own = box_open(acct, SLICE("INBOX"), &err);
	box_seen_as(own, SLICE("jim@a.test"));
	assert_int_equal(flags_of(own, 3), 0);
	uint32_t uids[] = { 1, 2 };
	assert_int_equal(box_flags(own, uids, 2, BOX_ADD, BOX_SEEN | BOX_FLAGGED, &err), 0);
	assert_int_equal(flags_of(own, 1), BOX_SEEN | BOX_FLAGGED);
	assert_int_equal(flags_of(all, 1), BOX_FLAGGED);
	assert_int_equal(flags_of(all, 3), BOX_SEEN);
	assert_int_equal(box_flags(own, uids, 1, BOX_REMOVE, BOX_SEEN, &err), 0);
	assert_int_equal(flags_of(own, 1), BOX_FLAGGED);
	assert_int_equal(flags_of(own, 2), BOX_SEEN | BOX_FLAGGED);
	box_close(&all);
	box_close(&own);
	acct_close(&acct);
	world_reopen(state);
	acct = acct_open(7, 0);
	own = box_open(acct, SLICE("INBOX"), &err);
	box_seen_as(own, SLICE("jim@a.test"));
	assert_int_equal(flags_of(own, 1), BOX_FLAGGED);
	assert_int_equal(flags_of(own, 2), BOX_SEEN | BOX_FLAGGED);
	box_close(&own);
	acct_close(&acct);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(runs), WORLD_TEST(apart) };

	return cmocka_run_group_tests_name("box_seen", tests, NULL, NULL);
}
