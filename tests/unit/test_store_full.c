/* test_store_full.c - a disk that fills: mail is refused, nothing is lost, and it goes on when
 * there is room
 *
 * On a small file system in memory; without the right to mount one it is
 * skipped. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "storage/box.h"
#include "tests/unit/mail_world.h"

static char *disk, *data, *ballast;

static bool make_disk(void)
{
	disk = tempdir_new();
	data = tempdir_path(disk, "data");
	ballast = tempdir_path(disk, "ballast");
	return mount("none", disk, "tmpfs", 0, "size=200m") == 0;
}

static void remove_disk(bool mounted)
{
	if (mounted)
		assert_int_equal(umount(disk), 0);
	tempdir_remove(&disk);
	free(data);
	free(ballast);
}

static uint64_t room(void)
{
	struct statvfs fs;

	assert_int_equal(statvfs(disk, &fs), 0);
	return (uint64_t)fs.f_bavail * fs.f_frsize;
}

/* Let something else take all but so many bytes. */
static void leave(uint64_t bytes)
{
	static char zeros[1 << 20];
	int fd = open(ballast, O_WRONLY | O_CREAT | O_APPEND, 0600);

	while (room() > bytes) {
		uint64_t n = room() - bytes;
		if (write(fd, zeros, n < sizeof(zeros) ? (size_t)n : sizeof(zeros)) <= 0)
			break;
	}
	close(fd);
}

static int flag_all(uint64_t flags)
{
	struct pool pool = { 0 };
	struct dir_account account;
	struct err err;
	uint32_t uid = 1;

	assert_int_equal(dir_account(slice_str(mail_users[0]), &pool, &account), 1);
	struct acct *acct = acct_open(account.id, account.shard);
	struct box *box = box_open(acct, SLICE("INBOX"), &err);
	assert_non_null(box);
	int r = box_flags(box, &uid, 1, BOX_ADD, flags, &err);
	if (r == 0)
		r = box_flags(box, &uid, 1, BOX_REMOVE, flags, &err);
	box_close(&box);
	acct_close(&acct);
	pool_done(&pool);
	return r;
}

static void tidy_all(void)
{
	struct err err;

	kv_tidy(shard_of(0)->env, &err); /* may fail; must not end the process */
}

static void fill(void **state)
{
	struct store_check check;
	bool mounted = make_disk();
	uint32_t taken = 0, before;

	(void)state;
	if (!mounted) {
		print_message("cannot mount: %s\n", strerror(errno));
		remove_disk(false);
		skip();
	}
	mail_open(data);
	mail_make_users();
	while (mail_post(taken, 1, 200000) == 0)
		taken++;
	print_message("%u messages taken, %u MB left\n", (unsigned)taken, (unsigned)(room() >> 20));
	assert_true(taken > 50);
	assert_int_equal(flag_all(BOX_SEEN), 0); /* a user can still tidy up */

	/* somebody else fills it to the last byte */
	leave(0);
	assert_int_equal(flag_all(BOX_SEEN), -1);
	assert_int_equal(mail_post(taken, 1, 100), -1);
	tidy_all();
	assert_int_equal(mail_faults(&check), 0);
	assert_int_equal(check.messages, taken);

	assert_int_equal(unlink(ballast), 0);
	before = taken;
	leave(70 << 20);
	while (mail_post(taken, 1, 2000) == 0 && taken < before + 500)
		taken++;
	assert_true(taken > before);
	assert_int_equal(flag_all(BOX_SEEN), 0);
	tidy_all();

	/* and once more, over a restart */
	leave(0);
	mail_close();
	assert_int_equal(unlink(ballast), 0);
	mail_open(data);
	assert_int_equal(mail_faults(&check), 0);
	assert_int_equal(check.messages, taken);
	mail_close();
	remove_disk(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(fill) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
