/* plan_lane.c - lanes: what is ready to go one way, and who takes it there */
#include "protocols/relay/plan_private.h"

#include <stdlib.h>
#include <time.h>

#include "core/conf.h"
#include "core/hash.h"
#include "core/log.h"
#include "core/loop.h"

CONF_KEY(relay_destination_connections) = {
	.name = "relay.destination-connections",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_DESTINATION,
	.def = "10",
	.min = 1,
	.max = 1000,
	.help = "most connections to one destination at a time",
};

CONF_KEY(relay_destination_rate) = {
	.name = "relay.destination-rate",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_DESTINATION,
	.def = "0",
	.max = 1000000,
	.help = "most messages a minute to one destination; 0: as many as there are",
};

enum {
	READY_FOR_EACH = 8, /* messages that wait, for one connection more */
	NO_LANES_KEPT = 1000,
};

/* --- finding, forgetting --- */

static bool is_idle(const struct lane *lane)
{
	return lane->active == 0 && lane->ready == 0 && !lane->held;
}

static void lane_free(struct lane *lane)
{
	pthread_cond_destroy(&lane->more);
	buf_done(&lane->down_reply);
	buf_done(&lane->down_way);
	free(lane->key);
	free(lane);
	plan.n_lanes--;
}

/* Those that are down are remembered for their time, and for an hour those that were
   reached: who is alive has connections kept for him. */
static bool is_worth_keeping(const struct lane *lane, int64_t now)
{
	enum { HOUR_MS = 3600 * 1000 };

	return lane->down_until > now ||
	    (lane->kind == LANE_ALIVE && loop_now() - lane->moved < HOUR_MS);
}

static void forget_idle(void)
{
	int64_t now = time(NULL);

	for (size_t i = 0; i < PLAN_BUCKETS; i++)
		for (struct lane **link = &plan.lanes[i], *lane; (lane = *link) != NULL;) {
			if (!is_idle(lane) || is_worth_keeping(lane, now)) {
				link = &lane->next;
				continue;
			}
			*link = lane->next;
			lane_free(lane);
		}
}

struct lane *lane_find(struct slice key)
{
	struct lane **bucket = &plan.lanes[hash_bytes(key) % PLAN_BUCKETS];

	for (struct lane *lane = *bucket; lane; lane = lane->next)
		if (slice_eq(slice_str(lane->key), key))
			return lane;
	if (plan.n_lanes % NO_LANES_KEPT == NO_LANES_KEPT - 1)
		forget_idle();
	struct lane *lane = mem_get(sizeof(*lane));
	lane->key = mem_str(key);
	lane->kind = LANE_NEW;
	lane->last = &lane->first;
	pthread_cond_init(&lane->more, NULL);
	lane->next = *bucket;
	*bucket = lane;
	plan.n_lanes++;
	return lane;
}

void lanes_free(void)
{
	for (size_t i = 0; i < PLAN_BUCKETS; i++)
		while (plan.lanes[i]) {
			struct lane *lane = plan.lanes[i];

			plan.lanes[i] = lane->next;
			while (lane->first) {
				struct plan_job *job = lane->first;
				lane->first = job->next;
				free(job);
			}
			lane_free(lane);
		}
}

/* --- jobs --- */

void lane_add(struct lane *lane, struct dest *dest, uint64_t id)
{
	struct plan_job *job = mem_get(sizeof(*job));

	*job = (struct plan_job){ .dest = dest, .id = id };
	*lane->last = job;
	lane->last = &job->next;
	lane->ready++;
	plan.ready++;
}

void lane_hold(struct lane *lane, struct dest *dest)
{
	dest->held = true;
	dest->noted = PLAN_NEVER;
	dest->next_held = lane->held;
	lane->held = dest;
}

/* There is room again: what was held is due now. */
static void let_held_go(struct lane *lane)
{
	struct dest *dest = lane->held, *next;

	lane->held = NULL;
	for (; dest; dest = next) {
		next = dest->next_held;
		dest->held = false;
		dest_due(dest, 1);
	}
}

/* --- so many a minute --- */

static bool is_over_rate(struct lane *lane)
{
	enum { MINUTE_MS = 60000 };
	int64_t most = conf_num_at(
	    &conf_key_relay_destination_rate, &(struct conf_at){ .destination = lane->key });
	uint64_t now = loop_now();

	if (now - lane->minute >= MINUTE_MS) {
		lane->minute = now;
		lane->in_minute = 0;
	}
	return most > 0 && lane->in_minute >= most;
}

static struct plan_job *pop(struct lane *lane)
{
	struct plan_job *job = lane->first;

	lane->first = job->next;
	if (!lane->first)
		lane->last = &lane->first;
	lane->ready--;
	lane->in_minute++;
	plan.ready--;
	lane->moved = loop_now();
	if (lane->held && lane->ready < PLAN_AHEAD / 2)
		let_held_go(lane);
	return job;
}

/* --- workers --- */

static bool hangs(const struct lane *lane)
{
	return loop_now() - lane->moved >= PLAN_HANGING_S * 1000;
}

/* One connection takes one message after another; more of them help when many
   wait, or when none gets on. While it is not known whether anybody is there, one
   tries. */
static bool wants_more(struct lane *lane)
{
	unsigned most = (unsigned)conf_num_at(
	    &conf_key_relay_destination_connections, &(struct conf_at){ .destination = lane->key });

	if (lane->ready == 0 || lane->active >= most || is_over_rate(lane))
		return false;
	if (lane->active == 0)
		return true;
	return lane->down_until == 0 &&
	    (lane->ready > READY_FOR_EACH * lane->active || hangs(lane));
}

static void start_thread(void)
{
	struct err err;

	if (plan.idle >= turn_waiting() || plan.threads >= turn_max())
		return;
	plan.threads++;
	if (thread_start("relay", relay_work, NULL, &err) != 0) {
		plan.threads--;
		log_event(LOG_WARN, "relay-no-thread", log_z("reason", err.text));
	}
}

static void give_ticket(struct lane *lane)
{
	lane->active++;
	turn_give(lane);
	start_thread();
	pthread_cond_signal(&plan.work);
}

void lane_staff(struct lane *lane)
{
	if (lane->lingering > 0 && lane->ready > 0)
		pthread_cond_broadcast(&lane->more);
	while (!plan.ending && wants_more(lane)) {
		give_ticket(lane);
		lane->moved = loop_now(); /* it has its chance */
	}
}

void lanes_look_after(void)
{
	for (size_t i = 0; i < PLAN_BUCKETS; i++)
		for (struct lane *lane = plan.lanes[i]; lane; lane = lane->next)
			if (lane->ready > 0)
				lane_staff(lane);
}

struct lane *plan_lane(void)
{
	struct lane *lane = NULL;

	pthread_mutex_lock(&plan.lock);
	while (!plan.ending && !(lane = turn_take())) {
		plan.idle++;
		pthread_cond_wait(&plan.work, &plan.lock);
		plan.idle--;
	}
	if (!plan.ending)
		plan.busy++;
	else {
		plan.threads--;
		pthread_cond_broadcast(&plan.gone);
	}
	pthread_mutex_unlock(&plan.lock);
	return lane;
}

/* With the lock held: wait for a job, unless others wait for a thread. */
static void linger(struct lane *lane, uint64_t ms)
{
	struct timespec until;

	if (turn_waiting() > plan.idle)
		return;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	lane->lingering++;
	pthread_cond_timedwait(&lane->more, &plan.lock, &until);
	lane->lingering--;
}

struct plan_job *plan_take(struct lane *lane, uint64_t linger_ms)
{
	struct plan_job *job = NULL;

	pthread_mutex_lock(&plan.lock);
	if (!lane->first && linger_ms > 0 && !plan.ending)
		linger(lane, linger_ms);
	if (lane->first && !plan.ending && !is_over_rate(lane))
		job = pop(lane);
	pthread_mutex_unlock(&plan.lock);
	return job;
}

void plan_leave(struct lane *lane)
{
	pthread_mutex_lock(&plan.lock);
	lane->active--;
	plan.busy--;
	turn_leave(lane);
	lane_staff(lane); /* something may have come in the last moment */
	pthread_mutex_unlock(&plan.lock);
}

/* --- down --- */

void plan_up(struct lane *lane)
{
	pthread_mutex_lock(&plan.lock);
	lane->down_until = 0;
	turn_reached(lane, true);
	start_thread(); /* another may be tried instead */
	pthread_cond_signal(&plan.work);
	pthread_mutex_unlock(&plan.lock);
}

void plan_down(struct lane *lane, const char *way, bool for_good, struct slice reply, int64_t until)
{
	pthread_mutex_lock(&plan.lock);
	lane->down_until = until;
	turn_reached(lane, false);
	lane->down_for_good = for_good;
	buf_clear(&lane->down_reply);
	buf_adds(&lane->down_reply, reply);
	buf_clear(&lane->down_way);
	buf_addz(&lane->down_way, way);
	pthread_mutex_unlock(&plan.lock);
}

bool plan_is_down(
    struct lane *lane, const char *way, struct pool *pool, bool *for_good, struct slice *reply)
{
	pthread_mutex_lock(&plan.lock);
	bool down =
	    lane->down_until > time(NULL) && slice_eq(buf_slice(&lane->down_way), slice_str(way));
	if (down) {
		*for_good = lane->down_for_good;
		*reply = pool_slice(pool, buf_slice(&lane->down_reply));
	}
	pthread_mutex_unlock(&plan.lock);
	return down;
}
