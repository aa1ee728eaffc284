/* source_room.c - few threads at a time wait for a directory, and none for one that is down
 *
 * Without a bound, one directory that hangs would take all workers, and with them all
 * domains. So few may be inside at a time, for one directory and for all together; who
 * finds no room waits while others come out, and not for one that stands still. After a
 * failure nobody asks for a while; then one may try. */
#include <time.h>

#include "core/loop.h"
#include "storage/source_private.h"

enum {
	ALL_CALLS_MAX = 16,
	WAIT_MS = 5000,	 /* for room, while others come out */
	STILL_MS = 2000, /* full for so long with nobody coming out */
	REST_MS = 5000,	 /* after a failure */
	IDLE_MS = 30000, /* a link that was not used for longer is closed */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t left = PTHREAD_COND_INITIALIZER;
static unsigned all_calls;

static bool has_room(const struct source *s)
{
	return s->calls < (s->doubted ? 1 : SOURCE_CALLS_MAX) && all_calls < ALL_CALLS_MAX;
}

/* Until when it is worth to wait; 0: it is not. */
static uint64_t wait_until(const struct source *s, uint64_t began)
{
	uint64_t longest = began + WAIT_MS, still = s->moved + STILL_MS;
	uint64_t until = longest < still ? longest : still, now = loop_now();

	return s->doubted || now < s->rest_until || now >= until ? 0 : until;
}

/* loop_now() is CLOCK_MONOTONIC, but up to 4 ms behind. */
static struct timespec time_of(uint64_t ms)
{
	ms += 5;
	return (struct timespec){ .tv_sec = (time_t)(ms / 1000),
		.tv_nsec = (long)(ms % 1000) * 1000000 };
}

/* With the lock held. */
static void wait_for_room(struct source *s)
{
	uint64_t began = loop_now(), until;

	while (!has_room(s) && (until = wait_until(s, began)) > 0) {
		struct timespec t = time_of(until);
		pthread_cond_clockwait(&left, &lock, CLOCK_MONOTONIC, &t);
	}
}

/* One that is not too old. Others come back in *old: closing takes time. */
static struct ldapc *take_link(struct source *s, struct ldapc **old, unsigned *n_old)
{
	uint64_t now = loop_now();

	while (s->n_idle > 0) {
		unsigned at = --s->n_idle;
		if (s->idle_since[at] + IDLE_MS > now && !ldapc_is_stale(s->idle[at]))
			return s->idle[at];
		old[(*n_old)++] = s->idle[at];
	}
	return NULL;
}

int source_enter(struct source *s, struct ldapc **link, struct err *err)
{
	struct ldapc *old[SOURCE_CALLS_MAX];
	unsigned n_old = 0;
	int rc = 0;

	*link = NULL;
	pthread_mutex_lock(&lock);
	if (s->calls == 0)
		s->moved = loop_now();
	if (!has_room(s))
		wait_for_room(s);
	if (loop_now() < s->rest_until)
		rc = err_set(err, ERR_TEMP, "the directory of %s failed a moment ago", s->domain);
	else if (!has_room(s))
		rc = err_set(err, ERR_BUSY, "the directory of %s is busy", s->domain);
	if (rc == 0) {
		s->calls++;
		all_calls++;
		*link = take_link(s, old, &n_old);
	}
	pthread_mutex_unlock(&lock);
	while (n_old > 0)
		ldapc_close(&old[--n_old]);
	return rc;
}

void source_leave(struct source *s, struct ldapc *link, bool failed)
{
	pthread_mutex_lock(&lock);
	s->calls--;
	all_calls--;
	s->moved = loop_now();
	s->doubted = failed;
	if (failed)
		s->rest_until = s->moved + REST_MS;
	if (link && s->n_idle < SOURCE_CALLS_MAX) {
		s->idle_since[s->n_idle] = s->moved;
		s->idle[s->n_idle++] = link;
		link = NULL;
	}
	pthread_cond_broadcast(&left);
	pthread_mutex_unlock(&lock);
	ldapc_close(&link);
}

void source_close_idle(struct source *s)
{
	struct ldapc *old[SOURCE_CALLS_MAX];

	pthread_mutex_lock(&lock);
	unsigned n = s->n_idle;
	memcpy(old, s->idle, sizeof(old));
	s->n_idle = 0;
	pthread_mutex_unlock(&lock);
	while (n > 0)
		ldapc_close(&old[--n]);
}
