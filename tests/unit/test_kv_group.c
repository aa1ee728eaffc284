/* test_kv_group.c - group commit over an engine that counts, conflicts and fails */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <unistd.h>
#include <cmocka.h>

#include "storage/kv_group.h"

/* What the group did with it. */
struct fake {
	int begins, commits, aborts, flushes, prepares;
	int conflicts;		  /* commits to refuse with a conflict */
	bool full;		  /* prepare fails */
	bool open;		  /* a transaction */
	int flush_sleeps;	  /* microseconds */
	struct kv_group *crowded; /* its first flush takes until all others wait */
};

enum { THREADS = 20 };

static unsigned queued(struct kv_group *group)
{
	pthread_mutex_lock(&group->lock);
	unsigned n = group->queued;
	pthread_mutex_unlock(&group->lock);
	return n;
}

static bool has_begun(struct kv_group *group)
{
	pthread_mutex_lock(&group->lock);
	bool begun = group->begun > 0;
	pthread_mutex_unlock(&group->lock);
	return begun;
}

static int fake_prepare(void *arg)
{
	struct fake *fake = arg;

	fake->prepares++;
	return fake->full ? -1 : 0;
}

static int fake_begin(void *arg, struct kv_txn *txn)
{
	struct fake *fake = arg;

	assert_false(fake->open);
	fake->open = true;
	fake->begins++;
	txn->handle = fake;
	return 0;
}

static enum kv_trouble fake_commit(void *arg, struct kv_txn *txn)
{
	struct fake *fake = arg;

	assert_true(fake->open);
	fake->open = false;
	if (fake->conflicts > 0) {
		fake->conflicts--;
		txn->trouble = KV_TROUBLE_CONFLICT;
		return txn->trouble;
	}
	fake->commits++;
	return KV_TROUBLE_NONE;
}

static void fake_abort(void *arg, struct kv_txn *txn)
{
	struct fake *fake = arg;

	(void)txn;
	assert_true(fake->open);
	fake->open = false;
	fake->aborts++;
}

static void fake_flush(void *arg)
{
	struct fake *fake = arg;

	fake->flushes++;
	while (fake->crowded && fake->flushes == 1 && queued(fake->crowded) < THREADS - 1)
		usleep(1000);
	if (fake->flush_sleeps)
		usleep((useconds_t)fake->flush_sleeps);
}

static const struct kv_engine engine = { fake_prepare, fake_begin, fake_commit, fake_abort,
	fake_flush };

/* A write that does as it is told. */
struct job {
	struct kv_write write; /* first member */
	struct fake *fake;
	enum kv_result answer;
	int conflicts; /* times to lose its page */
	bool careless; /* says KV_DONE all the same */
	int applied, durable;
};

static enum kv_result job_apply(struct kv_write *w, struct kv_txn *txn)
{
	struct job *job = (struct job *)w;

	job->applied++;
	if (job->conflicts > 0) {
		job->conflicts--;
		txn->trouble = KV_TROUBLE_CONFLICT;
		return job->careless ? KV_DONE : KV_FAILED;
	}
	return job->answer;
}

static void job_durable(struct kv_write *w)
{
	struct job *job = (struct job *)w;

	job->durable++;
	assert_true(job->fake->flushes > 0);
}

static void one_write(void **state)
{
	static const struct {
		const char *name;
		enum kv_result answer, want;
		int conflicts, commit_conflicts;
		bool careless, full;
		int applied, commits, flushes, durable;
	} cases[] = {
		{ "done", KV_DONE, KV_DONE, 0, 0, false, false, 1, 1, 1, 1 },
		{ "refused", KV_REFUSED, KV_REFUSED, 0, 0, false, false, 1, 0, 0, 0 },
		{ "failed", KV_FAILED, KV_FAILED, 0, 0, false, false, 1, 0, 0, 0 },
		{ "conflicts", KV_DONE, KV_DONE, 3, 0, false, false, 4, 1, 1, 1 },
		{ "conflict not told", KV_DONE, KV_DONE, 3, 0, true, false, 4, 1, 1, 1 },
		{ "conflict at commit", KV_DONE, KV_DONE, 0, 2, false, false, 3, 1, 1, 1 },
		{ "conflicts for ever", KV_DONE, KV_FAILED, 1 << 30, 0, false, false, 1000, 0, 0,
		    0 },
		{ "disk full", KV_DONE, KV_FAILED, 0, 0, false, true, 0, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake fake = { .conflicts = cases[i].commit_conflicts,
			.full = cases[i].full };
		struct job job = { .write = { .apply = job_apply, .durable = job_durable },
			.fake = &fake,
			.answer = cases[i].answer,
			.conflicts = cases[i].conflicts,
			.careless = cases[i].careless };
		struct kv_group group;

		print_message("%s\n", cases[i].name);
		kv_group_init(&group, &engine, &fake);
		assert_int_equal(kv_group_write(&group, &job.write), cases[i].want);
		assert_int_equal(job.applied, cases[i].applied);
		assert_int_equal(job.durable, cases[i].durable);
		assert_int_equal(fake.commits, cases[i].commits);
		assert_int_equal(fake.flushes, cases[i].flushes);
		assert_false(fake.open);
		kv_group_settle(&group);
		kv_group_done(&group);
	}
}

/* Threads that write while the first one flushes: one transaction for all, and
   the one that fails takes nobody with it. */
struct thread {
	struct job job;
	struct kv_group *group;
	pthread_t id;
};

static void *run_thread(void *arg)
{
	struct thread *thread = arg;

	kv_group_write(thread->group, &thread->job.write);
	return NULL;
}

static void batch(struct thread *threads, struct kv_group *group, struct fake *fake)
{
	fake->crowded = group;
	for (int i = 0; i < THREADS; i++) {
		threads[i].group = group;
		threads[i].job.fake = fake;
		threads[i].job.write.apply = job_apply;
		threads[i].job.write.durable = job_durable;
		pthread_create(&threads[i].id, NULL, run_thread, &threads[i]);
		while (i == 0 && !has_begun(group))
			usleep(1000); /* it leads, and is flushing when the others come */
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i].id, NULL);
}

static void many_writes(void **state)
{
	struct thread threads[THREADS] = { 0 };
	struct fake fake = { 0 };
	struct kv_group group;

	(void)state;
	kv_group_init(&group, &engine, &fake);
	threads[7].job.answer = KV_REFUSED;
	batch(threads, &group, &fake);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(threads[i].job.write.result, i == 7 ? KV_REFUSED : KV_DONE);
		assert_int_equal(threads[i].job.durable, i != 7);
		assert_int_equal(threads[i].job.applied, 1);
	}
	assert_int_equal(fake.commits, 2);
	assert_int_equal(fake.flushes, 2);
	assert_int_equal(group.writes, THREADS);
	kv_group_done(&group);
}

static void one_fails(void **state)
{
	struct thread threads[THREADS] = { 0 };
	struct fake fake = { 0 };
	struct kv_group group;

	(void)state;
	kv_group_init(&group, &engine, &fake);
	threads[7].job.answer = KV_FAILED;
	threads[9].job.answer = KV_REFUSED;
	batch(threads, &group, &fake);
	for (int i = 0; i < THREADS; i++) {
		enum kv_result want = i == 7 ? KV_FAILED : i == 9 ? KV_REFUSED : KV_DONE;
		assert_int_equal(threads[i].job.write.result, want);
		assert_int_equal(threads[i].job.durable, want == KV_DONE);
	}
	assert_int_equal(fake.flushes, 2); /* one for the whole batch still */
	kv_group_done(&group);
}

/* Leadership goes from thread to thread; on a slow disk leaders wait for more. */
static void *run_many(void *arg)
{
	struct thread *thread = arg;
	int writes = thread->job.fake->flush_sleeps ? 20 : 300;

	for (int i = 0; i < writes; i++) {
		kv_group_write(thread->group, &thread->job.write);
		assert_int_equal(thread->job.write.result, KV_DONE);
		assert_int_equal(thread->job.durable, i + 1);
		kv_group_settle(thread->group);
	}
	return NULL;
}

static void relay_with(int flush_sleeps, int writes)
{
	struct thread threads[THREADS] = { 0 };
	struct fake fake = { .flush_sleeps = flush_sleeps };
	struct kv_group group;

	kv_group_init(&group, &engine, &fake);
	for (int i = 0; i < THREADS; i++) {
		threads[i].group = &group;
		threads[i].job.fake = &fake;
		threads[i].job.write.apply = job_apply;
		threads[i].job.write.durable = job_durable;
		pthread_create(&threads[i].id, NULL, run_many, &threads[i]);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i].id, NULL);
	print_message("%d writes, %d flushes\n", THREADS * writes, fake.flushes);
	assert_int_equal(group.writes, THREADS * writes);
	assert_false(group.led);
	assert_null(group.first);
	assert_int_equal(group.queued, 0);
	assert_int_equal(group.begun, group.durable);
	kv_group_done(&group);
}

static void relay(void **state)
{
	(void)state;
	relay_with(0, 300);
	relay_with(3000, 20);
}

/* --- writes that nobody waits for --- */

enum { BEGUN = 400 };

struct crowd {
	struct kv_group group;
	struct fake fake;
	struct job begun[THREADS][BEGUN];
	atomic_int done;
};

struct member {
	struct crowd *crowd;
	int number;
	pthread_t id;
};

struct begun_task {
	struct task task;
	struct member *member;
	sem_t over;
};

static struct crowd *crowd_of_done;

static void job_done(struct kv_write *w)
{
	const struct job *job = (struct job *)w;

	assert_int_equal(w->result, job->answer);
	assert_int_equal(job->durable, w->result == KV_DONE);
	atomic_fetch_add(&crowd_of_done->done, 1);
}

/* Every third of them waits all the same. */
static void begin_many(struct member *member)
{
	struct crowd *crowd = member->crowd;

	for (int i = 0; i < BEGUN; i++) {
		struct job *job = &crowd->begun[member->number][i];
		bool waits = (i + member->number) % 3 == 0;

		*job = (struct job){ .write = { .apply = job_apply,
					 .durable = job_durable,
					 .done = waits ? NULL : job_done },
			.fake = &crowd->fake,
			.answer = i % 7 == 0 ? KV_REFUSED : KV_DONE };
		if (!waits) {
			kv_group_begin(&crowd->group, &job->write);
			continue;
		}
		assert_int_equal(kv_group_write(&crowd->group, &job->write), job->answer);
		atomic_fetch_add(&crowd->done, 1);
	}
}

static void *run_member(void *arg)
{
	begin_many(arg);
	return NULL;
}

static void run_begun_task(struct task *task)
{
	struct begun_task *t = (struct begun_task *)task;

	begin_many(t->member);
	sem_post(&t->over);
}

static void wait_for_all(struct crowd *crowd, int wanted)
{
	while (atomic_load(&crowd->done) < wanted)
		usleep(1000);
	pthread_mutex_lock(&crowd->group.lock);
	assert_null(crowd->group.first);
	assert_int_equal(crowd->group.queued, 0);
	pthread_mutex_unlock(&crowd->group.lock);
}

static struct crowd *crowd_new(int flush_sleeps)
{
	struct crowd *crowd = mem_get(sizeof(*crowd));

	crowd->fake.flush_sleeps = flush_sleeps;
	crowd_of_done = crowd;
	kv_group_init(&crowd->group, &engine, &crowd->fake);
	return crowd;
}

static void nobody_waits(void **state)
{
	struct member members[THREADS];
	struct crowd *crowd = crowd_new(100);

	(void)state;
	assert_int_equal(workers_start(2, 1, NULL), 0);
	for (int i = 0; i < THREADS; i++) {
		members[i] = (struct member){ .crowd = crowd, .number = i };
		pthread_create(&members[i].id, NULL, run_member, &members[i]);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(members[i].id, NULL);
	wait_for_all(crowd, THREADS * BEGUN);
	workers_stop();
	assert_false(crowd->group.led);
	kv_group_done(&crowd->group);
	free(crowd);
}

/* The workers, who are called to lead, all sleep in writes of their own. */
static void all_workers_wait(void **state)
{
	struct member members[4];
	struct begun_task tasks[4];
	struct crowd *crowd = crowd_new(100);

	(void)state;
	assert_int_equal(workers_start(2, 1, NULL), 0);
	for (int i = 0; i < 4; i++) {
		members[i] = (struct member){ .crowd = crowd, .number = i };
		tasks[i] = (struct begun_task){ .task.run = run_begun_task, .member = &members[i] };
		sem_init(&tasks[i].over, 0, 0);
		worker_post(&tasks[i].task);
	}
	for (int i = 0; i < 4; i++)
		while (sem_wait(&tasks[i].over) < 0)
			;
	wait_for_all(crowd, 4 * BEGUN);
	workers_stop();
	assert_false(crowd->group.led);
	kv_group_done(&crowd->group);
	free(crowd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_write),
		cmocka_unit_test(many_writes),
		cmocka_unit_test(one_fails),
		cmocka_unit_test(relay),
		cmocka_unit_test(nobody_waits),
		cmocka_unit_test(all_workers_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
