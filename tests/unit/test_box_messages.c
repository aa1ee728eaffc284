/* test_box_messages.c - APPEND, COPY, MOVE, STORE and EXPUNGE where the model does not go */
#include "tests/unit/box_world.h"

#include <pthread.h>

#include "core/conf.h"

static struct box *open_box(struct acct *acct, const char *name)
{
	struct err err;
	struct box *box = box_open(acct, text(name), &err);

	if (!box)
		fail_msg("%s: %s", name, err.text);
	return box;
}

static uint32_t count_of(struct box *box)
{
	struct box_snap *snap = box_snap(box);
	uint32_t count = box_snap_count(snap);

	box_snap_free(&snap);
	return count;
}

/* n messages at once; the UIDs are 1 to n. */
static void append_many(struct acct *acct, const char *name, size_t n, uint64_t flags)
{
	struct box_append *messages = mem_get(n * sizeof(*messages));
	struct pool pool = { 0 };
	struct box_added added;
	struct err err;

	for (size_t i = 0; i < n; i++)
		messages[i] = (struct box_append){ .message = SLICE("A: b\r\n\r\n0123456789"),
			.flags = flags };
	if (box_append(acct, text(name), messages, n, &pool, &added, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(added.n, n);
	pool_done(&pool);
	free(messages);
}

static uint32_t *uids_to(uint32_t n)
{
	uint32_t *uids = mem_get(n * sizeof(*uids));

	for (uint32_t i = 0; i < n; i++)
		uids[i] = i + 1;
	return uids;
}

enum { SIZE = 18 }; /* of those messages */

/* --- quota --- */

static void quota(void **state)
{
	struct acct *acct = acct_open(7, 0), *other = acct_open(8, 0);
	struct box_append two[] = { { .message = SLICE("A: b\r\n\r\n0123456789") },
		{ .message = SLICE("A: b\r\n\r\n0123456789") } };
	struct acct_usage usage;
	struct box_added added;
	struct pool pool = { 0 };
	struct err err;
	uint32_t uids[] = { 1, 2 };

	(void)state;
	assert_int_equal(shard_set_quota(shard_of(0), 7, 3 * SIZE, &err), 0);
	assert_int_equal(box_append(acct, SLICE("INBOX"), two, 2, &pool, &added, &err), 0);
	/* All or none. */
	assert_int_equal(box_append(acct, SLICE("INBOX"), two, 2, &pool, &added, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	struct box *box = open_box(acct, "INBOX");
	assert_int_equal(count_of(box), 2);
	/* A copy counts, one that moves does not. */
	assert_int_equal(
	    box_copy(box, uids, 2, acct, SLICE("Sent"), false, &pool, &added, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(
	    box_copy(box, uids, 1, acct, SLICE("Sent"), false, &pool, &added, &err), 0);
	assert_int_equal(box_copy(box, uids, 2, acct, SLICE("Sent"), true, &pool, &added, &err), 0);
	assert_int_equal(added.n, 2);
	assert_int_equal(acct_usage(acct, &usage), 0);
	assert_int_equal(usage.bytes, 3 * SIZE);
	assert_int_equal(usage.messages, 3);
	assert_int_equal(usage.quota, 3 * SIZE);
	/* Over it because it was lowered: moving and removing go on. */
	assert_int_equal(shard_set_quota(shard_of(0), 7, SIZE, &err), 0);
	box_close(&box);
	box = open_box(acct, "Sent");
	assert_int_equal(
	    box_copy(box, uids, 1, acct, SLICE("Trash"), true, &pool, &added, &err), 0);
	assert_int_equal(
	    box_copy(box, uids + 1, 1, other, SLICE("INBOX"), true, &pool, &added, &err), 0);
	assert_int_equal(box_delete(acct, SLICE("Sent"), &err), 0);
	assert_int_equal(acct_usage(acct, &usage), 0);
	assert_int_equal(usage.bytes, SIZE);
	assert_int_equal(acct_usage(other, &usage), 0);
	assert_int_equal(usage.bytes, SIZE);
	assert_int_equal(usage.quota, 0);
	box_close(&box);
	pool_done(&pool);
	acct_close(&acct);
	acct_close(&other);
}

/* --- many --- */

static void more_than_a_transaction(void **state)
{
	enum { N = 2500 };
	struct acct *acct = acct_open(7, 0);
	struct pool pool = { 0 };
	struct box_added added;
	uint32_t *uids = uids_to(N);
	struct err err;

	(void)state;
	append_many(acct, "INBOX", N, BOX_SEEN);
	struct box *box = open_box(acct, "INBOX"), *to = open_box(acct, "Archive");
	assert_int_equal(box_flags(box, uids, N, BOX_ADD, BOX_DELETED, &err), 0);
	assert_int_equal(
	    box_copy(box, uids, N, acct, SLICE("Archive"), false, &pool, &added, &err), 0);
	assert_int_equal(added.n, N);
	assert_int_equal(added.uids[N - 1], N);
	assert_int_equal(count_of(to), N);
	assert_int_equal(world_count().bodies, N);
	assert_int_equal(box_expunge(box, NULL, 0, &err), 0);
	assert_int_equal(count_of(box), 0);
	assert_int_equal(world_count().messages, N);
	assert_int_equal(box_expunge(to, uids, N, &err), 0);
	assert_int_equal(count_of(to), 0);
	assert_int_equal(world_count().bodies, 0);
	box_close(&box);
	box_close(&to);
	free(uids);
	pool_done(&pool);
	acct_close(&acct);
}

/* RFC 9051 §6.4.7: when a COPY fails the target is as it was. Another thread
   lowers the quota as soon as the first of its transactions shows. */
struct squeeze {
	struct box_watch watch;
	unsigned calls;
	bool done;
};

static void *squeeze(void *arg)
{
	struct squeeze *squeeze = arg;

	while (!__atomic_load_n(&squeeze->done, __ATOMIC_ACQUIRE)) {
		if (__atomic_load_n(&squeeze->calls, __ATOMIC_ACQUIRE) > 0)
			shard_set_quota(shard_of(0), 7, 1, NULL);
	}
	return NULL;
}

static void count_call(void *arg)
{
	struct squeeze *squeeze = arg;

	__atomic_add_fetch(&squeeze->calls, 1, __ATOMIC_RELEASE);
}

static void failed_copy_is_undone(void **state)
{
	enum { N = 20000 };
	struct acct *acct = acct_open(7, 0);
	struct squeeze other = { .watch = { .changed = count_call, .arg = &other } };
	struct pool pool = { 0 };
	struct box_added added;
	uint32_t *uids = uids_to(N);
	struct err err;
	pthread_t thread;

	(void)state;
	append_many(acct, "INBOX", N, 0);
	struct box *box = open_box(acct, "INBOX"), *to = open_box(acct, "Archive");
	box_watch(to, &other.watch);
	pthread_create(&thread, NULL, squeeze, &other);
	int rc = box_copy(box, uids, N, acct, SLICE("Archive"), false, &pool, &added, &err);
	__atomic_store_n(&other.done, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	box_unwatch(to, &other.watch);
	assert_int_equal(rc, -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(added.n, 0);
	assert_int_equal(count_of(to), 0);
	assert_int_equal(count_of(box), N);
	world_count();
	box_close(&box);
	box_close(&to);
	free(uids);
	pool_done(&pool);
	acct_close(&acct);
}

/* --- what costs nothing --- */

static uint64_t commits(void)
{
	struct kv_stats stats;

	kv_stats(shard_of(0)->env, &stats);
	return stats.commits;
}

static void nothing_to_do_is_not_written(void **state)
{
	struct acct *acct = acct_open(7, 0);
	struct pool pool = { 0 };
	struct box_added added;
	uint32_t uids[] = { 1, 2, 99 };

	(void)state;
	append_many(acct, "INBOX", 2, BOX_SEEN);
	struct box *box = open_box(acct, "INBOX");
	uint64_t before = commits();
	assert_int_equal(box_flags(box, uids, 3, BOX_ADD, BOX_SEEN, NULL), 0);
	assert_int_equal(box_flags(box, uids, 3, BOX_REMOVE, BOX_DELETED, NULL), 0);
	assert_int_equal(box_flags(box, uids, 3, BOX_SET, BOX_SEEN, NULL), 0);
	assert_int_equal(box_expunge(box, NULL, 0, NULL), 0);
	assert_int_equal(
	    box_copy(box, uids + 2, 1, acct, SLICE("Sent"), false, &pool, &added, NULL), 0);
	assert_int_equal(added.n, 0);
	assert_true(added.uidvalidity > 0);
	assert_int_equal(
	    box_copy(box, uids + 2, 1, acct, SLICE("nope"), false, &pool, &added, NULL), -1);
	assert_int_equal(commits(), before);
	box_close(&box);
	pool_done(&pool);
	acct_close(&acct);
}

/* --- keywords --- */

static void keywords(void **state)
{
	struct acct *acct = acct_open(7, 0);
	struct pool pool = { 0 };
	struct box_added added;
	struct err err;
	uint32_t uid = 1;
	char name[16];

	(void)state;
	append_many(acct, "INBOX", 1, 0);
	struct box *box = open_box(acct, "INBOX");
	assert_int_equal(box_keyword(box, SLICE("work"), false, &err), 0);
	assert_int_equal(box_keyword(box, SLICE("Work"), true, &err), 1 << BOX_KEYWORD_SHIFT);
	assert_int_equal(box_keyword(box, SLICE("wORK"), false, &err), 1 << BOX_KEYWORD_SHIFT);
	for (unsigned i = 1; i < BOX_KEYWORDS_MAX; i++) {
		snprintf(name, sizeof(name), "k%u", i);
		assert_true(box_keyword(box, text(name), true, &err) ==
		    (uint64_t)1 << (BOX_KEYWORD_SHIFT + i));
	}
	assert_int_equal(box_keyword(box, SLICE("one-more"), true, &err), 0);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(box_flags(box, &uid, 1, BOX_SET, UINT64_MAX, &err), 0);

	/* Only those that are used come along. */
	assert_int_equal(box_flags(box, &uid, 1, BOX_SET,
			     BOX_SEEN | box_keyword(box, SLICE("k55"), false, &err), &err),
	    0);
	assert_int_equal(
	    box_copy(box, &uid, 1, acct, SLICE("Sent"), false, &pool, &added, &err), 0);
	struct box *to = open_box(acct, "Sent");
	struct box_snap *snap = box_snap(to);
	assert_string_equal(box_snap_keywords(snap)[0], "k55");
	assert_null(box_snap_keywords(snap)[1]);
	assert_int_equal(box_snap_nth(snap, 1)->flags, BOX_SEEN | 1 << BOX_KEYWORD_SHIFT);
	box_snap_free(&snap);
	box_close(&to);
	box_close(&box);
	pool_done(&pool);
	acct_close(&acct);
}

/* --- reading --- */

static void message_reads_back(void **state)
{
	static const char message[] = "Subject: Hello\r\nFrom: Ann <ann@x.test>\r\n\r\nText.\r\n";
	struct acct *acct = acct_open(7, 0);
	struct pool pool = { 0 };
	struct buf record = { 0 };
	struct summary summary;
	struct box_append append = { .message = text(message), .internal_date = 1234567890 };
	struct box_added added;
	struct err err;
	struct body *body;
	struct slice whole;

	assert_int_equal(box_append(acct, SLICE("INBOX"), &append, 1, &pool, &added, &err), 0);
	acct_close(&acct);
	world_reopen(state);
	acct = acct_open(7, 0);
	struct box *box = open_box(acct, "INBOX");
	struct box_snap *snap = box_snap(box);
	const struct box_entry *entry = box_snap_nth(snap, 1);
	assert_int_equal(entry->internal_date, 1234567890);
	assert_int_equal(entry->size, strlen(message));
	assert_int_equal(box_summary(box, entry, &record, &pool, &summary), 1);
	assert_int_equal(summary.size, strlen(message));
	assert_int_equal(summary.internal_date, 1234567890);
	assert_int_equal(summary.body, entry->message);
	assert_true(slice_find(summary.envelope, SLICE("\"Hello\"")) >= 0);
	assert_int_equal(box_body(box, entry, &body, &err), 1);
	assert_int_equal(body_map(body, &whole, &err), 0);
	want_text("body", whole, message);
	body_close(&body);
	box_snap_free(&snap);
	box_close(&box);
	buf_done(&record);
	pool_done(&pool);
	acct_close(&acct);
}

/* --- watching --- */

static void tick(void *arg)
{
	++*(unsigned *)arg;
}

static void watching(void **state)
{
	struct acct *acct = acct_open(7, 0);
	unsigned a = 0, b = 0;
	struct box_watch first = { tick, &a, NULL }, second = { tick, &b, NULL };
	uint32_t uid = 1;

	(void)state;
	struct box *box = open_box(acct, "INBOX"), *again = open_box(acct, "inbox");
	assert_ptr_equal(box->view, again->view);
	box_watch(box, &first);
	box_watch(again, &second);
	append_many(acct, "INBOX", 1, 0);
	assert_int_equal(a, 1);
	assert_int_equal(b, 1);
	box_unwatch(box, &first);
	assert_int_equal(box_flags(box, &uid, 1, BOX_ADD, BOX_SEEN, NULL), 0);
	append_many(acct, "Sent", 1, 0);
	assert_int_equal(a, 1);
	assert_int_equal(b, 2);
	box_unwatch(again, &second);
	box_close(&box);
	box_close(&again);
	acct_close(&acct);
}

/* A view is kept when it is closed, within its bounds, and follows changes. */
static void views_are_kept(void **state)
{
	struct acct *acct = acct_open(7, 0);

	(void)state;
	append_many(acct, "INBOX", 100, 0);
	struct box *box = open_box(acct, "INBOX");
	struct box_view *view = box->view;
	box_close(&box);
	append_many(acct, "INBOX", 100, 0);
	box = open_box(acct, "INBOX");
	assert_ptr_equal(box->view, view);
	assert_int_equal(count_of(box), 200);

	struct conf_key const *key = conf_find(SLICE("storage.view-cache"));
	assert_int_equal(conf_set(key, CONF_SERVER, SLICE(""), SLICE("199"), NULL), 0);
	struct box *held = open_box(acct, "INBOX");
	box_close(&box);
	box = open_box(acct, "INBOX");
	assert_ptr_equal(box->view, view); /* it was never unused */
	box_close(&held);
	box_close(&box);
	assert_int_equal(conf_set(key, CONF_SERVER, SLICE(""), SLICE(""), NULL), 0);
	box = open_box(acct, "INBOX"); /* read again */
	assert_int_equal(count_of(box), 200);
	box_close(&box);
	acct_close(&acct);
}

/* --- figures, for people --- */

static void figures(void **state)
{
	enum { N = 100000, ROUNDS = 300 };
	struct acct *acct = acct_open(7, 0);
	uint32_t *uids = uids_to(N);

	(void)state;
	double t = world_us();
	append_many(acct, "INBOX", N, 0);
	printf("100,000 messages: append %.1f us each", (world_us() - t) / N);
	t = world_us();
	struct box *box = open_box(acct, "INBOX");
	printf(", open %.0f us", world_us() - t);
	box_close(&box);
	t = world_us();
	box = open_box(acct, "INBOX");
	printf(", open again %.0f us", world_us() - t);
	t = world_us();
	for (unsigned i = 0; i < ROUNDS; i++)
		box_flags(box, uids + i * 7, 1, BOX_ADD, BOX_FLAGGED, NULL);
	double store = (world_us() - t) / ROUNDS;
	t = world_us();
	for (unsigned i = 0; i < ROUNDS; i++)
		shard_set_quota(shard_of(0), 8, 0, NULL);
	printf(", STORE %.0f us (a bare commit %.0f us)", store, (world_us() - t) / ROUNDS);
	t = world_us();
	box_flags(box, uids, N, BOX_ADD, BOX_SEEN | BOX_DELETED, NULL);
	printf(", STORE of all %.0f ms", (world_us() - t) / 1000);
	t = world_us();
	box_expunge(box, NULL, 0, NULL);
	printf(", EXPUNGE of all %.0f ms\n", (world_us() - t) / 1000);
	assert_int_equal(count_of(box), 0);
	box_close(&box);
	free(uids);
	acct_close(&acct);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(quota),
		WORLD_TEST(more_than_a_transaction),
		WORLD_TEST(failed_copy_is_undone),
		WORLD_TEST(nothing_to_do_is_not_written),
		WORLD_TEST(keywords),
		WORLD_TEST(message_reads_back),
		WORLD_TEST(watching),
		WORLD_TEST(views_are_kept),
		WORLD_TEST(figures),
	};

	return cmocka_run_group_tests_name("box_messages", tests, NULL, NULL);
}
