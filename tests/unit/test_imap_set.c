/* test_imap_set.c - sets of message numbers, against a mailbox with holes in its UIDs */
#include "unit.h"

#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"
#include "storage/box_snap.h"

static struct pool pool;

/* UIDs 10, 20, ... */
static struct box_snap *mailbox(uint32_t n)
{
	struct box_snap *snap = box_snap_edit(box_snap_new());

	for (uint32_t i = 1; i <= n; i++)
		box_snap_put(snap, &(struct box_entry){ .uid = i * 10, .modseq = i });
	box_snap_set(snap, n * 10 + 1, n);
	box_snap_seal(snap);
	return snap;
}

static void show(const struct imap_set *set, struct buf *out)
{
	buf_clear(out);
	for (size_t i = 0; i < set->n; i++)
		buf_printf(out, "%s%u:%u", i ? "," : "", set->ranges[i].from, set->ranges[i].to);
}

static const struct {
	const char *in;
	uint32_t count;
	bool uid;
	int want; /* 1, 0: a number is not there, -1: malformed */
	const char *seqs;
} cases[] = {
	{ "1", 5, false, 1, "1:1" },
	{ "2:4", 5, false, 1, "2:4" },
	{ "4:2", 5, false, 1, "2:4" },
	{ "*", 5, false, 1, "5:5" },
	{ "1:*", 5, false, 1, "1:5" },
	{ "*:2", 5, false, 1, "2:5" },
	{ "9:*", 5, false, 1, "5:5" },
	{ "3,1,2", 5, false, 1, "1:3" },
	{ "1:3,2:5,5", 5, false, 1, "1:5" },
	{ "1,3,5", 5, false, 1, "1:1,3:3,5:5" },
	{ "6", 5, false, 0, "" },
	{ "4:6", 5, false, 0, "4:5" },
	{ "1:*", 0, false, 1, "" },
	{ "*", 0, false, 1, "" },
	{ "1", 0, false, 0, "" },
	{ "10", 5, true, 1, "1:1" },
	{ "11", 5, true, 1, "" },
	{ "11:29", 5, true, 1, "2:2" },
	{ "1:*", 5, true, 1, "1:5" },
	{ "*", 5, true, 1, "5:5" },
	{ "60:*", 5, true, 1, "5:5" },
	{ "60:70", 5, true, 1, "" },
	{ "1:4294967295", 5, true, 1, "1:5" },
	{ "4294967295", 5, true, 1, "" },
	{ "1:*", 0, true, 1, "" },
	{ "50,10:20,1", 5, true, 1, "1:2,5:5" },
	{ "0", 5, false, -1, "" },
	{ "1:", 5, false, -1, "" },
	{ ",1", 5, false, -1, "" },
	{ "1,", 5, false, -1, "" },
	{ "1:2:3", 5, false, -1, "" },
	{ "4294967296", 5, false, -1, "" },
	{ "", 5, false, -1, "" },
};

static void test_sets(void **state)
{
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct box_snap *snap = mailbox(cases[i].count);
		struct slice in = slice_str(cases[i].in);
		struct imap_set set;
		int got = -1;

		if (imap_set(&pool, &in, &set) && in.n == 0)
			got = imap_set_resolve(
			    &set, &(struct imap_view){ .pool = &pool, .snap = snap }, cases[i].uid);
		want_num(cases[i].in, got, cases[i].want);
		if (got >= 0) {
			show(&set, &out);
			want_text(cases[i].in, buf_slice(&out), cases[i].seqs);
		}
		box_snap_free(&snap);
	}
	buf_done(&out);
	pool_reset(&pool);
}

static void test_walk(void **state)
{
	struct box_snap *snap = mailbox(1000);
	struct slice in = SLICE("900:*,1:3,500,7:9");
	struct imap_set set;
	uint32_t seq, last = 0;
	size_t n = 0;

	(void)state;
	assert_true(imap_set(&pool, &in, &set));
	assert_true(
	    imap_set_resolve(&set, &(struct imap_view){ .pool = &pool, .snap = snap }, false));
	const uint32_t *uids = imap_set_uids(&pool, &set, snap);
	for (struct imap_walk walk = imap_set_walk(&set); (seq = imap_walk_next(&walk)); n++) {
		assert_true(seq > last && imap_set_has(&set, seq));
		assert_int_equal(uids[n], seq * 10);
		last = seq;
	}
	assert_int_equal(n, imap_set_count(&set));
	assert_int_equal(n, 3 + 3 + 1 + 101);
	assert_false(imap_set_has(&set, 4));
	assert_false(imap_set_has(&set, 1001));
	assert_false(imap_set_has(&set, 0));
	box_snap_free(&snap);
	pool_reset(&pool);
}

static void test_put_uids(void **state)
{
	static const uint32_t uids[] = { 1, 2, 3, 7, 9, 10, UINT32_MAX };
	struct buf out = { 0 };

	(void)state;
	imap_put_uids(&out, uids, COUNT(uids));
	want_text("uids", buf_slice(&out), "1:3,7,9:10,4294967295");
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_put_uids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
