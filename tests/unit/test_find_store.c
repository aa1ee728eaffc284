/* test_find_store.c - the index of an account in its store: made, kept, forgotten */
#include "tests/unit/box_world.h"

#include <signal.h>
#include <sys/resource.h>

#include "core/text.h"
#include "storage/find.h"
#include "storage/find_build.h"

enum { ONE = 7, OTHER = 8, MANY = 50 };

static struct box *open_box(struct acct *acct)
{
	struct err err;
	struct box *box = box_open(acct, SLICE("INBOX"), &err);

	if (!box)
		fail_msg("%s", err.text);
	return box;
}

static void append(struct acct *acct, const char *message)
{
	struct box_append one = { .message = slice_str(message) };
	struct pool pool = { 0 };
	struct box_added added;
	struct err err;

	if (box_append(acct, SLICE("INBOX"), &one, 1, &pool, &added, &err) < 0)
		fail_msg("%s", err.text);
	pool_done(&pool);
}

static void nothing(void *arg, int64_t done, int64_t total)
{
	(void)arg;
	assert_true(done <= total);
}

static uint64_t indexed(struct acct *acct)
{
	struct find_size size;

	find_size(acct, &size);
	return size.messages;
}

/* The thread that builds looks now and then. */
static void wait_indexed(struct acct *acct, uint64_t n)
{
	for (int i = 0; i < 600 && indexed(acct) != n; i++)
		threads_sleep(50);
	assert_int_equal(indexed(acct), n);
}

/* What it says of the first messages of INBOX, as letters; of none: there is no index. */
static void want_says(struct acct *acct, const char *needle, const char *want)
{
	struct box *box = open_box(acct);
	struct box_snap *snap = box_snap(box);
	struct find_view *view = find_look(box, snap);
	char says[16] = "";

	assert_int_equal(view != NULL, *want != '\0');
	if (view) {
		struct find_answer *answer =
		    find_ask(view, FIND_IN_BODY, SLICE(""), slice_str(needle));
		for (uint32_t seq = 1; answer && seq <= strlen(want); seq++)
			says[seq - 1] = "nym"[find_says(answer, seq)];
		find_answer_free(&answer);
	}
	assert_string_equal(says, want);
	find_view_free(&view);
	box_snap_free(&snap);
	box_close(&box);
}

static void made_when_it_is_wanted(void **state)
{
	struct acct *acct = acct_open(ONE, 0);

	append(acct, "Subject: a\r\n\r\nthe first one\r\n");
	append(acct, "Subject: b\r\n\r\nthe second one\r\n");
	assert_int_equal(indexed(acct), 0);
	want_says(acct, "first", "");
	wait_indexed(acct, 2);
	want_says(acct, "first", "yn");
	want_says(acct, "st o", "yn");
	append(acct, "Subject: c\r\n\r\nthe first third\r\n");
	want_says(acct, "irst", "ynm"); /* a few are read */
	acct_close(&acct);
	world_reopen(state);
	acct = acct_open(ONE, 0);
	want_says(acct, "irst", "ynm");
	for (int i = 0; i < MANY; i++)
		append(acct, "Subject: d\r\n\r\nand more\r\n");
	want_says(acct, "irst", "ynmm");
	wait_indexed(acct, MANY + 3);
	want_says(acct, "irst", "ynyn");
	acct_close(&acct);
}

/* Who does not search pays nothing for new mail. */
static void what_comes_waits_for_a_search(void **state)
{
	struct acct *acct = acct_open(ONE, 0);
	struct find_work purge = { .shard = shard_of(0), .account = ONE };
	struct err err;

	(void)state;
	append(acct, "Subject: a\r\n\r\nthe first one\r\n");
	assert_int_equal(find_rebuild(acct, nothing, NULL, &err), 0);
	append(acct, "Subject: b\r\n\r\nthe second one\r\n");
	assert_int_equal(find_todo_count(), 0);
	assert_int_equal(find_build_batch(&purge, &err), 0);
	assert_int_equal(indexed(acct), 1);
	acct_close(&acct);
}

static void large_ones_are_not_few(void **state)
{
	struct acct *acct = acct_open(ONE, 0);
	size_t n = 2 << 20;
	char *large = mem_get(n + 1);

	(void)state;
	append(acct, "Subject: a\r\n\r\nthe first one\r\n");
	want_says(acct, "first", "");
	wait_indexed(acct, 1);
	memset(large, '\n', n);
	memcpy(large, "Subject: b\n\nfirst ", 18);
	append(acct, large);
	want_says(acct, "first", "ym");
	wait_indexed(acct, 2);
	want_says(acct, "first", "yy");
	free(large);
	acct_close(&acct);
}

/* Its id is below those that the index has seen. */
static void a_copy_from_another_account(void **state)
{
	struct acct *one = acct_open(ONE, 0), *other = acct_open(OTHER, 0);
	struct pool pool = { 0 };
	struct box_added added;
	uint32_t uids[MANY];
	struct err err;

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		append(one, "Subject: a\r\n\r\nolder words\r\n");
		uids[i] = i + 1;
	}
	append(other, "Subject: b\r\n\r\nnewer words\r\n");
	assert_int_equal(find_rebuild(other, nothing, NULL, &err), 0);
	want_says(other, "older", "n");
	struct box *box = open_box(one);
	assert_int_equal(
	    box_copy(box, uids, MANY, other, SLICE("INBOX"), false, &pool, &added, &err), 0);
	box_close(&box);
	want_says(other, "older", "nm");
	wait_indexed(other, MANY + 1);
	want_says(other, "older", "ny");
	pool_done(&pool);
	acct_close(&one);
	acct_close(&other);
}

static void gone_with_the_account(void **state)
{
	struct acct *acct = acct_open(ONE, 0);
	struct err err;

	(void)state;
	append(acct, "Subject: a\r\n\r\nwords\r\n");
	assert_int_equal(find_rebuild(acct, nothing, NULL, &err), 0);
	assert_int_equal(indexed(acct), 1);
	assert_int_equal(shard_purge_account(shard_of(0), ONE, &err), 0);
	assert_int_equal(indexed(acct), 0);
	assert_int_equal(find_rebuild(acct, nothing, NULL, &err), 0);
	assert_int_equal(indexed(acct), 0);
	acct_close(&acct);
}

/* Many small batches: few segments. */
static void segments_stay_few(void **state)
{
	struct acct *acct = acct_open(ONE, 0);
	struct find_work work = { .shard = shard_of(0), .account = ONE, .adds = true };
	struct find_size size;
	struct err err;
	char text[64];

	(void)state;
	for (int i = 0; i < 60; i++) {
		snprintf(text, sizeof(text), "Subject: %d\r\n\r\nword%d and more\r\n", i, i % 7);
		append(acct, text);
		assert_int_equal(find_build_batch(&work, &err), 0);
	}
	assert_int_equal(find_size(acct, &size), 1);
	assert_int_equal(size.messages, 60);
	assert_true(size.segments <= 6);
	acct_close(&acct);
}

static int build_with_room(uint64_t bytes)
{
	struct find_work work = { .shard = shard_of(0), .account = ONE, .adds = true };
	struct rlimit all, some;
	struct err err;

	getrlimit(RLIMIT_FSIZE, &all);
	some = all;
	some.rlim_cur = bytes;
	setrlimit(RLIMIT_FSIZE, &some);
	int rc = find_build_batch(&work, &err);
	setrlimit(RLIMIT_FSIZE, &all);
	return rc;
}

/* All messages have it: none is denied. */
static void want_none_denied(struct acct *acct, const char *needle)
{
	struct box *box = open_box(acct);
	struct box_snap *snap = box_snap(box);
	struct find_view *view = find_look(box, snap);
	struct find_answer *answer =
	    view ? find_ask(view, FIND_IN_BODY, SLICE(""), slice_str(needle)) : NULL;

	if (answer)
		assert_int_equal(find_answer_next(answer, 1), 1);
	for (uint32_t seq = 1; answer && seq <= box_snap_count(snap); seq++)
		assert_int_not_equal(find_says(answer, seq), FIND_NO);
	find_answer_free(&answer);
	find_view_free(&view);
	box_snap_free(&snap);
	box_close(&box);
}

/* Wherever the disk is full: what is there is right, or there is no index. */
static void a_full_disk(void **state)
{
	struct acct *acct = acct_open(ONE, 0);

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	for (int i = 0; i < 4; i++) {
		append(acct, "Subject: a\r\n\r\nthe first one\r\n");
		for (uint64_t bytes = 0; build_with_room(bytes) < 0; bytes += 37)
			want_none_denied(acct, "first one");
		want_none_denied(acct, "first one");
	}
	wait_indexed(acct, 4);
	want_says(acct, "first one", "yyyy");
	acct_close(&acct);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(made_when_it_is_wanted),
		WORLD_TEST(what_comes_waits_for_a_search),
		WORLD_TEST(large_ones_are_not_few),
		WORLD_TEST(a_copy_from_another_account),
		WORLD_TEST(gone_with_the_account),
		WORLD_TEST(segments_stay_few),
		WORLD_TEST(a_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
