/* test_store.c - backup while mail comes in, restore, and what a check finds */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/num.h"
#include "storage/body_store.h"
#include "tests/unit/mail_world.h"

static char *data;

static int setup(void **state)
{
	(void)state;
	data = tempdir_new();
	mail_open(data);
	mail_make_users();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	mail_close();
	tempdir_remove(&data);
	return 0;
}

/* --- backup --- */

enum { WRITERS = 4, NUMBERS = 100000 };

struct writer {
	pthread_t id;
	uint32_t first, next;
	bool *ending;
};

static void *write_mail(void *arg)
{
	struct writer *writer = arg;

	while (!__atomic_load_n(writer->ending, __ATOMIC_RELAXED)) {
		uint32_t n = writer->next;
		assert_int_equal(mail_post(n, 1 + n % 7, n % 50 == 0 ? 100000 : 2000), 0);
		__atomic_store_n(&writer->next, n + 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

static unsigned bits(unsigned n)
{
	return (n & 1) + (n >> 1 & 1) + (n >> 2 & 1);
}

static void expect_numbers(const unsigned *counts, const struct writer *writer, uint32_t next)
{
	for (uint32_t n = writer->first; n < next; n++)
		if (counts[n] != bits(1 + n % 7))
			fail_msg("message %u is there %u times", (unsigned)n, counts[n]);
}

static int progress_calls;

static void on_progress(void *arg, int64_t done, int64_t total, const char *what)
{
	(void)arg, (void)what;
	assert_true(done >= 0 && total >= 0);
	progress_calls++;
}

static void backup_under_load(void **state)
{
	struct writer writers[WRITERS];
	uint32_t before[WRITERS];
	bool ending = false;
	char *folder = tempdir_new(), *copy = tempdir_path(folder, "backup");
	char *restored = tempdir_path(folder, "restored");
	struct mail_counts counts = { mem_get(NUMBERS * sizeof(unsigned)), NUMBERS };
	struct store_check check;
	struct err err;

	(void)state;
	for (unsigned i = 0; i < WRITERS; i++) {
		uint32_t first = i * (NUMBERS / WRITERS);
		writers[i] = (struct writer){ .first = first, .next = first, .ending = &ending };
		pthread_create(&writers[i].id, NULL, write_mail, &writers[i]);
	}
	usleep(300000);
	for (unsigned i = 0; i < WRITERS; i++)
		before[i] = __atomic_load_n(&writers[i].next, __ATOMIC_ACQUIRE);
	progress_calls = 0;
	if (store_backup(copy, on_progress, NULL, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(progress_calls > 0);
	assert_int_equal(mail_faults(&check), 0); /* while it goes on */
	__atomic_store_n(&ending, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < WRITERS; i++)
		pthread_join(writers[i].id, NULL);
	assert_int_equal(mail_faults(&check), 0);
	print_message("%u messages, %u bytes\n", (unsigned)check.messages, (unsigned)check.bytes);
	assert_int_equal(check.accounts, 3);

	mail_close();
	if (store_restore(copy, restored, on_progress, NULL, &err) < 0)
		fail_msg("%s", err.text);
	mail_open(restored);
	mail_count(&counts);
	for (unsigned i = 0; i < WRITERS; i++) {
		print_message("%u acknowledged before the backup\n",
		    (unsigned)(before[i] - writers[i].first));
		assert_true(before[i] > writers[i].first);
		expect_numbers(counts.counts, &writers[i], before[i]);
	}
	assert_int_equal(mail_post(1, 7, 100), 0);
	assert_int_equal(mail_faults(&check), 0);
	mail_close();
	mail_open(data);
	free(counts.counts);
	free(copy);
	free(restored);
	tempdir_remove(&folder);
}

static void refusals(void **state)
{
	char *folder = tempdir_new(), *copy = tempdir_path(folder, "backup");
	char *layout = tempdir_path(copy, "layout"), *target = tempdir_path(folder, "data");
	struct err err;

	(void)state;
	assert_int_equal(store_backup(data, NULL, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_EXISTS);
	assert_int_equal(store_restore(folder, target, NULL, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_ABSENT);
	assert_int_equal(mail_post(1, 7, 100), 0);
	assert_int_equal(store_backup(copy, NULL, NULL, &err), 0);
	mail_close();
	assert_int_equal(store_restore(copy, folder, NULL, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_EXISTS);
	assert_int_equal(unlink(layout), 0);
	assert_int_equal(store_restore(copy, target, NULL, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_ABSENT);
	mail_open(data);
	free(copy);
	free(layout);
	free(target);
	tempdir_remove(&folder);
}

/* --- sabotage: each kind must be found --- */

struct sabotage {
	struct kv_write write; /* first member */
	void (*change)(struct kv_txn *txn);
};

struct first {
	struct buf key, value;
};

static bool take_first(void *arg, struct slice key, struct slice value)
{
	struct first *first = arg;

	buf_adds(&first->key, key);
	buf_adds(&first->value, value);
	return false;
}

static struct first first_of(struct kv *kv, struct kv_txn *txn)
{
	struct first first = { 0 };

	assert_int_equal(kv_each(kv, txn, SLICE(""), SLICE(""), take_first, &first), 0);
	assert_true(first.key.n > 0);
	return first;
}

static void first_done(struct first *first)
{
	buf_done(&first->key);
	buf_done(&first->value);
}

static void drop_first(struct kv *kv, struct kv_txn *txn)
{
	struct first first = first_of(kv, txn);

	kv_del(kv, txn, buf_slice(&first.key));
	first_done(&first);
}

static void break_first(struct kv *kv, struct kv_txn *txn)
{
	struct first first = first_of(kv, txn);

	kv_put(kv, txn, buf_slice(&first.key), SLICE("x"));
	first_done(&first);
}

static void lose_entries(struct kv_txn *txn)
{
	drop_first(shard_of(0)->entry, txn);
}

static void break_entries(struct kv_txn *txn)
{
	break_first(shard_of(0)->entry, txn);
}

static void lose_message(struct kv_txn *txn)
{
	drop_first(shard_of(0)->message, txn);
}

static void break_message(struct kv_txn *txn)
{
	break_first(shard_of(0)->message, txn);
}

static void lose_body(struct kv_txn *txn)
{
	drop_first(shard_of(0)->bodies->body, txn);
}

static void miscount_body(struct kv_txn *txn)
{
	struct body_store *bodies = shard_of(0)->bodies;
	struct first first = first_of(bodies->body, txn);

	body_change(bodies, txn, num_get64((unsigned char *)first.key.p), 1);
	first_done(&first);
}

static void add_body(struct kv_txn *txn)
{
	struct body_store *bodies = shard_of(0)->bodies;
	struct slice content = SLICE("nobody knows me");
	struct body_place place;

	assert_int_equal(body_append(bodies, &content, 1, &place, NULL), 0);
	body_link(bodies, txn, &place, 1);
}

static void flip_byte(struct kv_txn *txn)
{
	struct body_store *bodies = shard_of(0)->bodies;
	struct first first = first_of(bodies->body, txn);
	struct index_entry entry;

	assert_true(index_read(buf_slice(&first.key), buf_slice(&first.value), &entry));
	char *path = segment_path(bodies, entry.place.segment);
	int fd = open(path, O_RDWR);
	assert_int_equal(pwrite(fd, "\x01", 1, (off_t)entry.place.offset + RECORD_HEADER + 20), 1);
	close(fd);
	free(path);
	first_done(&first);
}

static enum kv_result sabotage(struct kv_write *w, struct kv_txn *txn)
{
	((struct sabotage *)w)->change(txn);
	return KV_DONE;
}

static void faults_found(void **state)
{
	static const struct {
		const char *name;
		void (*change)(struct kv_txn *txn);
		unsigned faults;
	} cases[] = {
		{ "entries lost", lose_entries, 10 },	      /* each message counts one too many */
		{ "entries damaged", break_entries, 1 + 10 }, /* that, too */
		{ "a summary lost", lose_message, 2 },	      /* entry, users of the body */
		{ "a summary damaged", break_message, 1 },
		{ "a body lost", lose_body, 1 },
		{ "a body counted too often", miscount_body, 1 },
		{ "a body that nobody uses", add_body, 1 },
		{ "a byte changed on the disk", flip_byte, 1 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sabotage change = { .write = { .apply = sabotage },
			.change = cases[i].change };
		struct store_check check;

		print_message("%s\n", cases[i].name);
		for (uint32_t n = 0; n < 10; n++)
			assert_int_equal(mail_post(n, 1, 1000), 0);
		assert_int_equal(mail_faults(&check), 0);
		assert_int_equal(check.messages, 10);
		assert_int_equal(kv_write(shard_of(0)->env, &change.write), KV_DONE);
		want_num(cases[i].name, (int64_t)mail_faults(&check), cases[i].faults);
		teardown(state);
		setup(state);
	}
}

/* A backup that is damaged is not restored in silence. */
static void damaged_backup(void **state)
{
	struct sabotage change = { .write = { .apply = sabotage }, .change = flip_byte };
	char *folder = tempdir_new(), *copy = tempdir_path(folder, "backup");
	char *target = tempdir_path(folder, "data");
	struct err err;

	(void)state;
	assert_int_equal(mail_post(1, 7, 100), 0);
	assert_int_equal(kv_write(shard_of(0)->env, &change.write), KV_DONE);
	assert_int_equal(store_backup(copy, NULL, NULL, &err), 0);
	mail_close();
	assert_int_equal(store_restore(copy, target, NULL, NULL, &err), -1);
	print_message("%s\n", err.text);
	mail_open(data);
	free(copy);
	free(target);
	tempdir_remove(&folder);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(backup_under_load),
		TEST(refusals),
		TEST(faults_found),
		TEST(damaged_backup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
