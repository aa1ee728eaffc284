/* load_idle.c - sessions in IDLE that stay, and when all of them have heard something */
#include "load.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

struct idler {
	int fd;
	SSL *ssl;
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
	*idler = (struct idler){ .fd = w->fd, .ssl = w->ssl };
	pthread_once(&once_only, open_poller);
	pthread_mutex_lock(&lock);
	held++;
	pthread_mutex_unlock(&lock);
	return epoll_ctl(poller, EPOLL_CTL_ADD, w->fd, &event) == 0;
}

static bool idle_once(struct worker *w)
{
	long number = next_number();

	if (number < 0)
		return true;
	if (!imap_login(w, number) || !conn_say(w, "a IDLE\r\n") || !conn_line(w) ||
	    w->line[0] != '+' || !keep(w))
		return false;
	/* left open on purpose: it ends with the process */
	w->fd = -1;
	w->ssl = NULL;
	w->done++;
	return true;
}

static bool hears(struct idler *idler, long round)
{
	char text[4096];
	bool first = idler->heard != round;

	if (SSL_read(idler->ssl, text, sizeof(text)) <= 0)
		exit(1);
	idler->heard = round;
	return first;
}

/* Wait until each has heard something, and tell when. */
static void all_heard(void)
{
	struct epoll_event events[AT_ONCE];
	static long round;
	long left = held;
	double at = now();

	for (round++; left > 0;) {
		int n = epoll_wait(poller, events, AT_ONCE, PATIENCE_MS);
		if (n <= 0)
			exit(1);
		for (int i = 0; i < n; i++)
			left -= hears(events[i].data.ptr, round);
		at = now();
	}
	printf("%.6f\n", at);
	fflush(stdout);
}

const struct work work_idle = { .name = "idle", .once = idle_once, .asked = all_heard };
