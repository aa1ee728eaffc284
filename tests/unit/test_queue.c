/* test_queue.c - the queue: what became of recipients, what is due when, records of before */
#include "tests/unit/queue_world.h"

#include "core/num.h"

/* --- what is due, as text: "a.test 5:1 7:2; b.test ..." --- */

static bool add_row(void *arg, const struct queue_row *row)
{
	buf_printf(arg, " %lld:%llu%s", (long long)row->when, (unsigned long long)row->id,
	    row->tried ? "!" : "");
	return true;
}

static bool add_domain(void *arg, struct slice domain, int64_t when)
{
	struct buf *out = arg;

	(void)when;
	buf_printf(out, "%s%.*s", out->n ? "; " : "", SLICE_ARG(domain));
	return true;
}

static bool add_domain_when(void *arg, struct slice domain, int64_t when)
{
	buf_printf(arg, " %.*s:%lld", SLICE_ARG(domain), (long long)when);
	return true;
}

static void want_due(const char *name, const char *domain, const char *want)
{
	struct buf out = { 0 };

	assert_int_equal(queue_rows(text(domain), add_row, &out), 0);
	want_text(name, buf_slice(&out), want);
	buf_done(&out);
}

static void want_domains(const char *name, const char *want)
{
	struct buf out = { 0 };

	assert_int_equal(queue_domains(add_domain, &out), 0);
	want_text(name, buf_slice(&out), want);
	buf_done(&out);
}

/* --- tests --- */

static void index_of_due(void **state)
{
	(void)state;
	want_domains("none", "");
	put(1, "a@one.test b@two.test c@one.test", 50);
	put(2, "d@ONE.test", 40);
	put(3, "e@m\xc3\xbcller.test f@[127.0.0.1] g@", 60);
	want_due("one", "one.test", " 40:2 50:1");
	want_due("two", "two.test", " 50:1");
	want_due("none", "tw", "");
	want_due("alabel", "xn--mller-kva.test", " 60:3");
	want_domains("all", "[127.0.0.1]; invalid; one.test; two.test; xn--mller-kva.test");
}

/* Recipients of a domain stand together, whatever order they came in. */
static void state_lasts(void **state)
{
	struct pool pool = { 0 };
	struct queue_entry entry;
	struct err err;

	put(1, "a@two.test b@one.test c@two.test", 50);
	struct queue_rcpt *rcpts = load(1, &pool, &entry);
	assert_int_equal(entry.n_rcpts, 3);
	want_text("first", rcpts[0].address, "b@one.test");
	want_text("second", rcpts[1].address, "a@two.test");
	rcpts[0].state = QUEUE_DELIVERED; /* of another domain: not stored by this */
	rcpts[1].state = QUEUE_DELIVERED;
	rcpts[2].attempts = 7;
	rcpts[2].tried = 90;
	rcpts[2].next = 100;
	rcpts[2].warned = true;
	rcpts[2].reply = SLICE("450 4.2.0 Not now");
	rcpts[2].host = SLICE("mx");
	assert_int_equal(queue_save(&entry, SLICE("two.test"), &err), 0);
	pool_reset(&pool);
	world_reopen(state);

	rcpts = load(1, &pool, &entry);
	assert_int_equal(rcpts[0].state, QUEUE_WAITING);
	assert_int_equal(rcpts[1].state, QUEUE_DELIVERED);
	assert_int_equal(rcpts[2].state, QUEUE_WAITING);
	assert_int_equal(rcpts[2].attempts, 7);
	assert_int_equal(rcpts[2].next, 100);
	assert_true(rcpts[2].warned && !rcpts[2].owed);
	want_text("reply", rcpts[2].reply, "450 4.2.0 Not now");
	want_text("host", rcpts[2].host, "mx");
	want_due("one", "one.test", " 50:1");
	want_due("two", "two.test", " 100:1!");

	const uint64_t ids[] = { 1, 2 }; /* the second is not there */
	size_t done;
	assert_int_equal(queue_act(QUEUE_RETRY, ids, 2, SLICE(""), &done, &err), 0);
	assert_int_equal(done, 1);
	want_due("now", "two.test", " 50:1!");
	pool_done(&pool);
}

static bool add_due(void *arg, const struct queue_row *row)
{
	add_row(arg, row);
	return ((struct buf *)arg)->n < 18; /* three rows */
}

/* Urgent mail first; what is not due yet is in nobody's way. */
static void priorities(void **state)
{
	const struct queue_entry urgent = { .priority = 9 }, slow = { .priority = -9 };
	const struct queue_entry later = { .priority = 4, .release = 90 };
	struct buf out = { 0 };
	int64_t next;

	put_as(&slow, 1, "a@one.test", 40);
	put(2, "a@one.test", 50);
	put(3, "a@one.test", 51);
	put_as(&later, 4, "a@one.test", 30);
	put_as(&urgent, 5, "a@one.test b@two.test", 60);
	world_reopen(state);
	want_due("all", "one.test", " 60:5 90:4 50:2 51:3 40:1");
	assert_int_equal(queue_due(SLICE("one.test"), 50, add_row, &out, &next), 0);
	want_text("due", buf_slice(&out), " 50:2 40:1");
	assert_int_equal(next, 51);
	buf_clear(&out);
	assert_int_equal(queue_due(SLICE("one.test"), 99, add_due, &out, &next), 0);
	want_text("some", buf_slice(&out), " 60:5 90:4 50:2 51:3");
	assert_int_equal(next, 51);
	buf_clear(&out);
	assert_int_equal(queue_domains(add_domain_when, &out), 0);
	want_text("first", buf_slice(&out), " one.test:40 two.test:60");
	buf_done(&out);
}

static void act(enum queue_act what, uint64_t id)
{
	struct err err;
	size_t done;

	assert_int_equal(queue_act(what, &id, 1, SLICE("5.7.1 no"), &done, &err), 0);
	assert_int_equal(done, 1);
}

static void acts(void **state)
{
	const struct queue_entry later = { .release = INT64_C(4000000000) };
	struct pool pool = { 0 };
	struct queue_entry entry;
	struct buf out = { 0 };
	int64_t next;

	put(1, "a@one.test b@two.test", 50);
	put_as(&later, 2, "a@one.test", 50);
	act(QUEUE_HOLD, 1);
	world_reopen(state);
	load(1, &pool, &entry);
	assert_true(entry.held);
	assert_int_equal(queue_due(SLICE("two.test"), 4100000000, add_row, &out, &next), 0);
	want_text("held", buf_slice(&out), "");
	assert_true(next == QUEUE_HELD);
	act(QUEUE_RELEASE, 1);
	act(QUEUE_RELEASE, 2);
	want_due("released", "one.test", " 50:1 50:2");
	act(QUEUE_BOUNCE, 1);
	struct queue_rcpt *rcpts = load(1, &pool, &entry);
	assert_int_equal(rcpts[1].state, QUEUE_FAILED);
	assert_true(rcpts[1].owed && rcpts[1].next > 0);
	want_text("reply", rcpts[1].reply, "5.7.1 no");
	act(QUEUE_REQUEUE, 2);
	load(2, &pool, &entry);
	assert_true(entry.queued > 50);
	act(QUEUE_DELETE, 1);
	act(QUEUE_DELETE, 2);
	want_domains("gone", "");
	assert_int_equal(world_count().bodies, 0);
	buf_done(&out);
	pool_done(&pool);
}

/* It goes when nobody waits and nobody is owed a word. */
static void end_of_entry(void **state)
{
	struct pool pool = { 0 };
	struct queue_entry entry;
	struct err err;

	(void)state;
	put(1, "a@one.test b@two.test", 50);
	struct queue_rcpt *rcpts = load(1, &pool, &entry);
	rcpts[0].state = QUEUE_FAILED;
	rcpts[0].owed = true;
	rcpts[0].tried = 60;
	assert_int_equal(queue_save(&entry, SLICE("one.test"), &err), 0);
	want_due("owed", "one.test", " 50:1");
	rcpts[1].state = QUEUE_DELIVERED;
	assert_int_equal(queue_save(&entry, SLICE("two.test"), &err), 0);
	want_domains("owed", "one.test");
	assert_int_equal(world_count().bodies, 1);
	rcpts[0].owed = false;
	assert_int_equal(queue_save(&entry, SLICE("one.test"), &err), 0);
	want_domains("gone", "");
	assert_int_equal(world_count().bodies, 0);
	assert_int_equal(queue_get(1, &pool, &entry), 0);
	pool_done(&pool);
}

static void deletion(void **state)
{
	struct pool pool = { 0 };
	struct queue_entry entry;
	struct err err;

	(void)state;
	put(1, "a@one.test b@two.test", 50);
	put(2, "a@one.test", 51);
	struct queue_rcpt *rcpts = load(1, &pool, &entry);
	rcpts[0].tried = 60;
	rcpts[0].next = 70;
	assert_int_equal(queue_save(&entry, SLICE("one.test"), &err), 0);
	assert_int_equal(queue_delete(1, &err), 0);
	want_domains("one left", "one.test");
	want_due("two left", "one.test", " 51:2");
	assert_int_equal(world_count().queued, 1);
	/* who still works on it does no harm */
	assert_int_equal(queue_save(&entry, SLICE("one.test"), &err), 0);
	assert_int_equal(world_count().queued, 1);
	pool_done(&pool);
}

/* --- a store from before there was an index --- */

struct old_record {
	struct kv_write w;
	struct buf value;
	uint64_t id;
};

static void add_old_text(struct buf *out, const char *s)
{
	unsigned char n[4];

	num_put32(n, (uint32_t)strlen(s));
	buf_add(out, n, 4);
	buf_addz(out, s);
}

static enum kv_result apply_old(struct kv_write *w, struct kv_txn *txn)
{
	struct old_record *op = (struct old_record *)w;
	static const char row[] = "two.test\0\0\0\0\0\0\0\0\x32\0\0\0\0\0\0\0\x07"; /* as of old */
	unsigned char key[8];

	if (kv_put(shard_of(0)->queue, txn, queue_key(key, op->id), buf_slice(&op->value)) < 0 ||
	    kv_put(shard_of(0)->queue_due, txn, slice_of(row, sizeof(row) - 1), SLICE("\1")) < 0 ||
	    kv_del(shard_of(0)->queue_due, txn, slice_of("\0made", 5)) < 0)
		return KV_FAILED;
	return KV_DONE;
}

static void put_old(uint64_t id, const char *a, const char *b)
{
	static const char fixed[2 + 16 + 7] = "\x01\x02";
	struct old_record op = { .w.apply = apply_old, .id = id };

	buf_add(&op.value, fixed, sizeof(fixed));
	buf_addc(&op.value, 50); /* queued */
	add_old_text(&op.value, "me@x.test");
	add_old_text(&op.value, "");
	add_old_text(&op.value, "");
	buf_add(&op.value, "\0\0\0\2", 4);
	for (int i = 0; i < 2; i++) {
		add_old_text(&op.value, i ? b : a);
		add_old_text(&op.value, "original");
		add_old_text(&op.value, "");
		add_old_text(&op.value, "");
	}
	assert_int_equal(kv_write(shard_of(0)->env, &op.w), KV_DONE);
	buf_done(&op.value);
}

static void old_records(void **state)
{
	struct pool pool = { 0 };
	struct queue_entry entry;
	struct err err;

	put_old(1, "a@two.test", "b@one.test");
	put_old(2, "c@two.test", "d@two.test");
	want_domains("of old", "two.test");
	world_reopen(state);
	want_due("one", "one.test", " 50:1");
	want_due("two", "two.test", " 50:1 50:2");
	world_reopen(state); /* once is enough */
	want_due("again", "two.test", " 50:1 50:2");

	struct queue_rcpt *rcpts = load(1, &pool, &entry);
	want_text("sorted", rcpts[0].address, "b@one.test");
	assert_true(entry.body8);
	rcpts[1].tried = 60;
	rcpts[1].next = 70;
	assert_int_equal(queue_save(&entry, SLICE("two.test"), &err), 0);
	pool_reset(&pool);
	rcpts = load(1, &pool, &entry);
	assert_int_equal(rcpts[0].next, 0);
	assert_int_equal(rcpts[1].next, 70);
	pool_done(&pool);
}

/* --- being told --- */

static void note(void *arg, struct slice domain, int64_t when)
{
	add_domain_when(arg, domain, when);
}

static void watcher(void **state)
{
	struct pool pool = { 0 };
	struct queue_entry entry;
	struct buf told = { 0 };
	struct err err;

	(void)state;
	queue_watch(note, &told);
	put(1, "a@one.test b@two.test c@one.test", 50);
	want_text("put", buf_slice(&told), " one.test:50 two.test:50");
	struct queue_rcpt *rcpts = load(1, &pool, &entry);
	rcpts[0].next = rcpts[1].next = 80;
	rcpts[0].tried = rcpts[1].tried = 60;
	buf_clear(&told);
	assert_int_equal(queue_save(&entry, SLICE("one.test"), &err), 0);
	want_text("later", buf_slice(&told), " one.test:80 two.test:50");
	buf_clear(&told);
	assert_int_equal(queue_delete(1, &err), 0);
	want_text("gone", buf_slice(&told), "");
	queue_watch(NULL, NULL);
	buf_done(&told);
	pool_done(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(index_of_due),
		WORLD_TEST(state_lasts),
		WORLD_TEST(priorities),
		WORLD_TEST(acts),
		WORLD_TEST(end_of_entry),
		WORLD_TEST(deletion),
		WORLD_TEST(old_records),
		WORLD_TEST(watcher),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
