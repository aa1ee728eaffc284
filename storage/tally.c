/* tally.c - counting: a table in memory, merged into the records now and then */
#include "storage/tally.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/log.h"
#include "core/loop.h"
#include "core/lru.h"
#include "storage/store.h"
#include "storage/tally_private.h"

enum { WRITE_MS = 15000, COUNTS_MAX = 20000 };

/* One line of one tally; its key is "ROOM\nKEY\nLINE". */
struct count {
	const char *room;
	uint64_t n;
	struct buf note;
};

static struct {
	pthread_mutex_t lock;
	struct lru *counts; /* NULL: nothing was counted */
	pthread_mutex_t writing;
} tallies = { .lock = PTHREAD_MUTEX_INITIALIZER, .writing = PTHREAD_MUTEX_INITIALIZER };

static void drop(void *payload)
{
	buf_done(&((struct count *)payload)->note);
}

void tally_count(const char *room, struct slice subject, struct slice line, struct slice note)
{
	struct buf key = { 0 };

	buf_printf(&key, "%s\n", room);
	tally_put_day(time(NULL), &key);
	buf_printf(&key, " %.*s\n%.*s", SLICE_ARG(subject), SLICE_ARG(line));
	pthread_mutex_lock(&tallies.lock);
	if (!tallies.counts)
		tallies.counts = lru_new(COUNTS_MAX, sizeof(struct count), drop);
	struct count *count = lru_put(tallies.counts, buf_slice(&key));
	count->room = room;
	count->n++;
	if (note.n > 0) {
		buf_clear(&count->note);
		buf_adds(&count->note, note);
	}
	bool full = lru_count(tallies.counts) >= COUNTS_MAX;
	pthread_mutex_unlock(&tallies.lock);
	buf_done(&key);
	if (full)
		tally_write();
}

/* --- into the records --- */

static int by_key(const void *a, const void *b)
{
	struct slice x = lru_key(*(void *const *)a), y = lru_key(*(void *const *)b);
	int order = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);

	return order != 0 ? order : (x.n > y.n) - (x.n < y.n);
}

static struct count **sort(struct lru *counts, size_t *n)
{
	struct count **sorted = mem_get((lru_count(counts) + 1) * sizeof(struct count *));

	*n = 0;
	for (void *p = lru_oldest(counts); p; p = lru_younger(counts, p))
		sorted[(*n)++] = p;
	qsort(sorted, *n, sizeof(struct count *), by_key);
	return sorted;
}

/* The record's key, and the line. */
static struct slice split(const struct count *count, struct slice *line)
{
	*line = lru_key(count);
	slice_cut(line, '\n');
	return slice_cut(line, '\n');
}

/* Those of one tally stand one behind the other: returns how many there are. */
static size_t merge_one(struct count *const *counts, size_t n, struct merging *m)
{
	struct slice line, key = split(counts[0], &line);
	size_t i = 0;

	bool taken = merge_begin(m, counts[0]->room, key);
	for (; i < n && counts[i]->room == counts[0]->room; i++) {
		if (!slice_eq(split(counts[i], &line), key))
			break;
		if (taken)
			merge_line(m, line, counts[i]->n, buf_slice(&counts[i]->note));
	}
	if (taken)
		merge_end(m);
	return i;
}

void tally_write(void)
{
	struct merging *m = mem_get(sizeof(*m));
	size_t n = 0;

	pthread_mutex_lock(&tallies.writing);
	pthread_mutex_lock(&tallies.lock);
	struct lru *counts = tallies.counts;
	tallies.counts = NULL;
	pthread_mutex_unlock(&tallies.lock);
	if (counts) {
		struct count **sorted = sort(counts, &n);
		for (size_t i = 0; i < n;)
			i += merge_one(sorted + i, n - i, m);
		merge_put(m);
		free(sorted);
		lru_free(&counts);
	}
	pthread_mutex_unlock(&tallies.writing);
	pool_done(&m->pool);
	free(m);
}

static void run(void *arg)
{
	(void)arg;
	while (!threads_sleep(WRITE_MS))
		tally_write();
}

int tally_start(struct err *err)
{
	return thread_start("tally", run, NULL, err) ||
		thread_start("reports", tally_send_run, NULL, err)
	    ? -1
	    : 0;
}

void tally_stop(void)
{
	tally_write();
}
