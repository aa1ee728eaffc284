/* test_sess.c - a session with a small protocol of its own, over a socket pair */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/listen.h"
#include "core/loop.h"
#include "core/num.h"
#include "core/sess.h"

/* The protocol: lines. "i TEXT" answers at once on the loop, "w TEXT" on a
   worker, "n TEXT" and (from the loop) "in TEXT" on a
   network thread, "big N" N kilobytes piece by piece, "slow" after 100 ms, "hold" holds
   back the reply for 200 ms, "me" keeps a handle for waking, "bye" ends. */
struct echo {
	struct slice line;
	uint32_t left;
	unsigned done;
};

static struct sess_handle *kept;
static _Atomic int ended;
static _Atomic bool opens_abroad; /* the greeting needs a network thread */

static enum sess_next echo_open(struct sess *s)
{
	if (opens_abroad && !network_thread())
		return SESS_NETWORK;
	sess_printf(s, "hello\r\n");
	return SESS_NEXT;
}

static enum frame echo_frame(struct sess *s, struct slice in, size_t *used)
{
	struct echo *echo = sess_state(s);
	ptrdiff_t lf = slice_chr(in, '\n');

	if (lf < 0)
		return FRAME_MORE;
	*used = (size_t)lf + 1;
	echo->line = slice_trim(pool_slice(sess_cmd_pool(s), slice_head(in, *used)));
	return slice_starts(echo->line, SLICE("i ")) || slice_starts(echo->line, SLICE("in "))
	    ? FRAME_INSTANT
	    : FRAME_WORK;
}

static enum sess_next give_big(struct sess *s, struct echo *echo)
{
	static const char kilobyte[1024] = "x";

	while (echo->left > 0) {
		if (sess_full(s))
			return SESS_MORE;
		buf_add(sess_out(s), kilobyte, sizeof kilobyte);
		echo->left--;
	}
	sess_printf(s, "end\r\n");
	echo->line = (struct slice){ 0 };
	return SESS_NEXT;
}

static enum sess_next echo_run(struct sess *s)
{
	struct echo *echo = sess_state(s);

	if (echo->left > 0)
		return give_big(s, echo);
	if (slice_starts(echo->line, SLICE("big "))) {
		num_u32(slice_from(echo->line, 4), &echo->left);
		return give_big(s, echo);
	}
	if ((slice_starts(echo->line, SLICE("n ")) || slice_starts(echo->line, SLICE("in "))) &&
	    !network_thread())
		return SESS_NETWORK;
	if (slice_eq(echo->line, SLICE("slow")))
		nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	if (slice_eq(echo->line, SLICE("hold")))
		sess_delay(s, 200);
	if (slice_eq(echo->line, SLICE("me")))
		kept = sess_handle(s);
	sess_printf(s, "%u %.*s\r\n", ++echo->done, SLICE_ARG(echo->line));
	return slice_eq(echo->line, SLICE("bye")) ? SESS_CLOSE : SESS_NEXT;
}

static enum sess_next echo_overlong(struct sess *s, struct slice in, size_t *used)
{
	(void)in;
	(void)used;
	sess_printf(s, "too long\r\n");
	return SESS_NEXT;
}

static enum sess_next echo_wake(struct sess *s)
{
	sess_printf(s, "woken\r\n");
	return SESS_NEXT;
}

static void echo_bye(struct sess *s, enum sess_bye why)
{
	sess_printf(s, "bye %d\r\n", (int)why);
}

static void echo_done(struct sess *s)
{
	(void)s;
	ended++;
}

static const struct proto proto = { .name = "echo",
	.state_size = sizeof(struct echo),
	.line_max = 100,
	.open = echo_open,
	.frame = echo_frame,
	.run = echo_run,
	.overlong = echo_overlong,
	.wake = echo_wake,
	.bye = echo_bye,
	.done = echo_done };

static const struct listener listener = { .name = "echo", .host = "/", .proto = &proto };

/* --- the peer --- */

static int peer_of_new_session(void)
{
	struct sockaddr_storage addr = { .ss_family = AF_UNIX };
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	setsockopt(fd[1], SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ .tv_sec = 10 },
	    sizeof(struct timeval));
	sess_start(&listener, fd[0], &addr);
	return fd[1];
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Read exactly the bytes of want. */
static void hear(int fd, const char *want)
{
	char got[4096];
	size_t n = strlen(want);

	assert_true(n < sizeof got);
	assert_int_equal(recv(fd, got, n, MSG_WAITALL), (ssize_t)n);
	got[n] = '\0';
	assert_string_equal(got, want);
}

static void hear_end(int fd)
{
	char c;

	assert_int_equal(recv(fd, &c, 1, 0), 0);
	close(fd);
}

static void wait_ended(int n)
{
	for (int i = 0; i < 1000 && ended < n; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	assert_int_equal(ended, n);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- the cases --- */

static void test_dialogues(void **state)
{
	static const struct {
		const char *send, *want;
	} cases[] = {
		{ "i one\n", "1 i one\r\n" },
		{ "w one\n", "1 w one\r\n" },
		{ "i one\nw two\ni three\nw four\n",
		    "1 i one\r\n2 w two\r\n3 i three\r\n4 w four\r\n" },
		{ "slow\ni after\n", "1 slow\r\n2 i after\r\n" },
		{ "n one\nin two\ni three\nw four\n",
		    "1 n one\r\n2 in two\r\n3 i three\r\n4 w four\r\n" },
		{ "in one\nw two\nin three\n", "1 in one\r\n2 w two\r\n3 in three\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int fd = peer_of_new_session();
		hear(fd, "hello\r\n");
		say(fd, cases[i].send);
		hear(fd, cases[i].want);
		say(fd, "bye\n");
		shutdown(fd, SHUT_WR);
		char rest[100];
		assert_true(recv(fd, rest, sizeof rest, MSG_WAITALL) > 0);
		hear_end(fd);
	}
}

static void test_greeting_from_the_network(void **state)
{
	(void)state;
	opens_abroad = true;
	int fd = peer_of_new_session();
	say(fd, "i one\nbye\n"); /* too early, and yet heard */
	hear(fd, "hello\r\n1 i one\r\n2 bye\r\n");
	hear_end(fd);
	opens_abroad = false;
}

static void test_one_byte_at_a_time(void **state)
{
	int fd = peer_of_new_session();

	(void)state;
	hear(fd, "hello\r\n");
	for (const char *p = "i one\nw two\nw three\nbye\n"; *p; p++) {
		say(fd, (char[]){ *p, '\0' });
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	hear(fd, "1 i one\r\n2 w two\r\n3 w three\r\n4 bye\r\n");
	hear_end(fd);
}

/* All that was sent before the peer shut its side is answered. */
static void test_half_closed(void **state)
{
	int fd = peer_of_new_session();

	(void)state;
	say(fd, "slow\nw two\nbig 500\n");
	shutdown(fd, SHUT_WR);
	hear(fd, "hello\r\n1 slow\r\n2 w two\r\n");
	for (int i = 0; i < 500; i++) {
		char kilobyte[1024];
		assert_int_equal(recv(fd, kilobyte, sizeof kilobyte, MSG_WAITALL), 1024);
	}
	hear(fd, "end\r\n");
	hear_end(fd);
}

static void test_peer_that_reads_late(void **state)
{
	int fd = peer_of_new_session();
	char kilobyte[1024];

	(void)state;
	hear(fd, "hello\r\n");
	say(fd, "big 5000\ni after\n");
	nanosleep(&(struct timespec){ .tv_nsec = 300000000 }, NULL);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(recv(fd, kilobyte, sizeof kilobyte, MSG_WAITALL), 1024);
	hear(fd, "end\r\n1 i after\r\n");
	close(fd);
}

static void test_overlong(void **state)
{
	int fd = peer_of_new_session();
	char line[101];

	(void)state;
	hear(fd, "hello\r\n");
	memset(line, 'a', 100);
	line[100] = '\0';
	say(fd, line);
	hear(fd, "too long\r\n");
	say(fd, "i on\n");
	hear(fd, "1 i on\r\n");
	close(fd);
}

static void test_wake(void **state)
{
	int fd = peer_of_new_session();

	(void)state;
	hear(fd, "hello\r\n");
	say(fd, "me\n");
	hear(fd, "1 me\r\n");
	for (int i = 0; i < 20; i++) {
		sess_wake(kept);
		hear(fd, "woken\r\n");
	}
	say(fd, "bye\n");
	hear(fd, "2 bye\r\n");
	hear_end(fd);
	sess_wake(kept); /* nobody is there any more */
	sess_handle_free(&kept);
}

static void test_delay(void **state)
{
	int fd = peer_of_new_session();
	uint64_t began = now_ms();

	(void)state;
	hear(fd, "hello\r\n");
	say(fd, "hold\ni after\n");
	hear(fd, "1 hold\r\n2 i after\r\n");
	assert_true(now_ms() - began >= 190);
	close(fd);
}

static void test_peer_goes_in_the_middle(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		int fd = peer_of_new_session();
		say(fd, i % 2 ? "big 5000\n" : "w one\nw two\nslow\n");
		close(fd);
	}
}

static void count_row(void *arg, const struct sess_row *row)
{
	assert_string_equal(row->proto, "echo");
	++*(int *)arg;
}

static void test_end_and_list(void **state)
{
	int fd = peer_of_new_session(), rows = 0;

	(void)state;
	hear(fd, "hello\r\n");
	for (int i = 0; i < 500; i++) { /* those before have gone */
		rows = 0;
		sess_each(count_row, &rows);
		if (rows == 1)
			break;
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	assert_int_equal(rows, 1);
	assert_false(sess_end(1));
	close(fd);
}

static void test_drain(void **state)
{
	int idle = peer_of_new_session(), busy = peer_of_new_session();

	(void)state;
	hear(idle, "hello\r\n");
	hear(busy, "hello\r\n");
	say(busy, "slow\n");
	nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL); /* it runs */
	assert_true(sess_drain(5000));
	hear(idle, "bye 1\r\n");
	hear(busy, "1 slow\r\nbye 1\r\n");
	hear_end(idle);
	hear_end(busy);
}

static int start(void **state)
{
	(void)state;
	return workers_start(4, 2, NULL) || loops_start(2, NULL);
}

static int stop(void **state)
{
	(void)state;
	workers_stop();
	loops_stop();
	return 0;
}

/* done() is called once for each session. */
static void test_all_ended(void **state)
{
	(void)state;
	wait_ended(6 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 50 + 1 + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dialogues),
		cmocka_unit_test(test_greeting_from_the_network),
		cmocka_unit_test(test_one_byte_at_a_time),
		cmocka_unit_test(test_half_closed),
		cmocka_unit_test(test_peer_that_reads_late),
		cmocka_unit_test(test_overlong),
		cmocka_unit_test(test_wake),
		cmocka_unit_test(test_delay),
		cmocka_unit_test(test_peer_goes_in_the_middle),
		cmocka_unit_test(test_end_and_list),
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_all_ended),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
