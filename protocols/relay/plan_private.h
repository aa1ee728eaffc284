/* plan_private.h - private to plan*.c: domains and lanes in memory, under one lock
 *
 * The lock is held for moments only, never while the disk is read: mail that
 * is just being accepted calls plan_note(). */
#ifndef PROTOCOLS_RELAY_PLAN_PRIVATE_H
#define PROTOCOLS_RELAY_PLAN_PRIVATE_H

#include <pthread.h>

#include "protocols/relay/heap.h"
#include "protocols/relay/plan.h"

enum { PLAN_BUCKETS = 4096, PLAN_AHEAD = 64, PLAN_HANGING_S = 5 };

#define PLAN_NEVER INT64_MAX

struct dest {
	struct heap_item due; /* first: the heap gives it back */
	char *name;
	int64_t noted;	   /* the earliest that came while its rows were read */
	bool reading;	   /* its rows are being read */
	bool held;	   /* until its lane has room */
	uint64_t *claimed; /* ids in lanes and in work */
	size_t n_claimed, cap_claimed;
	struct dest *next, *next_held;
};

/* Who is there has connections kept for him, whatever the others do (plan_turn.c). */
enum lane_kind { LANE_ALIVE, LANE_NEW, LANE_FAILED, LANE_KINDS };

struct lane {
	char *key;
	enum lane_kind kind; /* what became of the last connection that was tried */
	enum lane_kind queued_as;
	unsigned strange; /* workers of which it is not known whether they reach anybody */
	struct plan_job *first, **last;
	unsigned ready;	  /* jobs */
	unsigned active;  /* workers, and tickets for them */
	unsigned tickets; /* workers that it still waits for */
	unsigned lingering;
	uint64_t moved;	 /* when a job was last taken, in loop_now()'s time */
	uint64_t minute; /* when the one began that in_minute counts for */
	unsigned in_minute;
	bool queued; /* in plan.lanes_first */
	pthread_cond_t more;
	struct dest *held;
	int64_t down_until;
	bool down_for_good;
	struct buf down_reply, down_way;
	struct lane *next, *next_queued;
};

struct plan {
	pthread_mutex_t lock;
	pthread_cond_t wake; /* the planner */
	pthread_cond_t work; /* workers without a lane */
	pthread_cond_t gone; /* a worker ended */
	struct heap due;
	struct dest *dests[PLAN_BUCKETS];
	struct lane *lanes[PLAN_BUCKETS];
	struct turn {
		struct lane *first, **last;
		unsigned tickets;
	} turns[LANE_KINDS]; /* lanes with tickets */
	enum lane_kind turn; /* that had it last */
	unsigned strange[LANE_KINDS];
	unsigned n_dests, n_lanes, ready;
	unsigned threads, idle, busy;
	bool ending;
};
extern struct plan plan;

/* --- plan_lane.c; all with the lock held --- */
struct lane *lane_find(struct slice key);
void lane_add(struct lane *lane, struct dest *dest, uint64_t id);
void lane_hold(struct lane *lane, struct dest *dest);
/* Ask for workers, and start threads, as what is ready calls for. */
void lane_staff(struct lane *lane);
/* The same for lanes whose workers all hang: one worker more each. */
void lanes_look_after(void);
void lanes_free(void);

/* --- plan_turn.c; all with the lock held --- */
void turn_give(struct lane *lane); /* a ticket more */
struct lane *turn_take(void);	   /* the lane of a ticket that may be used now, or NULL */
unsigned turn_waiting(void);	   /* tickets that may be used now */
void turn_reached(struct lane *lane, bool reached);
/* Mail for it was tried before, perhaps before the start: nothing better is known yet. */
void turn_was_failing(struct lane *lane);
void turn_leave(struct lane *lane);
unsigned turn_max(void); /* connections */

/* --- plan.c; with the lock held --- */
void dest_due(struct dest *dest, int64_t when);

#endif
