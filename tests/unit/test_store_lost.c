/* test_store_lost.c - files of the store that somebody cut or took away: nothing is mixed up, and
 * words that help */
#include <dirent.h>
#include <unistd.h>

#include "tests/unit/box_world.h"

enum { ANN = 7, SIZE = 50000 };

/* A message all of one letter. */
static void append(char letter)
{
	struct acct *ann = acct_open(ANN, 0);
	struct buf message = { 0 };
	struct box_added added;
	struct pool pool = { 0 };
	struct err err;

	memset(buf_room(&message, SIZE), letter, SIZE);
	message.n = SIZE;
	memcpy(message.p, "A: b\r\n\r\n", 8);
	const struct box_append it = { .message = buf_slice(&message) };
	assert_int_equal(box_append(ann, SLICE("INBOX"), &it, 1, &pool, &added, &err), 0);
	pool_done(&pool);
	buf_done(&message);
	acct_close(&ann);
}

/* Its last letter, '-' when it cannot be read; as it streams, and as a whole. */
static void want(uint32_t seq, char letter)
{
	struct acct *ann = acct_open(ANN, 0);
	struct err err;
	struct box *box = box_open(ann, SLICE("INBOX"), &err);
	struct box_snap *snap = box_snap(box);
	struct body *body;
	struct slice whole;
	char last = '-';

	if (box_body(box, box_snap_nth(snap, seq), &body, &err) == 1) {
		assert_int_equal(body_read(body, SIZE - 1, &last, 1), 1);
		assert_int_equal(body_map(body, &whole, &err), 0);
		assert_int_equal(whole.p[SIZE - 1], last);
		body_close(&body);
	}
	assert_int_equal(last, letter);
	box_snap_free(&snap);
	box_close(&box);
	acct_close(&ann);
}

/* Remove or cut (to so many bytes) the files of that folder with that beginning or end. */
static void spoil(const char *dir, const char *folder, const char *part, off_t left)
{
	char *path = tempdir_path(dir, folder);
	DIR *files = opendir(path);
	unsigned n = 0;

	for (struct dirent *file; (file = readdir(files));) {
		if (!strstr(file->d_name, part))
			continue;
		char *whole = tempdir_path(path, file->d_name);
		assert_int_equal(left ? truncate(whole, left) : unlink(whole), 0);
		free(whole);
		n++;
	}
	assert_true(n > 0);
	closedir(files);
	free(path);
}

#define BODIES "shards/0000/bodies"
#define INDEX "shards/0000/index"

static uint64_t record(void)
{
	return record_length(SIZE);
}

static void lost_segment(void **state)
{
	append('x'), append('y');
	world_close();
	spoil(*state, BODIES, ".seg", 0);
	world_open(*state);
	append('z');
	want(1, '-'), want(2, '-'), want(3, 'z');
	world_reopen(state);
	append('u');
	want(1, '-'), want(3, 'z'), want(4, 'u');
}

/* Where the second message began another one could begin. */
static void cut_segment(void **state)
{
	append('x'), append('y');
	world_close();
	spoil(*state, BODIES, ".seg", (off_t)(SEGMENT_HEADER + record()));
	world_open(*state);
	append('z');
	want(1, 'x'), want(2, '-'), want(3, 'z');
}

static void cut_message(void **state)
{
	append('x'), append('y');
	world_close();
	spoil(*state, BODIES, ".seg", (off_t)(SEGMENT_HEADER + record() + SIZE / 2));
	world_open(*state);
	want(1, 'x'), want(2, '-');
	append('z');
	want(2, '-'), want(3, 'z');
}

static void refuses_to_start(const char *dir, const char *words)
{
	struct err err = { 0 };

	assert_int_equal(store_open(dir, &err), 0);
	assert_int_equal(store_start(&err), -1);
	assert_non_null(strstr(err.text, words));
	threads_stop();
	store_close();
}

/* Put back what was there, so that the folder can be closed as the others. */
static void lost_tree(void **state)
{
	static const char *const trees[] = { "box.db", "entry.db", "message.db", "body.db" };
	char *index = tempdir_path(*state, INDEX);

	append('x');
	for (size_t i = 0; i < sizeof(trees) / sizeof(*trees); i++) {
		char *path = tempdir_path(index, trees[i]), *away = tempdir_path(*state, "away");

		world_close();
		assert_int_equal(rename(path, away), 0);
		refuses_to_start(*state, trees[i]);
		refuses_to_start(*state, "is missing: restore a backup");
		assert_int_equal(access(path, F_OK), -1);
		assert_int_equal(rename(away, path), 0);
		world_open(*state);
		want(1, 'x');
		free(path);
		free(away);
	}
	free(index);
}

static void lost_log(void **state)
{
	append('x');
	world_close();
	spoil(*state, INDEX, "log.", 0);
	refuses_to_start(*state, "the log of the database is missing");
	spoil(*state, INDEX, ".db", 0);
	spoil(*state, BODIES, ".seg", 0);
	world_open(*state); /* with nothing: as a new one */
	append('y');
	want(1, 'y');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(lost_segment),
		WORLD_TEST(cut_segment),
		WORLD_TEST(cut_message),
		WORLD_TEST(lost_tree),
		WORLD_TEST(lost_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
