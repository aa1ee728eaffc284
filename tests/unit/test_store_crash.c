/* test_store_crash.c - killed at any moment: all that was acknowledged is there, once
 *
 * A child takes mail in many threads and tells each number that was taken
 * through a pipe; the parent kills it, opens the same DATA and looks. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/mail_world.h"

enum { KILLS = 20, THREADS = 8, NUMBERS = 1 << 20, EACH = NUMBERS / (KILLS + 1) / THREADS };

static char *data;

struct writer {
	pthread_t id;
	uint32_t first;
	int out;
};

static void *write_mail(void *arg)
{
	struct writer *writer = arg;

	for (uint32_t n = writer->first; n < writer->first + EACH; n++) {
		if (mail_post(n, 1 + n % 7, n % 20 == 0 ? 70000 : 1500) < 0)
			abort();
		if (write(writer->out, &n, sizeof(n)) != sizeof(n))
			abort();
	}
	return NULL;
}

static void child(unsigned round, int out)
{
	struct writer writers[THREADS];

	mail_open(data);
	for (unsigned i = 0; i < THREADS; i++) {
		uint32_t first = (round * THREADS + i) * EACH;
		writers[i] = (struct writer){ .first = first, .out = out };
		pthread_create(&writers[i].id, NULL, write_mail, &writers[i]);
	}
	for (;;)
		pause();
}

/* Also what was written to the pipe and not yet read when the child died. */
static unsigned read_taken(int in, bool *taken)
{
	unsigned total = 0;
	uint32_t n;

	while (read(in, &n, sizeof(n)) == sizeof(n)) {
		assert_true(n < NUMBERS && !taken[n]);
		taken[n] = true;
		total++;
	}
	return total;
}

static unsigned kill_one(unsigned round, bool *taken)
{
	int ends[2], status;

	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(ends[0]);
		child(round, ends[1]);
	}
	close(ends[1]);
	/* Opening takes a while; then at any moment. */
	usleep(60000 + (useconds_t)random() % 200000);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	unsigned n = read_taken(ends[0], taken);
	close(ends[0]);
	return n;
}

static unsigned bits(unsigned n)
{
	return (n & 1) + (n >> 1 & 1) + (n >> 2 & 1);
}

/* All or none of a message's recipients, once; all when it was acknowledged. */
static void expect_all(const bool *taken)
{
	struct mail_counts counts = { mem_get(NUMBERS * sizeof(unsigned)), NUMBERS };

	mail_count(&counts);
	for (uint32_t n = 0; n < NUMBERS; n++) {
		unsigned want = bits(1 + n % 7), found = counts.counts[n];
		if (found != want && (taken[n] || found != 0))
			fail_msg("message %u is there %u times, not %u", (unsigned)n, found, want);
	}
	free(counts.counts);
}

static void killed(void **state)
{
	bool *taken = mem_get(NUMBERS);
	struct store_check check;
	unsigned total = 0;

	(void)state;
	data = tempdir_new();
	mail_open(data);
	mail_make_users();
	mail_close();
	srandom((unsigned)getpid());
	for (unsigned round = 0; round < KILLS; round++) {
		total += kill_one(round, taken);
		mail_open(data);
		assert_int_equal(mail_faults(&check), 0);
		if (round % 5 == 4)
			expect_all(taken);
		mail_close();
	}
	print_message("%u messages acknowledged in %u runs\n", total, (unsigned)KILLS);
	assert_true(total > KILLS);
	free(taken);
	tempdir_remove(&data);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(killed) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
