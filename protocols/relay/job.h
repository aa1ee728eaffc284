/* job.h - one message for one domain: offered, its recipients' state stored, its sender told */
#ifndef PROTOCOLS_RELAY_JOB_H
#define PROTOCOLS_RELAY_JOB_H

#include "protocols/relay/plan.h"
#include "protocols/relay/talk.h"
#include "storage/queue_heard.h"

/* Do it. *talk is a connection of this lane that is open already, or NULL; it may
   be opened, and is closed when it broke. */
void job_run(struct lane *lane, const struct plan_job *job, struct talk **talk);

/* For queue_heard_start(): tell the log what the last run could not. */
void job_recovered(const struct queue_heard *said);

/* --- schedule.c --- */

/* When to try again after the nth attempt failed at `now`: unix seconds. */
int64_t schedule_next(unsigned attempts, int64_t now);
/* Is it too old to be tried at `next`? */
bool schedule_is_over(int64_t queued, int64_t next);
/* Should the sender be told that it takes long? */
bool schedule_warns(int64_t queued, int64_t now);
/* How long nobody needs to try a destination that could not be reached. */
int64_t schedule_down(int64_t now);

/* --- report.c --- */

/* Send notifications (RFC 3464) for all recipients in the domain that are owed
   one. 0: done, or it can never be; -1: try later. */
int report_send(const struct queue_entry *entry, struct slice domain, struct err *err);

/* --- report_text.c --- */

/* The whole notification about those recipients of the domain that are owed and
   in that state; body may be NULL when it is gone. */
void report_write(struct buf *out, uint64_t mid, const struct queue_entry *entry,
    struct slice domain, enum queue_state state, struct body *body);

/* --- count.c --- */

/* What happened since the start. */
enum relay_count {
	COUNT_CONNECTED,
	COUNT_NOT_CONNECTED,
	COUNT_DELIVERED, /* recipients */
	COUNT_DEFERRED,
	COUNT_FAILED,
	COUNT_REPORTS,
	COUNT_KINDS,
};
void relay_count(enum relay_count what);

#endif
