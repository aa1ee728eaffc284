/* queue_fill_bench.c - many messages in the queue of a server that does not run, each tried once
 *
 * usage: make tests/bench/queue_fill_bench && tests/bench/queue_fill_bench DATA MESSAGES DOMAINS
 *
 * Each has a body of its own and one recipient, at d0.test, d1.test and so on in turn;
 * the senders are one of ten. They are put by what the server itself puts them by. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/log.h"
#include "core/loop.h"
#include "storage/queue_private.h"
#include "storage/store.h"
#include "tests/unit/unit.h"

enum { BATCH = 1000, SENDERS = 10, TRIED_S = 900 };

struct batch {
	struct kv_write w;
	unsigned long first, n, domains;
	struct body_place places[BATCH];
};

static const char text[] = "From: sender@here.test\r\nSubject: one of many\r\n\r\n"
			   "It waits, and waits.\r\n";

static int put_one(const struct batch *batch, unsigned long i, struct kv_txn *txn)
{
	const struct body_place *place = &batch->places[i];
	unsigned long number = batch->first + i;
	char to[64], from[64];
	int n_to = snprintf(to, sizeof(to), "x%lu@d%lu.test", number, number % batch->domains);
	int n_from = snprintf(from, sizeof(from), "s%lu@here.test", number % SENDERS);
	struct queue_rcpt rcpt = { .address = slice_of(to, (size_t)n_to),
		.attempts = 1,
		.tried = time(NULL) - TRIED_S,
		.next = time(NULL),
		.reply = SLICE("4.4.2 no answer in time") };
	struct queue_entry entry = { .id = log_id(),
		.body = place->id,
		.size = sizeof(text) - 1,
		.queued = time(NULL),
		.reverse_path = slice_of(from, (size_t)n_from),
		.rcpts = &rcpt,
		.n_rcpts = 1 };

	if (body_link(queue_home()->bodies, txn, place, 1) < 0)
		return -1;
	return queue_put(txn, &entry);
}

static enum kv_result apply(struct kv_write *w, struct kv_txn *txn)
{
	const struct batch *batch = (const struct batch *)w;

	for (unsigned long i = 0; i < batch->n; i++)
		if (put_one(batch, i, txn) < 0)
			return KV_FAILED;
	return KV_DONE;
}

static int put_batch(struct batch *batch, struct err *err)
{
	struct slice piece = { text, sizeof(text) - 1 };

	for (unsigned long i = 0; i < batch->n; i++)
		if (body_append(queue_home()->bodies, &piece, 1, &batch->places[i], err) != 0)
			return -1;
	if (kv_write(queue_home()->env, &batch->w) != KV_DONE)
		return err_set(err, ERR_TEMP, "the queue cannot be written");
	return 0;
}

static int fill(unsigned long messages, unsigned long domains, struct err *err)
{
	struct batch *batch = mem_get(sizeof(*batch));
	int rc = 0;

	batch->w.apply = apply;
	batch->domains = domains;
	for (; rc == 0 && batch->first < messages; batch->first += BATCH) {
		unsigned long left = messages - batch->first;

		batch->n = left < BATCH ? left : BATCH;
		rc = put_batch(batch, err);
	}
	free(batch);
	return rc;
}

int main(int argc, char **argv)
{
	unsigned long messages = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
	unsigned long domains = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
	struct err err;

	if (messages == 0 || domains == 0) {
		fprintf(stderr, "usage: queue_fill_bench DATA MESSAGES DOMAINS\n");
		return 2;
	}
	int rc = store_open(argv[1], &err) == 0 && store_start(&err) == 0
	    ? fill(messages, domains, &err)
	    : -1;
	if (rc != 0)
		fprintf(stderr, "queue_fill_bench: %s\n", err.text);
	threads_stop();
	store_close();
	return rc == 0 ? 0 : 1;
}
