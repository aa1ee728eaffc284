/* work.c - the two pools of threads that may wait, and named threads for blocking work */
#include "core/loop.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "core/buf.h"
#include "core/log.h"
#include "core/turns.h"
#include "core/watched.h"

/* libunbound takes 200 KB for its first question, in steps of up to 130 KB, which would step over
   a guard of one page and into somebody else's memory. What is not touched takes no memory. The
   thread sanitizer keeps a lot of its own on each stack. */
enum {
	STACK_BYTES = (WATCHED_THREADS ? 4 : 1) * 1024 * 1024,
	GUARD_BYTES = 256 * 1024, /* of these */
};

enum {
	IDLE_SECONDS = 10,
	THREADS_MAX = 1100,
	TURN_EVERY = 8, /* however much is new, each so many tasks one goes on */
};

struct crew {
	const char *name; /* of its threads */
	pthread_mutex_t lock;
	pthread_cond_t work;	    /* a task was queued, or the crew ends */
	pthread_cond_t gone;	    /* a thread ended */
	struct task *first, **last; /* what is new */
	struct turns turns;	    /* what goes on */
	unsigned turning;	    /* threads that have some of that */
	unsigned taken;
	unsigned idle, alive, max;
	bool ending;
};

#define CREW(id)                                                                                   \
	static struct crew id = { .name = #id,                                                     \
		.lock = PTHREAD_MUTEX_INITIALIZER,                                                 \
		.work = PTHREAD_COND_INITIALIZER,                                                  \
		.gone = PTHREAD_COND_INITIALIZER,                                                  \
		.last = &id.first }

CREW(worker);  /* wait for the disk */
CREW(network); /* wait for other machines: their slowness must not hold the workers */

static _Thread_local struct crew *own_crew;

static struct {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t id[THREADS_MAX];
	unsigned n;
	bool ending;
} named = { .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER };

static int start_thread(pthread_t *id, bool detached, void *(*run)(void *), void *arg)
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_attr_setguardsize(&attr, GUARD_BYTES);
	if (detached)
		pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	int rc = pthread_create(id, &attr, run, arg);
	pthread_attr_destroy(&attr);
	return rc;
}

static struct timespec ms_from_now(unsigned ms)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

/* With the lock held. Long work has half of the threads at most, so that there is
   soon one for what is short. */
static bool may_turn(const struct crew *crew)
{
	return crew->turns.waiting && crew->turning < (crew->max + 1) / 2;
}

/* With the lock held. What is new goes first, since most of it is short. */
static struct task *choose(struct crew *crew, bool *turn)
{
	struct task *task = crew->first;

	*turn = may_turn(crew) && (!task || crew->taken % TURN_EVERY == 0);
	if (*turn)
		task = turns_take(&crew->turns);
	else if (task)
		crew->first = task->next;
	if (!crew->first)
		crew->last = &crew->first;
	crew->turning += *turn;
	crew->taken += task != NULL;
	return task;
}

/* With the lock held: the next task, or NULL when this thread should end. */
static struct task *next_task(struct crew *crew, bool *turn)
{
	struct task *task;

	while (!(task = choose(crew, turn))) {
		if (crew->ending)
			return NULL;
		struct timespec until = ms_from_now(IDLE_SECONDS * 1000);
		crew->idle++;
		int rc = pthread_cond_timedwait(&crew->work, &crew->lock, &until);
		crew->idle--;
		if (rc != 0 && !crew->first && !may_turn(crew) && crew->alive > 1)
			return NULL;
	}
	return task;
}

static void *run_tasks(void *arg)
{
	struct crew *crew = arg;
	struct task *task;
	bool turn;

	own_crew = crew;
	pthread_setname_np(pthread_self(), crew->name);
	log_batch();
	pthread_mutex_lock(&crew->lock);
	while ((task = next_task(crew, &turn)) != NULL) {
		pthread_mutex_unlock(&crew->lock);
		task->run(task);
		log_flush();
		pthread_mutex_lock(&crew->lock);
		crew->turning -= turn;
	}
	crew->alive--;
	pthread_cond_signal(&crew->gone);
	pthread_mutex_unlock(&crew->lock);
	return NULL;
}

/* With the lock held. */
static bool add_thread(struct crew *crew)
{
	pthread_t id;

	if (start_thread(&id, true, run_tasks, crew) != 0)
		return false;
	crew->alive++;
	return true;
}

static int crew_start(struct crew *crew, unsigned max, struct err *err)
{
	pthread_mutex_lock(&crew->lock);
	crew->max = max > 0 ? max : 1;
	bool started = add_thread(crew);
	pthread_mutex_unlock(&crew->lock);
	return started ? 0 : err_set(err, ERR_TEMP, "cannot start a %s thread", crew->name);
}

/* With the lock held, which it gives back: a thread that is called must not find it taken.
   When no thread can be added the task waits for one that runs. */
static void call_thread(struct crew *crew)
{
	if (crew->idle == 0 && crew->alive < crew->max)
		add_thread(crew);
	pthread_mutex_unlock(&crew->lock);
	pthread_cond_signal(&crew->work);
}

static void crew_post(struct crew *crew, struct task *task)
{
	task->next = NULL;
	log_flush();
	pthread_mutex_lock(&crew->lock);
	*crew->last = task;
	crew->last = &task->next;
	call_thread(crew);
}

static void crew_stop(struct crew *crew)
{
	pthread_mutex_lock(&crew->lock);
	crew->ending = true;
	pthread_cond_broadcast(&crew->work);
	while (crew->alive > 0)
		pthread_cond_wait(&crew->gone, &crew->lock);
	crew->ending = false;
	pthread_mutex_unlock(&crew->lock);
}

int workers_start(unsigned max, unsigned network_max, struct err *err)
{
	return crew_start(&worker, max, err) || crew_start(&network, network_max, err) ? -1 : 0;
}

void worker_post(struct task *task)
{
	crew_post(&worker, task);
}

void worker_post_turn(struct task *task, uint64_t lane)
{
	log_flush();
	pthread_mutex_lock(&worker.lock);
	turns_add(&worker.turns, task, lane);
	if (may_turn(&worker))
		call_thread(&worker);
	else
		pthread_mutex_unlock(&worker.lock);
}

void network_post(struct task *task)
{
	crew_post(&network, task);
}

bool network_thread(void)
{
	return own_crew == &network;
}

bool network_ending(void)
{
	pthread_mutex_lock(&network.lock);
	bool ending = network.ending;
	pthread_mutex_unlock(&network.lock);
	return ending;
}

void workers_stop(void)
{
	crew_stop(&network);
	crew_stop(&worker);
}

struct start {
	const char *name;
	void (*run)(void *arg);
	void *arg;
};

static void *run_named(void *p)
{
	struct start start = *(struct start *)p;

	free(p);
	pthread_setname_np(pthread_self(), start.name);
	start.run(start.arg);
	return NULL;
}

int thread_start(const char *name, void (*run)(void *arg), void *arg, struct err *err)
{
	struct start *start = mem_get(sizeof *start);
	int rc = -1;

	*start = (struct start){ name, run, arg };
	pthread_mutex_lock(&named.lock);
	if (named.n < THREADS_MAX &&
	    start_thread(&named.id[named.n], false, run_named, start) == 0) {
		named.n++;
		rc = 0;
	}
	pthread_mutex_unlock(&named.lock);
	if (rc != 0) {
		free(start);
		return err_set(err, ERR_TEMP, "cannot start the thread '%s'", name);
	}
	return 0;
}

bool threads_ending(void)
{
	pthread_mutex_lock(&named.lock);
	bool ending = named.ending;
	pthread_mutex_unlock(&named.lock);
	return ending;
}

bool threads_sleep(uint64_t ms)
{
	struct timespec until = ms_from_now((unsigned)ms);
	int rc = 0;

	pthread_mutex_lock(&named.lock);
	while (!named.ending && rc == 0)
		rc = pthread_cond_timedwait(&named.wake, &named.lock, &until);
	bool ending = named.ending;
	pthread_mutex_unlock(&named.lock);
	return ending;
}

void threads_stop(void)
{
	pthread_mutex_lock(&named.lock);
	named.ending = true;
	pthread_cond_broadcast(&named.wake);
	unsigned n = named.n;
	pthread_mutex_unlock(&named.lock);
	for (unsigned i = 0; i < n; i++)
		pthread_join(named.id[i], NULL);
	pthread_mutex_lock(&named.lock);
	named.n = 0;
	named.ending = false;
	pthread_mutex_unlock(&named.lock);
}
