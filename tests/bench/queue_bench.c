/* queue_bench.c - what it costs to find what is due, with many messages waiting
 *
 * usage: make tests/bench/queue_bench && tests/bench/queue_bench [MESSAGES] */
#include <stdio.h>

#include "storage/queue_private.h"
#include "tests/unit/box_world.h"

enum { DOMAINS = 1000, BATCH = 1000 };

struct batch {
	struct kv_write w;
	uint64_t first, n;
};

static enum kv_result apply(struct kv_write *w, struct kv_txn *txn)
{
	struct batch *batch = (struct batch *)w;
	char address[64];

	for (uint64_t i = batch->first; i < batch->first + batch->n; i++) {
		int n = snprintf(
		    address, sizeof(address), "user@d%llu.test", (unsigned long long)i % DOMAINS);
		struct queue_rcpt rcpt = { .address = slice_of(address, (size_t)n) };
		struct queue_entry entry = { .id = i + 1,
			.queued = (int64_t)(2000000000 + i),
			.reverse_path = SLICE("sender@here.test"),
			.rcpts = &rcpt,
			.n_rcpts = 1 };
		if (queue_put(txn, &entry) < 0)
			return KV_FAILED;
	}
	return KV_DONE;
}

static bool one(void *arg, const struct queue_row *row)
{
	(void)row;
	++*(unsigned *)arg;
	return false;
}

static bool domain(void *arg, struct slice name, int64_t when)
{
	(void)name, (void)when;
	++*(unsigned *)arg;
	return true;
}

static void measure(uint64_t waiting)
{
	enum { ROUNDS = 1000 };
	unsigned found = 0;
	int64_t later;
	double began = world_us();

	for (unsigned i = 0; i < ROUNDS; i++) {
		char name[32];
		int n = snprintf(name, sizeof(name), "d%u.test", i % DOMAINS);
		queue_due(slice_of(name, (size_t)n), INT64_C(4000000000), one, &found, &later);
	}
	double first = (world_us() - began) / ROUNDS;
	began = world_us();
	found = 0;
	queue_domains(domain, &found);
	printf("%9llu waiting: first due of a domain %6.1f us; %u domains at a start %8.0f us\n",
	    (unsigned long long)waiting, first, found, world_us() - began);
}

int main(int argc, char **argv)
{
	uint64_t most = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000, done = 0;
	void *dir;

	world_setup(&dir);
	for (uint64_t step = 1000; step <= most; step *= 10) {
		for (; done < step; done += BATCH) {
			struct batch batch = { .w.apply = apply, .first = done, .n = BATCH };
			if (kv_write(shard_of(0)->env, &batch.w) != KV_DONE)
				return 1;
		}
		measure(done);
	}
	world_teardown(&dir);
	return 0;
}
