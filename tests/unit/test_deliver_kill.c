/* test_deliver_kill.c - killed while rules spread messages: each of them is everywhere or nowhere
 */
#include "tests/unit/rules_world.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/right.h"

enum { ROUNDS = 6, THREADS = 3 };

static const char script[] =
    "require [\"fileinto\",\"copy\",\"vnd.signet.store-encrypted\"];"
    "fileinto :copy \"A\"; redirect :copy \"x@far.test\"; store_encrypted \"~jim/INBOX\";";

static void *post_on(void *arg)
{
	for (;;) {
		struct rules_post post = { .from = "a@far.test",
			.to = "john@alpha.test ann@alpha.test",
			.message = "Subject: x\r\n\r\nx\r\n" };
		rules_deliver(&post);
	}
	return arg;
}

static void busy(const char *dir)
{
	pthread_t threads[THREADS];

	world_open(dir);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, post_on, NULL);
	pthread_join(threads[0], NULL);
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

/* How many there were. */
static unsigned check(void)
{
	struct world_count count = world_count();
	unsigned n = rules_count("john@alpha.test", "A");

	assert_int_equal(rules_count("jim@alpha.test", "INBOX"), n);
	assert_int_equal(rules_count("ann@alpha.test", "INBOX"), n);
	assert_int_equal(rules_count("john@alpha.test", "INBOX"), 0);
	assert_int_equal(count.entries, 3 * n);
	assert_int_equal(count.queued, n);
	assert_int_equal(count.bodies, 3 * n); /* clear, encrypted, redirected */
	return n;
}

static void make_rules(void)
{
	struct acct *jim = rules_acct("jim@alpha.test");
	struct err err;

	assert_int_equal(right_change(jim, SLICE("INBOX"), SLICE("john@alpha.test"), RIGHT_ADD,
			     RIGHT_INSERT, &err),
	    0);
	rules_script("john@alpha.test", script);
	acct_close(&jim);
}

static void killed(void **state)
{
	char *dir = *state;
	unsigned n = 0;

	make_rules();
	world_close();
	for (unsigned round = 0; round < ROUNDS; round++) {
		/* A busy machine may need longer to begin at all. */
		run_and_kill(dir, 150 + round * (n > 0 ? 37 : 1000));
		world_open(dir);
		unsigned now = check();
		assert_true(now >= n);
		n = now;
		world_close();
	}
	assert_true(n > 0);
	world_open(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RULES_TEST(killed),
	};

	return cmocka_run_group_tests_name("deliver_kill", tests, NULL, NULL);
}
