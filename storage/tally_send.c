/* tally_send.c - what was counted is read, reported when its day is over, and forgotten */
#include <stdlib.h>
#include <time.h>

#include "core/hash.h"
#include "core/loop.h"
#include "storage/tally_private.h"

enum {
	SPREAD_S = 4 * 3600, /* RFC 8460 4.1: not all at midnight */
	GIVE_UP_S = 3 * TALLY_DAY_S,
	KEYS_MAX = 100000,
	LOOK_EVERY_MS = 3600 * 1000,
};

/* --- reading --- */

struct visiting {
	bool (*visit)(void *arg, const struct tally *tally);
	void *arg;
};

static bool visit_record(void *arg, struct slice key, struct slice value)
{
	const struct visiting *v = arg;
	struct tally tally;

	return !tally_read(key, value, &tally) || v->visit(v->arg, &tally);
}

static void put_prefix(int64_t day, struct slice domain, struct buf *out)
{
	tally_put_day(day, out);
	buf_printf(out, " %.*s ", SLICE_ARG(domain));
}

int tally_each(const char *room, int64_t day, struct slice domain,
    bool (*visit)(void *arg, const struct tally *tally), void *arg)
{
	struct visiting v = { visit, arg };
	struct buf prefix = { 0 };

	tally_write();
	if (domain.n > 0)
		put_prefix(day, domain, &prefix);
	int rc = store_record_each(room, buf_slice(&prefix), visit_record, &v);
	buf_done(&prefix);
	return rc < 0 ? -1 : 0;
}

/* --- what is due --- */

struct due {
	struct pool pool;
	struct slice keys[KEYS_MAX];
	size_t n;
	int64_t now;
	bool all; /* also the day that is not over */
};

/* What cannot be read is due, to be forgotten. */
static bool is_due(const struct due *due, struct slice key, struct slice value)
{
	struct tally tally;

	if (!tally_read(key, value, &tally))
		return true;
	int64_t spread = (int64_t)(hash_bytes(tally.domain) % SPREAD_S);
	return due->all || due->now >= tally.day + TALLY_DAY_S + spread;
}

static bool gather(void *arg, struct slice key, struct slice value)
{
	struct due *due = arg;

	if (due->n < KEYS_MAX && is_due(due, key, value))
		due->keys[due->n++] = pool_slice(&due->pool, key);
	return true;
}

/* Keys of one day and domain stand one behind the other: those from i on. */
static size_t group(const struct due *due, size_t i)
{
	struct slice rest = due->keys[i];
	size_t n = 1;

	slice_cut(&rest, ' ');
	slice_cut(&rest, ' ');
	struct slice head = slice_head(due->keys[i], due->keys[i].n - rest.n);
	while (i + n < due->n && slice_starts(due->keys[i + n], head))
		n++;
	return n;
}

static void forget(const char *room, const struct slice *keys, size_t n)
{
	struct err err = { 0 };

	for (size_t i = 0; i < n; i++)
		store_record_put(room, keys[i], (struct slice){ 0 }, &err);
}

static bool send_group(const struct tally_report *report, const struct due *due, size_t i, size_t n)
{
	struct tally tally;

	bool good = tally_read(due->keys[i], SLICE("2\n\n"), &tally);
	bool sent = good && report->send(tally.day, tally.domain) == 0;
	if (sent || !good || due->now > tally.day + GIVE_UP_S)
		forget(report->room, due->keys + i, n);
	return sent;
}

unsigned tally_send(const struct tally_report *report, bool all)
{
	struct due *due = mem_get(sizeof(*due));
	unsigned sent = 0;
	size_t n;

	due->now = time(NULL);
	due->all = all;
	tally_write();
	store_record_each(report->room, (struct slice){ 0 }, gather, due);
	for (size_t i = 0; i < due->n && !threads_ending(); i += n) {
		n = group(due, i);
		sent += send_group(report, due, i, n);
	}
	pool_done(&due->pool);
	free(due);
	return sent;
}

void tally_send_run(void *arg)
{
	(void)arg;
	while (!threads_sleep(LOOK_EVERY_MS))
		for (size_t i = 0; i < tally_report_table_n; i++)
			tally_send(tally_report_table[i], false);
}
