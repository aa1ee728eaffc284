/* kv_group.c - group commit: one of the threads that wait runs the writes of all
 *
 * Who finds no leader becomes it, takes all writes that wait, runs them in one
 * transaction and makes it durable with one flush. Writes that arrive
 * meanwhile queue up; the leader then hands over to the first of them. A
 * transaction's locks are gone before the flush, so readers never wait for the
 * disk, and since there is one writer at a time, writers never wait for each
 * other's pages.
 *
 * On a slow disk the leader waits a little before it takes what is there, for
 * those who were woken by the last round and are about to write again: else
 * half of the threads would always be in the round and half before it.
 *
 * Each waiter sleeps on a semaphore of its own: a round wakes those that are
 * done and the next leader, nobody else, and none of them takes a lock then.
 *
 * Who does not wait (kv_write_begin) can lead his own round only, while he is here. When
 * all that is left is of such, a worker is called to lead, unless somebody comes before
 * him. A thread that sleeps always has a leader: workers may all sleep here. */
#include "storage/kv_group.h"

#include <errno.h>
#include <sched.h>
#include <semaphore.h>
#include <time.h>

#include "core/err.h"
#include "core/log.h"
#include "core/metric.h"

enum {
	BATCH_MAX = 256,
	TRIES_MAX = 1000, /* of a transaction that loses deadlocks to readers */
	SLOW_NS = 500000, /* a disk for which waiting may pay */
	PATIENCE = 8,	  /* wait this part of what a round takes */
	IN_VAIN_ROUNDS = 16,
};

METRIC(store_writes) = {
	.name = "signet_store_writes_total",
	.type = METRIC_COUNTER,
	.help = "changes of the store",
	.cells = METRIC_CELLS(1),
};

METRIC(store_commits) = {
	.name = "signet_store_commits_total",
	.type = METRIC_COUNTER,
	.help = "transactions, each with one or more changes",
	.cells = METRIC_CELLS(1),
};

METRIC(store_syncs) = {
	.name = "signet_store_syncs_total",
	.type = METRIC_COUNTER,
	.help = "times that the log was flushed to the disk",
	.cells = METRIC_CELLS(1),
};

/* A thread inside kv_write. */
struct kv_wait {
	sem_t wake;
	bool lead; /* woken to be the leader, not because its write is done */
};

void kv_group_init(struct kv_group *group, const struct kv_engine *engine, void *arg)
{
	pthread_condattr_t monotonic;

	*group = (struct kv_group){ .engine = engine, .arg = arg };
	group->end = &group->first;
	pthread_mutex_init(&group->lock, NULL);
	pthread_cond_init(&group->settled, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&group->gathered, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

void kv_group_done(struct kv_group *group)
{
	pthread_cond_destroy(&group->gathered);
	pthread_cond_destroy(&group->settled);
	pthread_mutex_destroy(&group->lock);
}

/* --- one batch --- */

/* Run the writes in the open transaction. True: something is to be
   committed. */
static bool apply_all(struct kv_write *batch, struct kv_txn *txn)
{
	bool changed = false;

	for (struct kv_write *w = batch; w; w = w->next) {
		w->result = w->apply(w, txn);
		if (w->result == KV_FAILED && txn->trouble == KV_TROUBLE_NONE)
			txn->trouble = KV_TROUBLE_FAILED;
		if (txn->trouble != KV_TROUBLE_NONE)
			return false;
		if (w->result == KV_DONE)
			changed = true;
	}
	return changed;
}

static enum kv_trouble attempt(struct kv_group *group, struct kv_write *batch)
{
	const struct kv_engine *engine = group->engine;
	struct kv_txn txn = { 0 };

	if (engine->begin(group->arg, &txn) < 0)
		return KV_TROUBLE_FAILED;
	if (!apply_all(batch, &txn)) {
		engine->abort(group->arg, &txn);
		return txn.trouble;
	}
	/* Counted before it can be seen: kv_settle must never miss it. */
	pthread_mutex_lock(&group->lock);
	group->begun++;
	group->commits++;
	metric_add(&metric_store_commits, 0, 1);
	pthread_mutex_unlock(&group->lock);
	return engine->commit(group->arg, &txn);
}

static enum kv_trouble transact(struct kv_group *group, struct kv_write *batch)
{
	enum kv_trouble trouble = KV_TROUBLE_FAILED;

	for (unsigned i = 0; i < TRIES_MAX; i++) {
		trouble = attempt(group, batch);
		if (trouble != KV_TROUBLE_CONFLICT)
			return trouble;
		pthread_mutex_lock(&group->lock);
		group->retries++;
		pthread_mutex_unlock(&group->lock);
		sched_yield();
	}
	log_event(LOG_ERROR, "store-conflict", log_n("tries", TRIES_MAX));
	return KV_TROUBLE_FAILED;
}

/* A batch fails for one write's sake: let each show whether it is the one. */
static void transact_each(struct kv_group *group, struct kv_write *batch)
{
	for (struct kv_write *w = batch, *next; w; w = next) {
		next = w->next;
		w->next = NULL;
		if (transact(group, w) != KV_TROUBLE_NONE)
			w->result = KV_FAILED;
		w->next = next;
	}
}

static void fail_all(struct kv_write *batch)
{
	for (struct kv_write *w = batch; w; w = w->next)
		w->result = KV_FAILED;
}

static void run_batch(struct kv_group *group, struct kv_write *batch)
{
	uint64_t before = group->begun;

	if (group->engine->prepare(group->arg) < 0) {
		fail_all(batch);
		return;
	}
	if (transact(group, batch) != KV_TROUBLE_NONE) {
		if (batch->next)
			transact_each(group, batch);
		else
			batch->result = KV_FAILED;
	}
	if (group->begun == before)
		return;
	group->engine->flush(group->arg);
	for (struct kv_write *w = batch; w; w = w->next)
		if (w->result == KV_DONE && w->durable)
			w->durable(w);
}

/* --- who leads --- */

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Wait for those who may come; if few do, not again for a while. Locked. */
static void gather(struct kv_group *group)
{
	uint64_t until = group->ended_ns + group->flush_ns / PATIENCE;
	struct timespec t = { (time_t)(until / 1000000000), (long)(until % 1000000000) };
	unsigned before = group->queued;

	if (group->flush_ns < SLOW_NS || before >= group->expected)
		return;
	if (group->in_vain > 0) {
		group->in_vain--;
		return;
	}
	group->gathering = true;
	while (group->queued < group->expected)
		if (pthread_cond_timedwait(&group->gathered, &group->lock, &t) == ETIMEDOUT)
			break;
	group->gathering = false;
	if (group->queued - before < (group->expected - before) / 2 + 1)
		group->in_vain = IN_VAIN_ROUNDS;
}

static struct kv_write *take_batch(struct kv_group *group, unsigned *taken)
{
	unsigned n = 1;

	pthread_mutex_lock(&group->lock);
	gather(group);
	struct kv_write *batch = group->first, *last = batch;
	for (; last->next && n < BATCH_MAX; n++)
		last = last->next;
	group->first = last->next;
	if (!group->first)
		group->end = &group->first;
	last->next = NULL;
	group->queued -= n;
	group->writes += n;
	metric_add(&metric_store_writes, 0, n);
	pthread_mutex_unlock(&group->lock);
	*taken = n;
	return batch;
}

static struct kv_write *first_that_waits(const struct kv_group *group)
{
	struct kv_write *w = group->first;

	while (w && !w->wait)
		w = w->next;
	return w;
}

static void lead_if_nobody_does(struct task *task);

/* Who is to lead what is left. Locked. */
static void find_leader(struct kv_group *group)
{
	const struct kv_write *next = first_that_waits(group);

	group->led = next != NULL;
	if (next) {
		next->wait->lead = true;
		sem_post(&next->wait->wake);
	} else if (group->first && !group->called) {
		group->called = true;
		group->caller.run = lead_if_nobody_does;
		worker_post(&group->caller);
	}
}

/* All that was begun is durable; let the next one lead. */
static void hand_over(struct kv_group *group, unsigned done, uint64_t began_ns)
{
	pthread_mutex_lock(&group->lock);
	group->ended_ns = now_ns();
	if (group->durable != group->begun) {
		group->durable = group->begun;
		group->syncs++;
		metric_add(&metric_store_syncs, 0, 1);
		group->flush_ns = (group->flush_ns * 7 + group->ended_ns - began_ns) / 8;
		pthread_cond_broadcast(&group->settled);
	}
	group->expected = group->queued + done;
	if (group->expected > BATCH_MAX)
		group->expected = BATCH_MAX;
	find_leader(group);
	pthread_mutex_unlock(&group->lock);
}

/* A round. True: own was in it. */
static bool lead(struct kv_group *group, const struct kv_write *own)
{
	bool had = false;
	unsigned n;
	struct kv_write *batch = take_batch(group, &n);
	uint64_t began = now_ns();

	run_batch(group, batch);
	hand_over(group, n, began);
	for (struct kv_write *w = batch, *next; w; w = next) {
		next = w->next; /* its owner may be gone once he knows */
		if (!w->wait)
			w->done(w);
		else if (w != own)
			sem_post(&w->wait->wake);
		else
			had = true;
	}
	return had;
}

/* A worker that was called. */
static void lead_if_nobody_does(struct task *task)
{
	struct kv_group *group =
	    (struct kv_group *)((char *)task - offsetof(struct kv_group, caller));

	pthread_mutex_lock(&group->lock);
	group->called = false;
	bool leads = !group->led && group->first;
	group->led |= leads;
	pthread_mutex_unlock(&group->lock);
	if (leads)
		lead(group, NULL);
}

/* True: this thread leads. */
static bool add(struct kv_group *group, struct kv_write *w)
{
	w->next = NULL;
	pthread_mutex_lock(&group->lock);
	*group->end = w;
	group->end = &w->next;
	group->queued++;
	if (group->gathering && group->queued >= group->expected)
		pthread_cond_signal(&group->gathered);
	bool leads = !group->led;
	group->led = true;
	pthread_mutex_unlock(&group->lock);
	return leads;
}

void kv_group_begin(struct kv_group *group, struct kv_write *w)
{
	w->wait = NULL;
	if (add(group, w))
		lead(group, NULL);
}

enum kv_result kv_group_write(struct kv_group *group, struct kv_write *w)
{
	struct kv_wait wait = { 0 };

	sem_init(&wait.wake, 0, 0);
	w->wait = &wait;
	bool leads = add(group, w), over = false;
	while (!over) {
		while (!leads && sem_wait(&wait.wake) < 0 && errno == EINTR)
			;
		leads |= wait.lead;
		wait.lead = false;
		/* whose turn to lead it was may be in one of the next rounds */
		over = !leads || lead(group, w);
		leads = false;
	}
	sem_destroy(&wait.wake);
	return w->result;
}

void kv_group_settle(struct kv_group *group)
{
	pthread_mutex_lock(&group->lock);
	uint64_t wanted = group->begun;
	while (group->durable < wanted)
		pthread_cond_wait(&group->settled, &group->lock);
	pthread_mutex_unlock(&group->lock);
}
