/* loop.h - event loops, one a core, and the pools of threads that may wait
 *
 * A loop never waits for anything but its events: what may wait for the disk
 * runs on a worker, what may wait for the network on a network thread. */
#ifndef CORE_LOOP_H
#define CORE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct loop;
struct uv_loop_s;

/* Something to run; embedded in the caller's struct, which must live until it
   ran. */
struct task {
	void (*run)(struct task *task);
	struct task *next;
	struct loop *loop; /* loop.c: where it goes */
};

unsigned loops_wanted(unsigned n); /* n; one a core when that is 0 */

/* Start n loops (0: one a core) on threads of their own. */
int loops_start(unsigned n, struct err *err);
unsigned loops_count(void);
struct loop *loop_nth(unsigned i); /* i modulo the count */

/* Is this a loop's thread, which must not wait? */
bool loop_thread(void);
struct loop *loop_here(void); /* that loop, or NULL */

/* Run the task on that loop's thread, soon. Any thread. */
void loop_post(struct loop *loop, struct task *task);
/* What this thread posts in between goes to the loops at the end, all at once: so that a
   thousand sessions are woken by two calls of the system, and none before the locks are
   free that the caller holds now. */
void loop_posts_hold(void);
void loop_posts_go(void);

/* Monotonic milliseconds; cheap. */
uint64_t loop_now(void);

/* End all loops and join their threads. Sessions that are left are not heard
   any more, and what is posted from now on is not run. */
void loops_stop(void);

/* For core/sess.c and core/listen.c alone. */
struct uv_loop_s *loop_uv(struct loop *loop);

/* Two pools of threads for work that may wait: workers for the disk, network
   threads for the answers of other machines. Threads are started as needed, up
   to the most of their pool, and end when idle for a while. */
int workers_start(unsigned max, unsigned network_max, struct err *err);
void worker_post(struct task *task); /* any thread; first in, first out */
/* The same for work that is done by turns and has had one: it comes behind what is
   new, and lanes (an account's, an address's) take turns (core/turns.h). */
void worker_post_turn(struct task *task, uint64_t lane);
void network_post(struct task *task); /* as worker_post */
bool network_thread(void);	      /* is this one of them? */
bool network_ending(void);	      /* what waits there should give up */
void workers_stop(void);	      /* runs what is queued, then joins */

/* A named thread that runs until it returns: housekeeping, outgoing
   connections. Joined by threads_stop, after it raised threads_ending(). */
int thread_start(const char *name, void (*run)(void *arg), void *arg, struct err *err);
bool threads_ending(void);
/* Wait up to ms, woken early by threads_stop; true when the thread should end. */
bool threads_sleep(uint64_t ms);
void threads_stop(void);

#endif
