/* test_box_threads.c - views stay exact while many threads change and open mailboxes
 *
 * In each round threads deliver, change flags, copy, expunge, select and
 * unselect at random, so that views are read while others commit. Then every
 * view that is held must be what the database has. */
#include "tests/unit/box_world.h"

#include <pthread.h>
#include <unistd.h>

#include "core/conf.h"
#include "storage/deliver.h"

enum { ROUNDS = 200, THREADS = 6, STEPS = 60, ACCTS = 3 };

struct player {
	pthread_t thread;
	unsigned seed;
	struct acct *acct[ACCTS];
	struct box *box[ACCTS]; /* selected, or NULL */
	struct box_snap *shown[ACCTS];
	atomic_uint woken;
	struct box_watch watch[ACCTS];
};

static unsigned pick(struct player *player, unsigned n)
{
	return (unsigned)rand_r(&player->seed) % n;
}

/* --- what a session may see --- */

struct told {
	const struct box_snap *old, *now;
	uint32_t added_from;
};

static void on_expunged(void *arg, uint32_t seq, uint32_t uid)
{
	const struct told *told = arg;

	assert_int_equal(box_snap_find(told->old, uid, false), seq);
	assert_int_equal(box_snap_find(told->now, uid, false), 0);
}

static void on_flags(void *arg, uint32_t seq, const struct box_entry *entry)
{
	const struct told *told = arg;

	assert_int_equal(box_snap_find(told->now, entry->uid, false), seq);
	uint32_t before = box_snap_find(told->old, entry->uid, false);
	assert_true(before > 0);
	assert_true(box_snap_nth(told->old, before)->modseq < entry->modseq);
}

static void on_added(void *arg, uint32_t count)
{
	const struct told *told = arg;

	assert_int_equal(count, box_snap_count(told->now));
}

/* Never a UID below what was the next one: such a message was missed before. */
static void check_step(const struct box_snap *old, const struct box_snap *now)
{
	struct told told = { .old = old, .now = now };
	const struct box_diff diff = { on_expunged, on_flags, on_added, &told };

	assert_true(box_snap_modseq(now) >= box_snap_modseq(old));
	assert_true(box_snap_uidnext(now) >= box_snap_uidnext(old));
	box_snap_diff(old, now, &diff);
	for (uint32_t seq = 1; seq <= box_snap_count(now); seq++) {
		const struct box_entry *entry = box_snap_nth(now, seq);
		assert_true(entry->modseq <= box_snap_modseq(now));
		assert_true(entry->uid < box_snap_uidnext(now));
		if (entry->uid < box_snap_uidnext(old))
			assert_true(box_snap_find(old, entry->uid, false) > 0);
	}
}

static void look(struct player *player, unsigned a)
{
	struct box_snap *now;

	if (!player->box[a])
		return;
	now = box_snap(player->box[a]);
	check_step(player->shown[a], now);
	box_snap_free(&player->shown[a]);
	player->shown[a] = now;
}

/* --- what they do --- */

static void wake(void *arg)
{
	atomic_fetch_add((atomic_uint *)arg, 1);
}

static void do_select(struct player *player, unsigned a)
{
	if (player->box[a]) {
		box_unwatch(player->box[a], &player->watch[a]);
		box_snap_free(&player->shown[a]);
		box_close(&player->box[a]);
		return;
	}
	struct err err = { 0 };

	player->box[a] = box_open(player->acct[a], SLICE("INBOX"), &err);
	if (!player->box[a])
		fail_msg("%s", err.text);
	player->shown[a] = box_snap(player->box[a]);
	player->watch[a] = (struct box_watch){ .changed = wake, .arg = &player->woken };
	box_watch(player->box[a], &player->watch[a]);
}

static void do_deliver(struct player *player, unsigned a)
{
	struct dir_target targets[] = { { .account = 7 + a },
		{ .account = 7 + pick(player, ACCTS) } };
	struct deliver_rcpt rcpts[] = { { .target = &targets[0], .next = &rcpts[1] },
		{ .target = &targets[1] } };
	struct deliver d = { .message = SLICE("A: b\r\n\r\nc\r\n"), .rcpts = rcpts };

	assert_int_equal(deliver(&d, NULL), 0);
}

static size_t some_uids(struct player *player, unsigned a, uint32_t uids[16])
{
	uint32_t count = box_snap_count(player->shown[a]);
	size_t n = 0;

	for (uint32_t seq = 1; seq <= count && n < 16; seq++)
		if (pick(player, 4) == 0)
			uids[n++] = box_snap_nth(player->shown[a], seq)->uid;
	return n;
}

static void do_flags(struct player *player, unsigned a)
{
	static const uint64_t flags[] = { BOX_SEEN, BOX_DELETED, BOX_FLAGGED };
	uint32_t uids[16];

	if (!player->box[a])
		return;
	size_t n = some_uids(player, a, uids);
	assert_int_equal(box_flags(player->box[a], uids, n, pick(player, 2) ? BOX_ADD : BOX_SET,
			     flags[pick(player, 3)], NULL),
	    0);
}

/* What was said to be done can be seen at once. */
static void do_expunge(struct player *player, unsigned a)
{
	uint32_t uids[16];

	if (!player->box[a])
		return;
	size_t n = some_uids(player, a, uids);
	assert_int_equal(box_flags(player->box[a], uids, n, BOX_ADD, BOX_DELETED, NULL), 0);
	assert_int_equal(box_expunge(player->box[a], NULL, 0, NULL), 0);
	look(player, a);
}

static void do_copy(struct player *player, unsigned a)
{
	uint32_t uids[16];
	struct pool pool = { 0 };
	struct box_added added;

	if (!player->box[a])
		return;
	size_t n = some_uids(player, a, uids);
	assert_int_equal(box_copy(player->box[a], uids, n, player->acct[pick(player, ACCTS)],
			     SLICE("INBOX"), pick(player, 2), &pool, &added, NULL),
	    0);
	pool_done(&pool);
}

static void (*const ops[])(struct player *player, unsigned a) = {
	do_select,
	do_select,
	do_deliver,
	do_deliver,
	do_flags,
	do_expunge,
	do_copy,
};

static void *play(void *arg)
{
	struct player *player = arg;

	for (unsigned i = 0; i < STEPS; i++) {
		unsigned a = pick(player, ACCTS);
		ops[pick(player, COUNT(ops))](player, a);
		look(player, pick(player, ACCTS));
	}
	return NULL;
}

/* --- is it what the database has? --- */

struct compare {
	const struct box_snap *snap;
	uint32_t seq;
};

static bool compare_entries(void *arg, struct slice key, struct slice value)
{
	struct compare *compare = arg;
	struct box_entry entries[BOX_BLOCK];
	int n = box_entry_list(key, value, entries);

	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		const struct box_entry *have = box_snap_nth(compare->snap, ++compare->seq);

		assert_non_null(have);
		assert_int_equal(have->uid, entries[i].uid);
		assert_int_equal(have->flags, entries[i].flags);
		assert_int_equal(have->modseq, entries[i].modseq);
		assert_int_equal(have->message, entries[i].message);
	}
	return true;
}

static void compare_with_database(struct player *player, unsigned a)
{
	struct box *box = player->box[a];
	struct box_snap *snap = box_snap(box);
	struct compare compare = { .snap = snap };
	struct box_key prefix = box_entries_key(box->acct.id, box->id);
	struct box_status status;

	assert_int_equal(kv_each(box->acct.shard->entry, NULL, box_key_slice(&prefix), SLICE(""),
			     compare_entries, &compare),
	    0);
	assert_int_equal(compare.seq, box_snap_count(snap));
	assert_int_equal(box_status(player->acct[a], SLICE("INBOX"), &status, NULL), 0);
	assert_int_equal(status.modseq, box_snap_modseq(snap));
	assert_int_equal(status.uidnext, box_snap_uidnext(snap));
	assert_int_equal(status.messages, box_snap_count(snap));
	box_snap_free(&snap);
}

static void start(struct player *players)
{
	for (unsigned i = 0; i < THREADS; i++) {
		players[i].seed = i + 1;
		for (unsigned a = 0; a < ACCTS; a++)
			players[i].acct[a] = acct_open(7 + a, 0);
	}
}

static void end(struct player *players)
{
	for (unsigned i = 0; i < THREADS; i++)
		for (unsigned a = 0; a < ACCTS; a++) {
			if (players[i].box[a])
				do_select(&players[i], a);
			acct_close(&players[i].acct[a]);
		}
}

static void views_stay_exact(void **state)
{
	struct player players[THREADS] = { { 0 } };

	(void)state;
	/* Views that nobody uses are dropped, so that they are read often. */
	assert_int_equal(conf_set(conf_find(SLICE("storage.view-cache")), CONF_SERVER, SLICE(""),
			     SLICE("0"), NULL),
	    0);
	start(players);
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < THREADS; i++)
			pthread_create(&players[i].thread, NULL, play, &players[i]);
		for (unsigned i = 0; i < THREADS; i++)
			pthread_join(players[i].thread, NULL);
		for (unsigned i = 0; i < THREADS; i++)
			for (unsigned a = 0; a < ACCTS; a++)
				if (players[i].box[a])
					compare_with_database(&players[i], a);
		world_count();
	}
	assert_true(players[0].woken > 0);
	end(players);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(views_stay_exact),
	};

	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 0);
	return cmocka_run_group_tests_name("box_threads", tests, NULL, NULL);
}
