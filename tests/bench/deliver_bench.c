/* deliver_bench.c - how many messages of 4 KB a second the store takes, and what one costs
 *
 * usage: deliver_bench DIR [SECONDS]     DIR is made, and not removed
 *
 * Each thread delivers one message after another to an account picked at
 * random; with "open" all accounts have a session that watches their INBOX. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "core/loop.h"
#include "core/num.h"
#include "storage/box.h"
#include "storage/deliver.h"
#include "storage/shard.h"
#include "storage/store.h"

enum { MESSAGE_BYTES = 4096, ACCOUNTS_MAX = 100 };

struct worker {
	pthread_t thread;
	unsigned seed;
	unsigned accounts; /* to pick from */
	bool all;	   /* to all of them at once */
};

static struct buf message;
static atomic_bool ending;
static atomic_ulong done;

static void make_message(void)
{
	buf_addz(&message,
	    "Received: from relay.far.test (relay.far.test [192.0.2.7])\r\n"
	    "\tby mx.far.test with ESMTPS id 4Xy7; Sat, 21 Nov 2026 04:00:00 +0000\r\n"
	    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=far.test; s=one;\r\n"
	    "\th=from:to:subject:date:message-id; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\r\n"
	    "\tb=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZVoG4ZHRNiYzR\r\n"
	    "Message-ID: <20261121040000.4711@far.test>\r\n"
	    "Date: Sat, 21 Nov 2026 04:00:00 +0000\r\n"
	    "From: \"Ann Example\" <ann@far.test>\r\n"
	    "To: Bob <bob@alpha.test>, Cy <cy@beta.test>\r\n"
	    "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= from the bench\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n"
	    "\r\n");
	while (message.n < MESSAGE_BYTES - 66)
		buf_addz(
		    &message, "A line of text as people write them, some sixty bytes or so.\r\n");
	while (message.n < MESSAGE_BYTES)
		buf_addc(&message, '\n');
}

static void deliver_one(struct worker *w)
{
	struct dir_target targets[ACCOUNTS_MAX] = { { 0 } };
	struct deliver_rcpt rcpts[ACCOUNTS_MAX] = { { 0 } };
	unsigned n = w->all ? w->accounts : 1;
	struct err err;
	struct deliver d = { .mid = 1,
		.reverse_path = SLICE("ann@far.test"),
		.trace = SLICE("Return-Path: <ann@far.test>\r\n"
			       "Received: from mx.far.test (mx.far.test [192.0.2.9])\r\n"
			       "\tby mx.alpha.test (Signet) with ESMTPS id 77;\r\n"
			       "\tSat, 21 Nov 2026 04:00:01 +0000\r\n"),
		.message = buf_slice(&message),
		.rcpts = rcpts };

	for (unsigned i = 0; i < n; i++) {
		targets[i].account = w->all ? i + 1 : (unsigned)rand_r(&w->seed) % w->accounts + 1;
		rcpts[i].target = &targets[i];
		rcpts[i].next = i + 1 < n ? &rcpts[i + 1] : NULL;
	}
	if (deliver(&d, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
}

static void *work(void *arg)
{
	while (!ending) {
		deliver_one(arg);
		done++;
	}
	return NULL;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
	    (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

static void measure(unsigned threads, unsigned accounts, bool all, unsigned seconds)
{
	static struct worker workers[64];
	struct kv_stats before, after;

	ending = false;
	done = 0;
	kv_stats(shard_of(0)->env, &before);
	double t = now(), c = cpu();
	for (unsigned i = 0; i < threads; i++) {
		workers[i] = (struct worker){ .seed = i + 1, .accounts = accounts, .all = all };
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	}
	sleep(seconds);
	ending = true;
	for (unsigned i = 0; i < threads; i++)
		pthread_join(workers[i].thread, NULL);
	t = now() - t, c = cpu() - c;
	kv_stats(shard_of(0)->env, &after);
	printf(
	    "%3u threads, %3u accounts%s: %7.0f messages/s  %6.1f us CPU each  %.3f syncs each\n",
	    threads, accounts, all ? " at once" : "", (double)done / t, c * 1e6 / (double)done,
	    (double)(after.syncs - before.syncs) / (double)done);
}

/* Selects each INBOX, as IDLE does. */
static void select_all(struct acct *accts[], struct box *boxes[])
{
	for (unsigned i = 0; i < ACCOUNTS_MAX; i++) {
		accts[i] = acct_open(i + 1, 0);
		boxes[i] = box_open(accts[i], SLICE("INBOX"), NULL);
	}
}

static void leave_all(struct acct *accts[], struct box *boxes[])
{
	for (unsigned i = 0; i < ACCOUNTS_MAX; i++) {
		box_close(&boxes[i]);
		acct_close(&accts[i]);
	}
}

int main(int argc, char **argv)
{
	static const unsigned threads[] = { 1, 8, 20 };
	struct acct *accts[ACCOUNTS_MAX];
	struct box *boxes[ACCOUNTS_MAX];
	uint32_t seconds = 3;
	struct err err;

	if (argc < 2 || (argc > 2 && !num_u32(slice_str(argv[2]), &seconds))) {
		fprintf(stderr, "usage: deliver_bench DIR [SECONDS]\n");
		return 2;
	}
	if (store_open(argv[1], &err) < 0 || store_start(&err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	make_message();
	for (size_t i = 0; i < sizeof(threads) / sizeof(*threads); i++) {
		measure(threads[i], 1, false, seconds);
		measure(threads[i], ACCOUNTS_MAX, false, seconds);
	}
	measure(8, ACCOUNTS_MAX, true, seconds);
	puts("with every INBOX open:");
	select_all(accts, boxes);
	measure(20, ACCOUNTS_MAX, false, seconds);
	leave_all(accts, boxes);
	threads_stop();
	store_close();
	return 0;
}
