/* test_box_snap.c - snapshots against a plain array: edits, sharing, differences */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "storage/box_snap.h"

/* --- what a client would know --- */

struct seen {
	uint64_t uid, modseq; /* of one size, so that lists compare as memory */
};

struct client {
	struct seen *list;
	uint32_t n;
	uint32_t last_expunged; /* must fall */
	const struct box_snap *now;
	bool flags_told, added_told;
};

static void on_expunged(void *arg, uint32_t seq, uint32_t uid)
{
	struct client *client = arg;

	assert_true(seq >= 1 && seq <= client->n && seq < client->last_expunged);
	assert_false(client->flags_told || client->added_told);
	assert_int_equal(client->list[seq - 1].uid, uid);
	client->last_expunged = seq;
	client->n--;
	memmove(client->list + seq - 1, client->list + seq,
	    (client->n - (seq - 1)) * sizeof(*client->list));
}

static void on_flags(void *arg, uint32_t seq, const struct box_entry *entry)
{
	struct client *client = arg;

	assert_true(seq >= 1 && seq <= client->n);
	assert_false(client->added_told);
	assert_int_equal(client->list[seq - 1].uid, entry->uid);
	assert_int_not_equal(client->list[seq - 1].modseq, entry->modseq);
	client->list[seq - 1].modseq = entry->modseq;
	client->flags_told = true;
}

static void on_added(void *arg, uint32_t count)
{
	struct client *client = arg;

	assert_true(count > client->n);
	client->list = mem_resize(client->list, count * sizeof(*client->list));
	for (uint32_t seq = client->n + 1; seq <= count; seq++) {
		const struct box_entry *entry = box_snap_nth(client->now, seq);
		client->list[seq - 1] = (struct seen){ entry->uid, entry->modseq };
	}
	client->n = count;
	client->added_told = true;
}

static void tell(struct client *client, const struct box_snap *old, const struct box_snap *now)
{
	const struct box_diff diff = {
		.expunged = on_expunged, .flags = on_flags, .added = on_added, .arg = client
	};

	client->last_expunged = UINT32_MAX;
	client->now = now;
	client->flags_told = client->added_told = false;
	box_snap_diff(old, now, &diff);
}

/* --- the model --- */

struct model {
	struct seen *list;
	uint32_t n, uidnext;
	uint64_t modseq;
};

static void same(const struct model *model, const struct box_snap *snap)
{
	assert_int_equal(box_snap_count(snap), model->n);
	for (uint32_t i = 0; i < model->n; i++) {
		const struct box_entry *entry = box_snap_nth(snap, i + 1);
		assert_int_equal(entry->uid, model->list[i].uid);
		assert_int_equal(entry->modseq, model->list[i].modseq);
		assert_int_equal(box_snap_find(snap, entry->uid, false), i + 1);
		assert_int_equal(box_snap_find(snap, entry->uid, true), i + 1);
	}
	assert_null(box_snap_nth(snap, 0));
	assert_null(box_snap_nth(snap, model->n + 1));
	assert_int_equal(box_snap_find(snap, model->uidnext, false), 0);
	assert_int_equal(box_snap_find(snap, model->uidnext, true), model->n + 1);
}

static void add(struct model *model, struct box_snap *snap)
{
	struct seen seen = { model->uidnext++, model->modseq };

	box_snap_put(snap, &(struct box_entry){ .uid = seen.uid, .modseq = seen.modseq });
	model->list = mem_resize(model->list, (model->n + 1) * sizeof(seen));
	model->list[model->n++] = seen;
}

static void change(struct model *model, struct box_snap *snap, uint32_t i)
{
	model->list[i].modseq = model->modseq;
	box_snap_put(snap,
	    &(struct box_entry){ .uid = model->list[i].uid, .modseq = model->list[i].modseq });
}

static void drop(struct model *model, struct box_snap *snap, uint32_t i)
{
	uint32_t uid = model->list[i].uid;

	model->n--;
	memmove(model->list + i, model->list + i + 1, (model->n - i) * sizeof(*model->list));
	box_snap_drop(snap, uid);
	box_snap_drop(snap, uid); /* passed over */
	if (i < model->n)
		assert_int_equal(box_slot_of(snap, uid), box_slot_of(snap, model->list[i].uid));
}

static void some_change(struct model *model, struct box_snap *snap)
{
	unsigned kind = (unsigned)rand() % 10;
	uint32_t much = (uint32_t)rand() % (rand() % 20 == 0 ? 600 : 4) + 1;

	model->modseq++;
	for (uint32_t i = 0; i < much; i++) {
		if (model->n == 0 || kind < 3)
			add(model, snap);
		else if (kind < 7)
			change(model, snap, (uint32_t)rand() % model->n);
		else
			drop(model, snap, (uint32_t)rand() % model->n);
	}
	box_snap_set(snap, model->uidnext, model->modseq);
}

static void random_edits(void **state)
{
	enum { STEPS = 4000, CLIENTS = 4 };
	struct model model = { .uidnext = 1, .modseq = 1 };
	struct client clients[CLIENTS] = { { 0 } };
	struct box_snap *shown[CLIENTS], *snap = box_snap_new();

	(void)state;
	srand(4);
	for (size_t i = 0; i < CLIENTS; i++)
		shown[i] = box_snap_ref(snap);
	for (unsigned step = 0; step < STEPS; step++) {
		snap = box_snap_edit(snap);
		some_change(&model, snap);
		box_snap_seal(snap);
		if (step % 16 == 0)
			same(&model, snap);

		size_t i = (size_t)rand() % CLIENTS;
		tell(&clients[i], shown[i], snap);
		assert_int_equal(clients[i].n, model.n);
		if (model.n > 0)
			assert_memory_equal(
			    clients[i].list, model.list, model.n * sizeof(*model.list));
		box_snap_free(&shown[i]);
		shown[i] = box_snap_ref(snap);
	}
	for (size_t i = 0; i < CLIENTS; i++) {
		box_snap_free(&shown[i]);
		free(clients[i].list);
	}
	box_snap_free(&snap);
	free(model.list);
}

/* Entries that are put in no order, as when changes are replayed over a load. */
static void any_order(void **state)
{
	enum { UIDS = 3000 };
	struct box_snap *snap = box_snap_new();
	bool there[UIDS + 1] = { false };

	(void)state;
	srand(5);
	for (unsigned step = 0; step < 40000; step++) {
		uint32_t uid = (uint32_t)rand() % UIDS + 1;
		there[uid] = rand() % 3 > 0;
		if (there[uid])
			box_snap_put(snap, &(struct box_entry){ .uid = uid });
		else
			box_snap_drop(snap, uid);
	}
	box_snap_seal(snap);
	for (uint32_t uid = 1, seq = 0; uid <= UIDS; uid++) {
		seq += there[uid];
		assert_int_equal(box_snap_find(snap, uid, false), there[uid] ? seq : 0);
		if (there[uid])
			assert_int_equal(box_snap_nth(snap, seq)->uid, uid);
	}
	assert_null(box_snap_nth(snap, box_snap_count(snap) + 1));
	box_snap_free(&snap);
}

static void unheld_changes_in_place(void **state)
{
	struct box_snap *snap = box_snap_new(), *held;

	(void)state;
	for (uint32_t uid = 1; uid <= 1000; uid++)
		box_snap_put(snap, &(struct box_entry){ .uid = uid });
	box_snap_seal(snap);
	assert_ptr_equal(box_snap_edit(snap), snap);

	held = box_snap_ref(snap);
	struct box_snap *next = box_snap_edit(snap);
	assert_ptr_not_equal(next, held);
	box_snap_put(next, &(struct box_entry){ .uid = 500, .modseq = 2 });
	box_snap_seal(next);
	assert_int_equal(box_snap_nth(held, 500)->modseq, 0);
	assert_int_equal(box_snap_nth(next, 500)->modseq, 2);
	/* One chunk was copied. */
	unsigned copied = 0;
	for (size_t i = 0; i < next->n; i++)
		copied += next->slots[i].chunk != held->slots[i].chunk;
	assert_int_equal(copied, 1);
	box_snap_free(&held);
	assert_ptr_equal(box_snap_edit(next), next);
	box_snap_free(&next);
}

static void small_chunks_join(void **state)
{
	struct box_snap *snap = box_snap_new();

	(void)state;
	for (uint32_t uid = 1; uid <= 100000; uid++)
		box_snap_put(snap, &(struct box_entry){ .uid = uid });
	for (uint32_t uid = 1; uid <= 100000; uid++)
		if (uid % 100 != 0)
			box_snap_drop(snap, uid);
	box_snap_seal(snap);
	assert_int_equal(box_snap_count(snap), 1000);
	assert_true(snap->n < 40);
	box_snap_free(&snap);
}

static void keywords_are_shared(void **state)
{
	struct slice names[] = { SLICE("$Forwarded"), SLICE("Work") };
	struct box_keywords *keywords = box_keywords_new(names, 2);
	struct box_snap *snap = box_snap_new();

	(void)state;
	assert_null(box_snap_keywords(snap)[0]);
	box_snap_set_keywords(snap, keywords);
	box_keywords_free(&keywords);
	struct box_snap *held = box_snap_ref(snap);
	snap = box_snap_edit(snap);
	assert_ptr_equal(box_snap_keywords(snap), box_snap_keywords(held));
	assert_string_equal(box_snap_keywords(snap)[1], "Work");
	assert_null(box_snap_keywords(snap)[2]);
	box_snap_free(&held);
	box_snap_free(&snap);
}

/* --- figures, for people --- */

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void ignore_expunged(void *arg, uint32_t seq, uint32_t uid)
{
	(void)arg, (void)seq, (void)uid;
}

static void ignore_flags(void *arg, uint32_t seq, const struct box_entry *entry)
{
	(void)seq, (void)entry;
	++*(unsigned *)arg;
}

static void ignore_added(void *arg, uint32_t count)
{
	(void)arg, (void)count;
}

static void figures(void **state)
{
	enum { UIDS = 100000, ROUNDS = 2000 };
	struct box_snap *snap = box_snap_new();
	unsigned told = 0;
	const struct box_diff diff = { ignore_expunged, ignore_flags, ignore_added, &told };

	(void)state;
	double t = now_us();
	for (uint32_t uid = 1; uid <= UIDS; uid++)
		box_snap_put(snap, &(struct box_entry){ .uid = uid });
	box_snap_seal(snap);
	printf("100,000 entries: make %.0f us", now_us() - t);

	double edit = 0, compare = 0;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct box_snap *old = box_snap_ref(snap);
		t = now_us();
		snap = box_snap_edit(snap);
		box_snap_put(snap,
		    &(struct box_entry){ .uid = (uint32_t)rand() % UIDS + 1, .modseq = i + 1 });
		box_snap_seal(snap);
		edit += now_us() - t;
		t = now_us();
		box_snap_diff(old, snap, &diff);
		box_snap_free(&old);
		compare += now_us() - t;
	}
	assert_int_equal(told, ROUNDS);
	printf(", change one %.1f us, tell and free %.1f us\n", edit / ROUNDS, compare / ROUNDS);
	box_snap_free(&snap);
}

static void count_expunged(void *arg, uint32_t seq, uint32_t uid)
{
	(void)seq;
	(void)uid;
	++*(unsigned *)arg;
}

static void count_flags(void *arg, uint32_t seq, const struct box_entry *entry)
{
	(void)seq;
	(void)entry;
	++*(unsigned *)arg;
}

static void count_added(void *arg, uint32_t count)
{
	(void)count;
	++*(unsigned *)arg;
}

/* What is expunged stays until it may be told; flags and what is new do not wait. */
static void kept_until_told(void **state)
{
	unsigned told = 0;
	const struct box_diff diff = { count_expunged, count_flags, count_added, &told };
	struct box_snap *old = box_snap_new();

	(void)state;
	for (uint32_t uid = 1; uid <= 600; uid++)
		box_snap_put(old, &(struct box_entry){ .uid = uid, .modseq = 1 });
	box_snap_set(old, 601, 1);
	box_snap_seal(old);
	struct box_snap *now = box_snap_edit(box_snap_ref(old));
	for (uint32_t uid = 1; uid <= 600; uid += 7)
		box_snap_drop(now, uid);
	box_snap_put(now, &(struct box_entry){ .uid = 300, .modseq = 2, .flags = BOX_SEEN });
	box_snap_put(now, &(struct box_entry){ .uid = 601, .modseq = 3 });
	box_snap_set(now, 602, 3);
	box_snap_seal(now);
	struct box_snap *both = box_snap_keep(old, box_snap_ref(now));
	assert_int_equal(box_snap_count(both), 601);
	assert_int_equal(box_snap_uidnext(both), 602);
	for (uint32_t seq = 1; seq <= 601; seq++)
		assert_int_equal(box_snap_nth(both, seq)->uid, seq);
	assert_int_equal(box_snap_nth(both, 300)->flags, BOX_SEEN);
	assert_int_equal(box_snap_count(now), 601 - 86); /* it is as it was */
	box_snap_diff(old, both, &diff);
	assert_int_equal(told, 2);
	told = 0;
	box_snap_diff(both, now, &diff);
	assert_int_equal(told, 86);
	box_snap_free(&old);
	box_snap_free(&now);
	box_snap_free(&both);
}

/* A few changes close together are near; one at each end of many is not. */
static void near_ones(void **state)
{
	enum { N = 20000 };
	struct box_snap *old = box_snap_new(), *now;

	(void)state;
	for (uint32_t uid = 1; uid <= N; uid++)
		box_snap_put(old, &(struct box_entry){ .uid = uid, .modseq = 1 });
	box_snap_seal(old);
	assert_true(box_snap_near(old, old));
	now = box_snap_edit(box_snap_ref(old));
	box_snap_put(now, &(struct box_entry){ .uid = N / 2, .modseq = 2 });
	box_snap_drop(now, N / 2 + 1);
	box_snap_seal(now);
	assert_true(box_snap_near(old, now));
	now = box_snap_edit(now);
	box_snap_put(now, &(struct box_entry){ .uid = N + 1, .modseq = 3 });
	box_snap_seal(now);
	assert_false(box_snap_near(old, now));
	struct box_snap *none = box_snap_new();
	assert_false(box_snap_near(old, none));
	assert_false(box_snap_near(none, old));
	assert_true(box_snap_near(none, none));
	box_snap_free(&none);
	box_snap_free(&now);
	box_snap_free(&old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_edits),
		cmocka_unit_test(any_order),
		cmocka_unit_test(unheld_changes_in_place),
		cmocka_unit_test(small_chunks_join),
		cmocka_unit_test(keywords_are_shared),
		cmocka_unit_test(kept_until_told),
		cmocka_unit_test(near_ones),
		cmocka_unit_test(figures),
	};

	return cmocka_run_group_tests_name("box_snap", tests, NULL, NULL);
}
