/* test_box_kill.c - a process that changes mailboxes is killed; what it leaves must be whole */
#include "tests/unit/box_world.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/log.h"
#include "storage/deliver.h"

enum { ROUNDS = 8, ACCT = 7 };

/* --- the one that is killed --- */

static void deliver_some(unsigned n)
{
	struct dir_target target = { .account = ACCT }, far = { .address = "far@y.test" };
	struct deliver_rcpt second = { .target = &far };
	struct deliver_rcpt first = { .target = &target, .next = &second };

	while (n-- > 0) {
		struct deliver d = {
			.mid = log_id(), .message = SLICE("A: b\r\n\r\nc\r\n"), .rcpts = &first
		};
		deliver(&d, NULL);
	}
}

static void shuffle(struct acct *acct)
{
	struct box *box = box_open(acct, SLICE("INBOX"), NULL);
	struct box_snap *snap = box_snap(box);
	uint32_t uids[8], n = 0;
	struct pool pool = { 0 };
	struct box_added added;

	for (uint32_t seq = 1; seq <= box_snap_count(snap) && n < COUNT(uids); seq++)
		uids[n++] = box_snap_nth(snap, seq)->uid;
	box_flags(box, uids, n, BOX_ADD, BOX_SEEN, NULL);
	box_copy(box, uids, n, acct, SLICE("Archive"), false, &pool, &added, NULL);
	box_create(acct, SLICE("x"), BOX_USE_NONE, NULL);
	box_copy(box, uids, n / 2, acct, SLICE("x"), true, &pool, &added, NULL);
	box_flags(box, uids, n, BOX_ADD, BOX_DELETED, NULL);
	box_expunge(box, NULL, 0, NULL);
	box_rename(acct, SLICE("x"), SLICE("y"), NULL);
	box_delete(acct, SLICE("y"), NULL);
	box_snap_free(&snap);
	box_close(&box);
	pool_done(&pool);
}

static void busy(const char *dir)
{
	world_open(dir);
	struct acct *acct = acct_open(ACCT, 0);
	for (;;) {
		deliver_some(10);
		shuffle(acct);
	}
}

static void run_and_kill(const char *dir, unsigned ms)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		busy(dir);
	usleep(ms * 1000);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* --- what it left --- */

struct sum {
	struct acct *acct;
	uint64_t bytes, messages;
};

static bool check_mailbox(void *arg, const struct box_info *info)
{
	struct sum *sum = arg;
	struct box_status status;
	struct box *box = box_open(sum->acct, text(info->name), NULL);
	struct box_snap *snap = box_snap(box);
	uint64_t bytes = 0;
	uint32_t unseen = 0, deleted = 0;

	for (uint32_t seq = 1; seq <= box_snap_count(snap); seq++) {
		const struct box_entry *entry = box_snap_nth(snap, seq);
		bytes += entry->size;
		unseen += !(entry->flags & BOX_SEEN);
		deleted += (entry->flags & BOX_DELETED) != 0;
	}
	assert_int_equal(box_status(sum->acct, text(info->name), &status, NULL), 0);
	assert_int_equal(status.messages, box_snap_count(snap));
	assert_int_equal(status.size, bytes);
	assert_int_equal(status.unseen, unseen);
	assert_int_equal(status.deleted, deleted);
	sum->bytes += bytes;
	sum->messages += status.messages;
	box_snap_free(&snap);
	box_close(&box);
	return true;
}

/* How many messages were queued up to then. */
static unsigned check(void)
{
	struct sum sum = { .acct = acct_open(ACCT, 0) };
	struct acct_usage usage;

	assert_int_equal(box_list(sum.acct, check_mailbox, &sum), 0);
	assert_int_equal(acct_usage(sum.acct, &usage), 0);
	assert_int_equal(usage.bytes, sum.bytes);
	assert_int_equal(usage.messages, sum.messages);
	struct world_count count = world_count();
	assert_int_equal(count.entries, sum.messages);
	acct_close(&sum.acct);
	return count.queued;
}

static void killed(void **state)
{
	char *dir = tempdir_new();
	unsigned queued = 0;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		run_and_kill(dir, 60 + round * 37);
		world_open(dir);
		queued = check();
		world_close();
	}
	assert_true(queued > 0);
	tempdir_remove(&dir);
}

/* --- copies that take several writes --- */

enum { MANY = 3000, STEP = 1000 };

/* Two steps of three, and the end without another word. */
static void copy_and_die(const char *dir, bool move)
{
	struct box_append *messages = mem_get(MANY * sizeof *messages);
	uint32_t uids[MANY];
	struct pool pool = { 0 };
	struct box_added added;
	struct err err;

	world_open(dir);
	struct acct *acct = acct_open(ACCT, 0);
	for (uint32_t i = 0; i < MANY; i++) {
		messages[i] = (struct box_append){ .message = SLICE("A: b\r\n\r\nc\r\n") };
		uids[i] = i + 1;
	}
	box_append(acct, SLICE("INBOX"), messages, MANY, &pool, &added, &err);
	struct box *box = box_open(acct, SLICE("INBOX"), NULL);
	const struct box_copy what = { .uids = uids,
		.n = MANY,
		.to = acct,
		.name = SLICE("Archive"),
		.may = UINT64_MAX,
		.move = move };
	struct box_copying *copying = box_copy_begin(box, &what, &pool, &added, &err);
	bool going = box_copy_step(copying, &err) == 1;
	world_append(acct, "Archive", "A: between\r\n\r\n", 0);
	_exit(going && box_copy_step(copying, &err) == 1 && added.n == 2 * STEP ? 0 : 1);
}

static uint32_t count_of(const char *name)
{
	struct acct *acct = acct_open(ACCT, 0);
	struct box_status status;

	assert_int_equal(box_status(acct, text(name), &status, NULL), 0);
	acct_close(&acct);
	return status.messages;
}

static void die_and_look(bool move, uint32_t inbox, uint32_t archive)
{
	char *dir = tempdir_new();
	int status;
	pid_t pid = fork();

	if (pid == 0)
		copy_and_die(dir, move);
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	for (int i = 0; i < 2; i++) {
		world_open(dir);
		check();
		assert_int_equal(count_of("INBOX"), inbox);
		assert_int_equal(count_of("Archive"), archive);
		world_close();
	}
	tempdir_remove(&dir);
}

/* RFC 9051 §6.4.7: all or nothing. What came from elsewhere stays. */
static void half_a_copy_is_undone(void **state)
{
	(void)state;
	die_and_look(false, MANY, 1);
}

/* §6.4.8: each message is here or there. */
static void half_a_move_stays(void **state)
{
	(void)state;
	die_and_look(true, MANY - 2 * STEP, 2 * STEP + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed),
		cmocka_unit_test(half_a_copy_is_undone),
		cmocka_unit_test(half_a_move_stays),
	};

	return cmocka_run_group_tests_name("box_kill", tests, NULL, NULL);
}
