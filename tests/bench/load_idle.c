/* load_idle.c - sessions in IDLE that stay, or told of by NOTIFY, and when all of them have heard
 * something
 *
 * The kernel says when bytes came to a socket, which on one machine is when the server wrote them.
 * What came is then read without being decrypted: on a machine with few processors a thousand
 * clients that do that are in the server's way. */
#include "load.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

struct idler {
	int fd;
	long heard; /* in which round it heard last */
};

enum { AT_ONCE = 256, PATIENCE_MS = 30000 };

static pthread_once_t once_only = PTHREAD_ONCE_INIT;
static int poller;
static long held;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void open_poller(void)
{
	poller = epoll_create1(EPOLL_CLOEXEC);
}

static bool keep(struct worker *w)
{
	struct idler *idler = malloc(sizeof(*idler));
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = idler };

	if (!idler)
		return false;
	*idler = (struct idler){ .fd = w->fd };
	pthread_once(&once_only, open_poller);
	if (setsockopt(w->fd, SOL_SOCKET, SO_TIMESTAMPNS, &(int){ 1 }, sizeof(int)) < 0)
		return false;
	pthread_mutex_lock(&lock);
	held++;
	pthread_mutex_unlock(&lock);
	return epoll_ctl(poller, EPOLL_CTL_ADD, w->fd, &event) == 0;
}

static bool waits(struct worker *w)
{
	const char *command = *w->o->command ? w->o->command : "IDLE";

	return conn_say(w, "a %s\r\n", command) && conn_line(w) &&
	    (w->line[0] == '+' || strncmp(w->line, "a OK", 4) == 0);
}

static bool idle_once(struct worker *w)
{
	long number = next_number();

	if (number < 0)
		return true;
	if (!imap_login(w, number) || !waits(w) || !keep(w))
		return false;
	/* left open on purpose: it ends with the process */
	w->fd = -1;
	w->ssl = NULL;
	w->done++;
	return true;
}

/* What was read last came to the socket at that time of CLOCK_REALTIME, in seconds. */
static double came(struct msghdr *msg)
{
	struct timespec t = { 0 };

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
			memcpy(&t, CMSG_DATA(c), sizeof(t));
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool hears(struct idler *idler, long round, double *last)
{
	char text[4096], control[CMSG_SPACE(sizeof(struct timespec))];
	struct iovec iov = { text, sizeof(text) };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	bool first = idler->heard != round;

	if (recvmsg(idler->fd, &msg, 0) <= 0)
		exit(1);
	if (came(&msg) > *last)
		*last = came(&msg);
	idler->heard = round;
	return first;
}

static double realtime(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Wait until each has heard something; tell when the last was written to, and when it was read. */
static void all_heard(void)
{
	struct epoll_event events[AT_ONCE];
	static long round;
	long left = held;
	double at = now(), last = 0;

	for (round++; left > 0;) {
		int n = epoll_wait(poller, events, AT_ONCE, PATIENCE_MS);
		if (n <= 0)
			exit(1);
		for (int i = 0; i < n; i++)
			left -= hears(events[i].data.ptr, round, &last);
		at = now();
	}
	printf("%.6f %.6f\n", last + now() - realtime(), at);
	fflush(stdout);
}

const struct work work_idle = { .name = "idle", .once = idle_once, .asked = all_heard };
