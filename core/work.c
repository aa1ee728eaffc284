/* work.c - the pool of workers, and named threads for blocking work */
#include "core/loop.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "core/buf.h"
#include "core/log.h"

enum { IDLE_SECONDS = 10, STACK_BYTES = 512 * 1024, THREADS_MAX = 1100 };

static struct {
	pthread_mutex_t lock;
	pthread_cond_t work; /* a task was queued, or the pool ends */
	pthread_cond_t gone; /* a worker ended */
	struct task *first, **last;
	unsigned idle, alive, max;
	bool ending;
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER,
	.work = PTHREAD_COND_INITIALIZER,
	.gone = PTHREAD_COND_INITIALIZER,
	.last = &pool.first };

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

/* With the lock held: the next task, or NULL when this worker should end. */
static struct task *next_task(void)
{
	while (!pool.first) {
		if (pool.ending)
			return NULL;
		struct timespec until = ms_from_now(IDLE_SECONDS * 1000);
		pool.idle++;
		int rc = pthread_cond_timedwait(&pool.work, &pool.lock, &until);
		pool.idle--;
		if (rc != 0 && !pool.first && pool.alive > 1)
			return NULL;
	}
	struct task *task = pool.first;
	pool.first = task->next;
	if (!pool.first)
		pool.last = &pool.first;
	return task;
}

static void *run_worker(void *arg)
{
	struct task *task;

	(void)arg;
	pthread_setname_np(pthread_self(), "worker");
	pthread_mutex_lock(&pool.lock);
	while ((task = next_task()) != NULL) {
		pthread_mutex_unlock(&pool.lock);
		task->run(task);
		pthread_mutex_lock(&pool.lock);
	}
	pool.alive--;
	pthread_cond_signal(&pool.gone);
	pthread_mutex_unlock(&pool.lock);
	return NULL;
}

/* With the lock held. */
static bool add_worker(void)
{
	pthread_t id;

	if (start_thread(&id, true, run_worker, NULL) != 0)
		return false;
	pool.alive++;
	return true;
}

int workers_start(unsigned max, struct err *err)
{
	pthread_mutex_lock(&pool.lock);
	pool.max = max > 0 ? max : 1;
	bool started = add_worker();
	pthread_mutex_unlock(&pool.lock);
	return started ? 0 : err_set(err, ERR_TEMP, "cannot start a worker thread");
}

void worker_post(struct task *task)
{
	task->next = NULL;
	pthread_mutex_lock(&pool.lock);
	*pool.last = task;
	pool.last = &task->next;
	/* When no thread can be added the task waits for one that runs. */
	if (pool.idle == 0 && pool.alive < pool.max)
		add_worker();
	pthread_mutex_unlock(&pool.lock);
	pthread_cond_signal(&pool.work);
}

void workers_stop(void)
{
	pthread_mutex_lock(&pool.lock);
	pool.ending = true;
	pthread_cond_broadcast(&pool.work);
	while (pool.alive > 0)
		pthread_cond_wait(&pool.gone, &pool.lock);
	pool.ending = false;
	pthread_mutex_unlock(&pool.lock);
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
