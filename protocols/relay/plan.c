/* plan.c - the domains that mail waits for, and the thread that reads what is due */
#include "protocols/relay/plan_private.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "core/conf.h"
#include "core/hash.h"
#include "core/log.h"
#include "core/loop.h"
#include "protocols/relay/route.h"
#include "storage/queue.h"

static void wake_planner(int64_t num)
{
	(void)num;
	pthread_mutex_lock(&plan.lock);
	pthread_cond_signal(&plan.wake);
	pthread_mutex_unlock(&plan.lock);
}

CONF_KEY(relay_deliver) = {
	.name = "relay.deliver",
	.type = CONF_BOOL,
	.def = "on",
	.help = "deliver mail for other servers; off: it is taken and waits",
	.changed = wake_planner,
};

struct plan plan = { .lock = PTHREAD_MUTEX_INITIALIZER,
	.wake = PTHREAD_COND_INITIALIZER,
	.work = PTHREAD_COND_INITIALIZER,
	.gone = PTHREAD_COND_INITIALIZER };

/* --- domains --- */

static struct dest **bucket_of(struct slice name)
{
	return &plan.dests[hash_bytes(name) % PLAN_BUCKETS];
}

static struct dest *dest_find(struct slice name)
{
	struct dest **bucket = bucket_of(name), *dest = *bucket;

	while (dest && !slice_eq(slice_str(dest->name), name))
		dest = dest->next;
	if (dest)
		return dest;
	dest = mem_get(sizeof(*dest));
	dest->name = mem_str(name);
	dest->due.when = dest->noted = PLAN_NEVER;
	dest->next = *bucket;
	*bucket = dest;
	plan.n_dests++;
	return dest;
}

/* if nothing is left to know of it */
static void dest_forget(struct dest *dest)
{
	struct dest **link = bucket_of(slice_str(dest->name));

	if (dest->due.at || dest->reading || dest->held || dest->n_claimed > 0)
		return;
	while (*link != dest)
		link = &(*link)->next;
	*link = dest->next;
	plan.n_dests--;
	free(dest->claimed);
	free(dest->name);
	free(dest);
}

void dest_due(struct dest *dest, int64_t when)
{
	if (dest->reading || dest->held) {
		if (when < dest->noted)
			dest->noted = when;
		return;
	}
	if (dest->due.at && dest->due.when <= when)
		return;
	heap_put(&plan.due, &dest->due, when);
	if (heap_first(&plan.due) == &dest->due)
		pthread_cond_signal(&plan.wake);
}

void plan_note(struct slice domain, int64_t when)
{
	pthread_mutex_lock(&plan.lock);
	if (!plan.ending && when < QUEUE_HELD)
		dest_due(dest_find(domain), when);
	pthread_mutex_unlock(&plan.lock);
}

struct slice plan_domain(const struct plan_job *job)
{
	return slice_str(job->dest->name); /* claimed: it stays */
}

/* --- claims --- */

static bool is_claimed(const struct dest *dest, uint64_t id)
{
	for (size_t i = 0; i < dest->n_claimed; i++)
		if (dest->claimed[i] == id)
			return true;
	return false;
}

static void claim(struct dest *dest, uint64_t id)
{
	if (dest->n_claimed == dest->cap_claimed) {
		dest->cap_claimed = dest->cap_claimed ? 2 * dest->cap_claimed : 4;
		dest->claimed =
		    mem_resize(dest->claimed, dest->cap_claimed * sizeof(*dest->claimed));
	}
	dest->claimed[dest->n_claimed++] = id;
}

void plan_release(struct plan_job **jobp)
{
	struct plan_job *job = *jobp;
	struct dest *dest = job->dest;

	*jobp = NULL;
	pthread_mutex_lock(&plan.lock);
	for (size_t i = 0; i < dest->n_claimed; i++)
		if (dest->claimed[i] == job->id) {
			dest->claimed[i] = dest->claimed[--dest->n_claimed];
			break;
		}
	dest_forget(dest);
	pthread_mutex_unlock(&plan.lock);
	free(job);
}

/* --- reading what is due --- */

struct rows {
	uint64_t *ids;
	size_t n, max;
	bool tried; /* one of them was, and is still here */
};

static bool take_row(void *arg, const struct queue_row *row)
{
	struct rows *rows = arg;

	if (rows->n == rows->max)
		return false;
	rows->ids[rows->n++] = row->id;
	rows->tried = rows->tried || row->tried;
	return true;
}

/* Rows that are claimed are still there: they are read, too, and passed over. A
   row that is gone by now makes a job that finds nothing to do. */
static void read_rows(struct dest *dest, struct lane *lane, int64_t now)
{
	enum { MINUTE = 60 };
	struct rows rows = { .max = dest->n_claimed + PLAN_AHEAD };
	int64_t later; /* when the first one is due that was not taken */

	rows.ids = mem_get(rows.max * sizeof(*rows.ids));
	dest->reading = true;
	dest->noted = PLAN_NEVER;
	lane->active++; /* so that it stays */
	pthread_mutex_unlock(&plan.lock);
	int rc = queue_due(slice_str(dest->name), now, take_row, &rows, &later);
	pthread_mutex_lock(&plan.lock);
	lane->active--;
	if (rows.tried)
		turn_was_failing(lane);
	dest->reading = false;
	for (size_t i = 0; i < rows.n; i++)
		if (!is_claimed(dest, rows.ids[i])) {
			claim(dest, rows.ids[i]);
			lane_add(lane, dest, rows.ids[i]);
		}
	free(rows.ids);
	if (rc < 0)
		later = now + MINUTE;
	int64_t next = later < dest->noted ? later : dest->noted;
	if (next < QUEUE_HELD)
		dest_due(dest, next);
	else
		dest_forget(dest);
}

static void serve(struct dest *dest, int64_t now)
{
	struct pool pool = { 0 };
	struct lane *lane = lane_find(route_key(slice_str(dest->name), &pool));

	heap_remove(&plan.due, &dest->due);
	if (lane->ready >= PLAN_AHEAD)
		lane_hold(lane, dest);
	else {
		read_rows(dest, lane, now);
		lane_staff(lane);
	}
	pool_done(&pool);
}

/* --- the planner --- */

/* While jobs wait for a worker it looks now and then whether one hangs. */
static void wait_until(int64_t when)
{
	int64_t look = time(NULL) + PLAN_HANGING_S;
	struct timespec until = { .tv_sec = (time_t)(plan.ready > 0 && look < when ? look : when) };

	if (when == PLAN_NEVER && plan.ready == 0)
		pthread_cond_wait(&plan.wake, &plan.lock);
	else if (pthread_cond_timedwait(&plan.wake, &plan.lock, &until) == ETIMEDOUT)
		lanes_look_after();
}

static bool note_domain(void *arg, struct slice domain, int64_t when)
{
	(void)arg;
	plan_note(domain, when);
	return true;
}

static void run_planner(void *arg)
{
	(void)arg;
	if (queue_domains(note_domain, NULL) < 0)
		log_event(LOG_ERROR, "relay-cannot-read-queue");
	pthread_mutex_lock(&plan.lock);
	while (!plan.ending) {
		struct heap_item *first = heap_first(&plan.due);
		int64_t now = time(NULL);

		if (!conf_on(&conf_key_relay_deliver))
			wait_until(PLAN_NEVER);
		else if (first && first->when <= now)
			serve((struct dest *)first, now);
		else
			wait_until(first ? first->when : PLAN_NEVER);
	}
	pthread_mutex_unlock(&plan.lock);
}

static void note_due(void *arg, struct slice domain, int64_t when)
{
	(void)arg;
	plan_note(domain, when);
}

int plan_start(struct err *err)
{
	queue_watch(note_due, NULL);
	return thread_start("relay", run_planner, NULL, err);
}

/* --- the end --- */

bool plan_drain(uint64_t ms)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&plan.lock);
	plan.ending = true;
	pthread_cond_broadcast(&plan.wake);
	pthread_cond_broadcast(&plan.work);
	for (size_t i = 0; i < PLAN_BUCKETS; i++)
		for (struct lane *lane = plan.lanes[i]; lane; lane = lane->next)
			pthread_cond_broadcast(&lane->more);
	while (plan.threads > 0 && rc == 0)
		rc = pthread_cond_timedwait(&plan.gone, &plan.lock, &until);
	bool done = plan.threads == 0;
	pthread_mutex_unlock(&plan.lock);
	return done;
}

void plan_free(void)
{
	queue_watch(NULL, NULL);
	lanes_free();
	for (size_t i = 0; i < PLAN_BUCKETS; i++)
		for (struct dest *dest = plan.dests[i], *next; dest; dest = next) {
			next = dest->next;
			free(dest->claimed);
			free(dest->name);
			free(dest);
		}
	heap_done(&plan.due);
}

void plan_figures(struct plan_figures *out)
{
	pthread_mutex_lock(&plan.lock);
	*out = (struct plan_figures){ .domains = plan.n_dests,
		.lanes = plan.n_lanes,
		.ready = plan.ready,
		.connections = plan.busy,
		.threads = plan.threads };
	pthread_mutex_unlock(&plan.lock);
}
