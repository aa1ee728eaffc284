/* plan.h - what is to be delivered now, and on how many connections
 *
 * A *dest* is a domain that mail waits for. A *lane* is a way out that one or
 * more of them share: the servers of a domain, or a host that is set for many.
 * The planner, one thread, reads what is due from the queue's index into lanes
 * and hands lanes to workers; nobody looks at mail that is not due. What is read
 * ahead is bounded for each lane, so memory holds domains, not messages, and a
 * lane that is slow keeps no other waiting. */
#ifndef PROTOCOLS_RELAY_PLAN_H
#define PROTOCOLS_RELAY_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"

struct dest;
struct lane;

/* An entry's recipients in one domain; claimed, so nobody else has it. */
struct plan_job {
	struct dest *dest;
	uint64_t id;
	struct plan_job *next;
};

int plan_start(struct err *err);

/* Take nothing up any more; wait until the workers are done, ms at most. True:
   they are. */
bool plan_drain(uint64_t ms);
void plan_free(void); /* after threads_stop */

struct slice plan_domain(const struct plan_job *job);

/* Something became due. Any thread; waits for nothing. */
void plan_note(struct slice domain, int64_t when);

/* --- for workers --- */

/* A lane that wants one worker more; waits for it. NULL: the end. */
struct lane *plan_lane(void);
/* The next job of the lane. With linger_ms some time is given to it to come, as
   long as nobody else needs the thread. NULL: none. */
struct plan_job *plan_take(struct lane *lane, uint64_t linger_ms);
/* The job is over, and what became of it in the queue. */
void plan_release(struct plan_job **job);
/* The worker has done with the lane. */
void plan_leave(struct lane *lane);

/* A connection was made: the lane is alive. */
void plan_up(struct lane *lane);
/* None could be made by that way (route_way): for some time others of the same need not try.
   way and reply are copied. */
void plan_down(
    struct lane *lane, const char *way, bool for_good, struct slice reply, int64_t until);
/* Was that so just now? *reply from pool. */
bool plan_is_down(
    struct lane *lane, const char *way, struct pool *pool, bool *for_good, struct slice *reply);

/* Do destinations wait for a connection that the limit does not give them? */
bool plan_is_crowded(void);

/* For `signet queue status`. */
struct plan_figures {
	unsigned domains, lanes, ready, connections, threads;
};
void plan_figures(struct plan_figures *out);

/* worker.c: the work of a thread; returns at the end. */
void relay_work(void *arg);

#endif
