/* op_queue_choose.c - which messages of the queue an operation means
 *
 * Those for a domain are found by the index, so that few among a million are found at
 * once; else the queue is walked from `after` on. */
#include <stdlib.h>
#include <time.h>

#include "core/num.h"
#include "storage/op_queue.h"

int op_queue_filter(struct op_call *call, struct op_queue_filter *out)
{
	enum { MONTH_MS = INT32_MAX };
	const char *older = op_text(call, "older");
	int64_t ms = 0;

	*out = (struct op_queue_filter){ .domain = op_text(call, "domain"),
		.sender = op_text(call, "sender"),
		.held = op_bool(call, "held") };
	if (older && !num_duration(slice_str(older), MONTH_MS, &ms))
		return op_fail(call, ERR_INPUT, "--older is a time: 30m, 4h, 2d");
	if (older)
		out->before = time(NULL) - ms / 1000;
	return 0;
}

bool op_queue_waits(const struct op_queue_filter *filter, const struct queue_rcpt *rcpt)
{
	return (rcpt->state == QUEUE_WAITING || rcpt->owed) &&
	    (!filter->domain || slice_eq(rcpt->domain, slice_str(filter->domain)));
}

static bool is_from(const struct op_queue_filter *filter, struct slice path)
{
	struct slice want = slice_str(filter->sender);

	if (slice_eq(want, SLICE("<>")))
		return path.n == 0;
	if (want.n > 0 && want.p[0] == '@' && path.n > want.n)
		path = slice_from(path, path.n - want.n);
	return slice_ieq(path, want);
}

static bool is_meant(const struct op_queue_filter *filter, const struct queue_entry *entry)
{
	if (filter->sender && !is_from(filter, entry->reverse_path))
		return false;
	if (filter->before && entry->queued > filter->before)
		return false;
	if (filter->held && !entry->held)
		return false;
	for (size_t i = 0; i < entry->n_rcpts; i++)
		if (op_queue_waits(filter, &entry->rcpts[i]))
			return true;
	return false;
}

struct choice {
	const struct op_queue_filter *filter;
	size_t left;
	void (*take)(void *arg, const struct queue_entry *entry);
	void *arg;
	bool more;
};

/* False: enough. */
static bool look(void *arg, const struct queue_entry *entry)
{
	struct choice *choice = arg;

	if (!is_meant(choice->filter, entry))
		return true;
	choice->more = choice->left == 0;
	if (choice->more)
		return false;
	choice->take(choice->arg, entry);
	choice->left--;
	return true;
}

/* --- by the index --- */

struct found {
	uint64_t after;
	struct buf ids;
};

static bool take_id(void *arg, const struct queue_row *row)
{
	struct found *found = arg;

	if (row->id > found->after)
		buf_add(&found->ids, &row->id, sizeof(row->id));
	return true;
}

static int compare_ids(const void *pa, const void *pb)
{
	const uint64_t *a = pa, *b = pb;

	return *a < *b ? -1 : *a > *b;
}

static int look_at_each(struct choice *choice, const uint64_t *ids, size_t n)
{
	struct pool pool = { 0 };
	struct queue_entry entry;
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < n && !choice->more; i++) {
		rc = queue_get(ids[i], &pool, &entry);
		if (rc == 1)
			look(choice, &entry);
		pool_reset(&pool);
	}
	pool_done(&pool);
	return rc < 0 ? -1 : 0;
}

static int look_in_domain(struct choice *choice, uint64_t after)
{
	struct found found = { .after = after };
	int rc = queue_rows(slice_str(choice->filter->domain), take_id, &found);
	size_t n = found.ids.n / sizeof(uint64_t);

	if (rc == 0 && n > 0) {
		qsort(found.ids.p, n, sizeof(uint64_t), compare_ids);
		rc = look_at_each(choice, (const void *)found.ids.p, n);
	}
	buf_done(&found.ids);
	return rc;
}

int op_queue_choose(struct op_call *call, const struct op_queue_filter *filter, uint64_t after,
    size_t max, void (*take)(void *arg, const struct queue_entry *entry), void *arg)
{
	struct choice choice = { .filter = filter, .left = max, .take = take, .arg = arg };
	int rc = filter->domain ? look_in_domain(&choice, after)
				: queue_each_from(after + 1, look, &choice);

	if (rc < 0)
		return op_fail(call, ERR_TEMP, "cannot read the queue");
	return choice.more;
}
