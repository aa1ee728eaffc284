/* job_private.h - private to job*.c: a message for one domain in the making */
#ifndef PROTOCOLS_RELAY_JOB_PRIVATE_H
#define PROTOCOLS_RELAY_JOB_PRIVATE_H

#include "protocols/relay/job.h"
#include "protocols/relay/send.h"

struct work {
	struct lane *lane;
	struct slice domain;
	struct conf_at at;
	enum level_wish wish;
	const char *way;
	struct talk **talk;
	struct pool *pool;
	struct queue_entry entry;
	struct queue_rcpt *rcpts; /* the entry's */
	struct body *body;
	uint64_t from;
	int64_t now;
	bool unsaved;	       /* what became of it could not be stored */
	bool asked;	       /* an admin wants it tried now */
	struct send_rcpt *due; /* those that were not offered yet */
	size_t n_due;
};

/* --- job_settle.c --- */

/* Store the state of the entry's recipients in the domain. 0, or -1: logged, and the domain is
   tried again later. */
int job_save(const struct work *w);
/* Store what became of the first n that are due, then tell the log and drop them from due. The
   same results. */
int job_settle(struct work *w, size_t n);
/* All that are due have this outcome. */
void job_settle_all(struct work *w, enum sent sent, struct slice reply);

#endif
