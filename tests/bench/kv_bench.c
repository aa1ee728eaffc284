/* kv_bench.c - how many durable writes a second the store takes, and what one costs
 *
 * usage: kv_bench DIR [SECONDS [BODY]]     DIR is made, and not removed
 *
 * Each write is what a delivery changes: a summary, a mailbox entry, the
 * mailbox's counters and a body's place; with BODY a body of so many bytes is
 * stored before. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/num.h"
#include "storage/body_store.h"
#include "storage/kv.h"

static struct kv_env *env;
static struct kv *box, *entry, *message, *body, *segment;
static struct body_store *bodies;
static uint32_t body_bytes;
static atomic_bool ending;
static atomic_ulong done;

struct worker {
	struct kv_write write; /* first member */
	pthread_t thread;
	uint32_t account;
	uint64_t n;
	struct body_place place;
};

static int put(struct kv *kv, struct kv_txn *txn, const unsigned char *key, size_t n, size_t size)
{
	static const char zeros[1024] = "v";

	return kv_put(kv, txn, slice_of(key, n), slice_of(zeros, size));
}

static enum kv_result apply(struct kv_write *write, struct kv_txn *txn)
{
	struct worker *w = (struct worker *)write;
	struct buf counters = { 0 };
	unsigned char key[16] = { 0 };
	int bad;

	num_put32(key, w->account);
	bad = kv_get(box, txn, slice_of(key, 8), &counters) < 0;
	buf_done(&counters);
	num_put64(key + 4, w->n);
	bad |= put(message, txn, key, 12, 700);
	bad |= put(entry, txn, key, 12, 40);
	num_put64(key + 4, 0);
	bad |= put(box, txn, key, 8, 90);
	if (body_bytes)
		return bad || body_link(bodies, txn, &w->place, 1) < 0 ? KV_FAILED : KV_DONE;
	num_put64(key, w->n << 8 | w->account);
	bad |= put(body, txn, key, 8, 40);
	return bad ? KV_FAILED : KV_DONE;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct slice content = { mem_get(body_bytes), body_bytes };
	struct err err;

	while (!ending) {
		w->n++;
		if (body_bytes && body_append(bodies, &content, 1, &w->place, &err) < 0)
			abort();
		if (kv_write(env, &w->write) != KV_DONE)
			abort();
		done++;
	}
	free((void *)(uintptr_t)content.p);
	return NULL;
}

static double cpu(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (double)r.ru_utime.tv_sec + (double)r.ru_stime.tv_sec +
	    (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long rss_kb(void)
{
	long size = 0, pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f && fscanf(f, "%ld %ld", &size, &pages) != 2)
		pages = 0;
	if (f)
		fclose(f);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void measure(unsigned threads, unsigned seconds)
{
	static struct worker workers[64];
	struct kv_stats before, after;
	struct err err;

	ending = false;
	done = 0;
	kv_stats(env, &before);
	double t = now(), c = cpu();
	for (unsigned i = 0; i < threads; i++) {
		workers[i].write.apply = apply;
		workers[i].account = i + 1;
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	}
	for (unsigned i = 0; i < seconds; i++) {
		sleep(1);
		kv_tidy(env, &err);
	}
	ending = true;
	for (unsigned i = 0; i < threads; i++)
		pthread_join(workers[i].thread, NULL);
	t = now() - t, c = cpu() - c;
	kv_stats(env, &after);
	printf(
	    "%3u threads: %7.0f writes/s  %6.1f us CPU each  %.3f syncs each  %llu retries  RSS %ld KB\n",
	    threads, (double)done / t, c * 1e6 / (double)done,
	    (double)(after.syncs - before.syncs) / (double)done,
	    (unsigned long long)(after.retries - before.retries), rss_kb());
}

static int open_all(const char *dir, struct err *err)
{
	struct buf segments = { 0 };

	buf_printf(&segments, "%s/bodies", dir);
	struct kv_opts opts = { .dir = dir, .cache = 12 << 20, .before_commit = body_store_sync };
	struct body_store_opts body_opts = { .dir = buf_z(&segments), .segment_max = 256 << 20 };
	mkdir(dir, 0700);
	if (body_store_open(&body_opts, &bodies, err) < 0)
		return -1;
	opts.arg = bodies;
	buf_done(&segments);
	if (kv_env_open(&opts, &env, err) < 0 || kv_open(env, "box", &box, err) < 0 ||
	    kv_open(env, "entry", &entry, err) < 0 || kv_open(env, "message", &message, err) < 0 ||
	    kv_open(env, "body", &body, err) < 0 || kv_open(env, "segment", &segment, err) < 0)
		return -1;
	body_store_index(bodies, env, body, segment);
	return 0;
}

int main(int argc, char **argv)
{
	static const unsigned threads[] = { 1, 2, 8, 20, 32 };
	uint32_t seconds = 3;
	struct err err;

	if (argc < 2 || (argc > 2 && !num_u32(slice_str(argv[2]), &seconds)) ||
	    (argc > 3 && !num_u32(slice_str(argv[3]), &body_bytes))) {
		fprintf(stderr, "usage: kv_bench DIR [SECONDS [BODY]]\n");
		return 2;
	}
	long rss = rss_kb();
	if (open_all(argv[1], &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	printf("an open environment: RSS %ld KB more\n", rss_kb() - rss);
	for (size_t i = 0; i < sizeof(threads) / sizeof(*threads); i++)
		measure(threads[i], seconds);
	kv_env_close(&env);
	body_store_close(&bodies);
	return 0;
}
