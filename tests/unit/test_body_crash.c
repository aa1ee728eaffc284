/* test_body_crash.c - killed while bodies come, go and are moved: what was kept can be read
 *
 * Segments are small, so that the compactor is busy all the time. The child
 * says through a pipe what it stored, and what it is about to remove; the
 * parent kills it, opens the same store and reads everything. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/body_store.h"
#include "tests/unit/tempdir.h"
#include "tests/unit/unit.h"

enum { KILLS = 15, THREADS = 4, KEPT = 20 };

static char *dir, *segments, *index_dir;
static struct kv_env *env;
static struct body_store *bodies;

static void open_store(void)
{
	struct body_store_opts opts = { .dir = segments, .segment_max = 64 << 10 };
	struct kv *body = NULL, *segment = NULL;
	struct err err;

	if (body_store_open(&opts, &bodies, &err) < 0)
		fail_msg("%s", err.text);
	struct kv_opts kv = {
		.dir = index_dir, .cache = 1 << 20, .before_commit = body_store_sync, .arg = bodies
	};
	if (kv_env_open(&kv, &env, &err) < 0 || kv_open(env, "body", &body, &err) < 0 ||
	    kv_open(env, "segment", &segment, &err) < 0)
		fail_msg("%s", err.text);
	body_store_index(bodies, env, body, segment);
}

static void close_store(void)
{
	kv_env_close(&env);
	body_store_close(&bodies);
}

/* --- what the child does --- */

struct change {
	struct kv_write write; /* first member */
	struct body_place place;
	uint64_t drop; /* or 0: link */
};

static enum kv_result apply(struct kv_write *w, struct kv_txn *txn)
{
	struct change *change = (struct change *)w;
	int r = change->drop ? body_change(bodies, txn, change->drop, -1)
			     : body_link(bodies, txn, &change->place, 1);

	return r < 0 ? KV_FAILED : KV_DONE;
}

static size_t size_of(uint64_t seed)
{
	return 200 + (size_t)(seed * 7919 % 9000);
}

static void fill(char *p, uint64_t seed)
{
	for (size_t i = 0; i < size_of(seed); i++)
		p[i] = (char)(seed * 31 + i * 7);
}

/* One line of what the child says. */
struct told {
	char what; /* '+' stored, '-' about to be removed */
	uint64_t id, seed;
};

static void tell(int out, char what, uint64_t id, uint64_t seed)
{
	struct told told = { what, id, seed };

	if (write(out, &told, sizeof(told)) != sizeof(told))
		abort();
}

struct worker {
	pthread_t id;
	uint64_t seed;
	int out;
};

static uint64_t store_one(uint64_t seed)
{
	struct change change = { .write = { .apply = apply } };
	char content[9200];
	struct err err;

	fill(content, seed);
	struct slice piece = slice_of(content, size_of(seed));
	if (body_append(bodies, &piece, 1, &change.place, &err) < 0 ||
	    kv_write(env, &change.write) != KV_DONE)
		abort();
	return change.place.id;
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	uint64_t ids[KEPT] = { 0 };

	for (uint64_t n = 0;; n++) {
		uint64_t seed = worker->seed + n, *slot = &ids[n % KEPT];
		struct change change = { .write = { .apply = apply }, .drop = *slot };
		if (n % 50 == 0) /* one of fifty stays for ever */
			*slot = 0;
		if (*slot) {
			tell(worker->out, '-', *slot, 0);
			if (kv_write(env, &change.write) != KV_DONE)
				abort();
		}
		*slot = store_one(seed);
		tell(worker->out, '+', *slot, seed);
	}
	return NULL;
}

static void child(unsigned round, int out)
{
	struct worker workers[THREADS];
	struct err err;

	open_store();
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] =
		    (struct worker){ .seed = (round * THREADS + i) * 100000ULL, .out = out };
		pthread_create(&workers[i].id, NULL, work, &workers[i]);
	}
	for (;;)
		if (body_compact(bodies, 40, &err) < 0)
			abort();
}

/* --- what the parent knows --- */

static struct told *known;
static size_t n_known;

static void read_told(int in)
{
	struct told told;

	while (read(in, &told, sizeof(told)) == sizeof(told)) {
		known = mem_resize(known, (n_known + 1) * sizeof(*known));
		known[n_known++] = told;
	}
}

static bool was_dropped(uint64_t id)
{
	for (size_t i = n_known; i-- > 0;)
		if (known[i].id == id && known[i].what == '-')
			return true;
	return false;
}

static void check_one(const struct told *told)
{
	struct body *body;
	struct slice whole = { 0 };
	struct err err;
	char want[9200];

	int found = body_open(bodies, told->id, &body, &err);
	if (found == 0 && was_dropped(told->id))
		return;
	if (found != 1 || body_map(body, &whole, &err) < 0)
		fail_msg("body %llx: %s", (unsigned long long)told->id, found ? err.text : "gone");
	fill(want, told->seed);
	assert_true(slice_eq(whole, slice_of(want, size_of(told->seed))));
	body_close(&body);
}

static bool check_indexed(void *arg, uint64_t id, unsigned refs, const struct body_place *place)
{
	struct body *body;
	struct slice whole = { 0 };
	struct err err;

	(void)arg, (void)place;
	assert_int_equal(refs, 1);
	if (body_open(bodies, id, &body, &err) != 1 || body_map(body, &whole, &err) < 0)
		fail_msg("body %llx of the index: %s", (unsigned long long)id, err.text);
	body_close(&body);
	return true;
}

static void kill_one(unsigned round)
{
	int ends[2], status;

	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[0]);
		child(round, ends[1]);
	}
	assert_true(pid > 0);
	close(ends[1]);
	usleep(40000 + (useconds_t)random() % 150000);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	read_told(ends[0]);
	close(ends[0]);
}

static void killed(void **state)
{
	(void)state;
	dir = tempdir_new();
	segments = tempdir_path(dir, "bodies");
	index_dir = tempdir_path(dir, "index");
	srandom((unsigned)getpid());
	for (unsigned round = 0; round < KILLS; round++) {
		size_t from = n_known;
		kill_one(round);
		open_store();
		assert_int_equal(body_store_each(bodies, check_indexed, NULL), 0);
		if (round == KILLS - 1)
			from = 0; /* and all of the earlier runs once more */
		for (size_t i = from; i < n_known; i++)
			if (known[i].what == '+')
				check_one(&known[i]);
		assert_int_equal(body_store_recount(bodies), 0);
		close_store();
	}
	print_message(
	    "%u bodies stored and removed in %u runs\n", (unsigned)n_known, (unsigned)KILLS);
	assert_true(n_known > KILLS);
	free(known);
	free(segments);
	free(index_dir);
	tempdir_remove(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(killed) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
