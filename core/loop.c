/* loop.c - event loops on libuv, one a core, and the queue of tasks into each */
#include "core/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <uv.h>

#include "core/buf.h"
#include "core/log.h"

struct loop {
	uv_loop_t uv;
	int wake; /* eventfd: uv_async_t of libuv 1.44 spins until its sender is done */
	uv_poll_t posted;
	uv_prepare_t asleep; /* comes before each wait */
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	struct task *first, **last;
	bool ending;
};

static _Thread_local struct loop *here;
static struct loop *loops;
static unsigned n_loops;

static void run_posted(uv_poll_t *posted, int status, int events)
{
	struct loop *loop = posted->data;
	uint64_t count;

	(void)status;
	(void)events;
	if (read(loop->wake, &count, sizeof count) < 0 && errno != EAGAIN)
		bug("event loop: %s", strerror(errno));

	pthread_mutex_lock(&loop->lock);
	struct task *task = loop->first;
	bool ending = loop->ending;
	loop->first = NULL;
	loop->last = &loop->first;
	pthread_mutex_unlock(&loop->lock);

	while (task) {
		struct task *next = task->next; /* the task may free itself */
		task->run(task);
		task = next;
	}
	if (ending)
		uv_stop(&loop->uv);
}

static void wake(struct loop *loop)
{
	uint64_t one = 1;

	if (write(loop->wake, &one, sizeof one) != sizeof one && errno != EAGAIN)
		bug("event loop: %s", strerror(errno));
}

static void before_sleep(uv_prepare_t *asleep)
{
	(void)asleep;
	log_flush();
}

static void *run_loop(void *arg)
{
	struct loop *loop = arg;

	pthread_setname_np(pthread_self(), "loop");
	here = loop;
	log_batch();
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	log_flush();
	return NULL;
}

static int open_loop(struct loop *loop, struct err *err)
{
	pthread_mutex_init(&loop->lock, NULL);
	loop->last = &loop->first;
	loop->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (loop->wake < 0)
		return err_sys(err, "cannot make an event loop");
	int rc = uv_loop_init(&loop->uv);
	if (rc == 0)
		rc = uv_poll_init(&loop->uv, &loop->posted, loop->wake);
	if (rc == 0)
		rc = uv_poll_start(&loop->posted, UV_READABLE, run_posted);
	if (rc == 0)
		rc = uv_prepare_init(&loop->uv, &loop->asleep);
	if (rc == 0)
		rc = uv_prepare_start(&loop->asleep, before_sleep);
	loop->posted.data = loop;
	return rc == 0 ? 0
		       : err_set(err, ERR_TEMP, "cannot make an event loop: %s", uv_strerror(rc));
}

unsigned loops_wanted(unsigned n)
{
	long cores = n == 0 ? sysconf(_SC_NPROCESSORS_ONLN) : (long)n;

	return cores > 0 ? (unsigned)cores : 1;
}

int loops_start(unsigned n, struct err *err)
{
	n = loops_wanted(n);
	loops = mem_get(n * sizeof *loops);
	for (; n_loops < n; n_loops++) {
		struct loop *loop = &loops[n_loops];

		if (open_loop(loop, err) != 0)
			return -1;
		if (pthread_create(&loop->thread, NULL, run_loop, loop) != 0)
			return err_set(err, ERR_TEMP, "cannot start a thread for an event loop");
	}
	return 0;
}

bool loop_thread(void)
{
	return here != NULL;
}

struct loop *loop_here(void)
{
	return here;
}

unsigned loops_count(void)
{
	return n_loops;
}

struct loop *loop_nth(unsigned i)
{
	return &loops[i % n_loops];
}

struct uv_loop_s *loop_uv(struct loop *loop)
{
	return &loop->uv;
}

/* Tasks one behind another, up to `last`. */
static void post_all(struct loop *loop, struct task *first, struct task *last)
{
	last->next = NULL;
	pthread_mutex_lock(&loop->lock);
	bool sleeping = loop->first == NULL && !loop->ending;
	*loop->last = first;
	loop->last = &last->next;
	pthread_mutex_unlock(&loop->lock);
	if (sleeping)
		wake(loop);
}

/* Those that wait for loop_posts_go(), each with its loop; the last one is the first. */
static _Thread_local struct {
	bool on;
	struct task *last;
} held;

void loop_post(struct loop *loop, struct task *task)
{
	if (held.on) {
		task->loop = loop;
		task->next = held.last;
		held.last = task;
		return;
	}
	if (here != loop)
		log_flush();
	post_all(loop, task, task);
}

void loop_posts_hold(void)
{
	held.on = true;
}

/* Those of one loop are taken out, in the order in which they came. */
static bool post_held(struct loop *loop)
{
	struct task *first = NULL, *last = NULL;

	for (struct task **at = &held.last; *at;) {
		struct task *task = *at;

		if (task->loop != loop) {
			at = &task->next;
			continue;
		}
		*at = task->next;
		task->next = first;
		first = task;
		last = last ? last : task;
	}
	if (first)
		post_all(loop, first, last);
	return held.last != NULL;
}

void loop_posts_go(void)
{
	held.on = false;
	if (!held.last)
		return;
	log_flush();
	while (post_held(held.last->loop))
		;
}

uint64_t loop_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* What the loops hold stays: the process ends, and sessions that did not end in
   time still point to it. */
void loops_stop(void)
{
	for (unsigned i = 0; i < n_loops; i++) {
		pthread_mutex_lock(&loops[i].lock);
		loops[i].ending = true;
		wake(&loops[i]);
		pthread_mutex_unlock(&loops[i].lock);
	}
	for (unsigned i = 0; i < n_loops; i++)
		pthread_join(loops[i].thread, NULL);
}
