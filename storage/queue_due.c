/* queue_due.c - which entry is due when: an index by domain, priority and time */
#include "core/num.h"
#include "storage/queue_private.h"

enum { TAIL_BYTES = 1 + 8 + 8, RANK_SHIFT = 56 }; /* NUL, rank and time, id */

static struct {
	void (*due)(void *arg, struct slice domain, int64_t when);
	void *arg;
} watch;

void queue_watch(void (*due)(void *arg, struct slice domain, int64_t when), void *arg)
{
	watch.due = due;
	watch.arg = arg;
}

void queue_tell(struct slice domain, int64_t when)
{
	if (watch.due && when != QUEUE_NEVER)
		watch.due(watch.arg, domain, when);
}

/* --- when --- */

static int64_t rcpt_when(const struct queue_entry *entry, const struct queue_rcpt *rcpt)
{
	if (rcpt->state != QUEUE_WAITING && !rcpt->owed)
		return QUEUE_NEVER;
	if (entry->held)
		return QUEUE_HELD;
	int64_t when = rcpt->next > 0 ? rcpt->next : queue_from(entry);
	return when > 0 ? when : 1;
}

bool queue_is_first(const struct queue_entry *entry, size_t i)
{
	return i == 0 || !slice_eq(entry->rcpts[i - 1].domain, entry->rcpts[i].domain);
}

int64_t queue_when(const struct queue_entry *entry, size_t i)
{
	int64_t first = QUEUE_NEVER;

	do {
		int64_t when = rcpt_when(entry, &entry->rcpts[i]);
		if (when != QUEUE_NEVER && (first == QUEUE_NEVER || when < first))
			first = when;
	} while (++i < entry->n_rcpts && !queue_is_first(entry, i));
	return first;
}

static bool was_tried(const struct queue_entry *entry, size_t i)
{
	bool tried;

	do
		tried = entry->rcpts[i].attempts > 0;
	while (!tried && ++i < entry->n_rcpts && !queue_is_first(entry, i));
	return tried;
}

struct queue_row queue_row(const struct queue_entry *entry, size_t i)
{
	return (struct queue_row){ .domain = entry->rcpts[i].domain,
		.priority = entry->priority,
		.when = queue_when(entry, i),
		.id = entry->id,
		.tried = was_tried(entry, i) };
}

/* --- rows --- */

static struct slice due_key(struct buf *key, const struct queue_row *row)
{
	uint64_t rank = (uint64_t)(QUEUE_MOST - row->priority);
	unsigned char tail[16];

	num_put64(tail, rank << RANK_SHIFT | (uint64_t)row->when);
	num_put64(tail + 8, row->id);
	buf_clear(key);
	buf_adds(key, row->domain);
	buf_addc(key, '\0');
	buf_add(key, tail, sizeof(tail));
	return buf_slice(key);
}

static const struct slice untried = { "\1", 1 }, tried = { "\2", 1 };

/* Its domain lies in the key. False: it is the mark. */
static bool read_row(struct slice key, struct slice value, struct queue_row *row)
{
	if (key.n <= TAIL_BYTES)
		return false;
	const unsigned char *tail = (const unsigned char *)key.p + key.n - 16;
	uint64_t packed = num_get64(tail);
	*row = (struct queue_row){ .domain = slice_head(key, key.n - TAIL_BYTES),
		.priority = QUEUE_MOST - (int)(packed >> RANK_SHIFT),
		.when = (int64_t)(packed & QUEUE_HELD),
		.id = num_get64(tail + 8),
		.tried = slice_eq(value, tried) };
	return true;
}

int queue_due_put(struct kv_txn *txn, const struct queue_row *row)
{
	struct buf key = { 0 };

	if (row->when == QUEUE_NEVER)
		return 0;
	int rc =
	    kv_put(queue_home()->queue_due, txn, due_key(&key, row), row->tried ? tried : untried);
	buf_done(&key);
	return rc;
}

int queue_due_del(struct kv_txn *txn, const struct queue_row *row)
{
	struct buf key = { 0 };

	if (row->when == QUEUE_NEVER)
		return 0;
	int rc = kv_del(queue_home()->queue_due, txn, due_key(&key, row));
	buf_done(&key);
	return rc;
}

int queue_due_put_all(struct kv_txn *txn, const struct queue_entry *entry)
{
	for (size_t i = 0; i < entry->n_rcpts; i++) {
		struct queue_row row = queue_row(entry, i);
		if (queue_is_first(entry, i) && queue_due_put(txn, &row) < 0)
			return -1;
	}
	return 0;
}

/* --- reading --- */

/* One walk over rows, which ends where `see` says so. */
struct row_walk {
	bool (*see)(struct row_walk *walk, const struct queue_row *row);
	bool (*visit)(void *arg, const struct queue_row *row);
	void *arg;
	int64_t now, later;
	struct buf from; /* the walk goes on at this key, after it ended; empty: nowhere */
};

static bool see_key(void *arg, struct slice key, struct slice value)
{
	struct row_walk *walk = arg;
	struct queue_row row;

	return !read_row(key, value, &row) || walk->see(walk, &row);
}

/* At the first row of the domain's next priority. */
static void skip_priority(struct row_walk *walk, const struct queue_row *row)
{
	struct queue_row next = { .domain = row->domain, .priority = row->priority - 1 };

	due_key(&walk->from, &next);
}

static struct slice rows_of(struct buf *prefix, struct slice domain)
{
	buf_adds(prefix, domain);
	if (domain.n > 0)
		buf_addc(prefix, '\0');
	return buf_slice(prefix);
}

static int walk_rows(struct row_walk *walk, struct slice domain)
{
	struct buf prefix = { 0 }, from = { 0 };
	struct slice rows = rows_of(&prefix, domain);
	int rc;

	do {
		buf_clear(&from);
		buf_adds(&from, buf_slice(&walk->from));
		buf_clear(&walk->from);
		rc = kv_each(queue_home()->queue_due, NULL, rows, buf_slice(&from), see_key, walk);
	} while (rc == 0 && walk->from.n > 0);
	buf_done(&prefix);
	buf_done(&from);
	buf_done(&walk->from);
	return rc;
}

static bool see_due(struct row_walk *walk, const struct queue_row *row)
{
	bool due = row->when <= walk->now;

	if (due && walk->visit(walk->arg, row))
		return true;
	if (row->when < walk->later)
		walk->later = row->when;
	if (!due)
		skip_priority(walk, row);
	return false;
}

int queue_due(struct slice domain, int64_t now, bool (*visit)(void *arg, const struct queue_row *),
    void *arg, int64_t *later)
{
	struct row_walk walk = {
		.see = see_due, .visit = visit, .arg = arg, .now = now, .later = QUEUE_HELD
	};
	int rc = walk_rows(&walk, domain);

	*later = walk.later;
	return rc;
}

static bool see_any(struct row_walk *walk, const struct queue_row *row)
{
	return walk->visit(walk->arg, row);
}

int queue_rows(
    struct slice domain, bool (*visit)(void *arg, const struct queue_row *row), void *arg)
{
	struct row_walk walk = { .see = see_any, .visit = visit, .arg = arg };

	return walk_rows(&walk, domain);
}

/* The first row of each domain and priority, past all between. */
struct domain_walk {
	bool (*visit)(void *arg, struct slice domain, int64_t when);
	void *arg;
	struct buf domain; /* that was met last, not visited yet */
	int64_t when;
};

static bool visit_met(struct domain_walk *domains)
{
	return domains->domain.n == 0 ||
	    domains->visit(domains->arg, buf_slice(&domains->domain), domains->when);
}

static bool see_first(struct row_walk *walk, const struct queue_row *row)
{
	struct domain_walk *domains = walk->arg;

	if (!slice_eq(row->domain, buf_slice(&domains->domain))) {
		if (!visit_met(domains)) {
			buf_clear(&domains->domain);
			return false;
		}
		buf_clear(&domains->domain);
		buf_adds(&domains->domain, row->domain);
		domains->when = row->when;
	} else if (row->when < domains->when)
		domains->when = row->when;
	skip_priority(walk, row);
	return false;
}

int queue_domains(bool (*visit)(void *arg, struct slice domain, int64_t when), void *arg)
{
	struct domain_walk domains = { .visit = visit, .arg = arg };
	struct row_walk walk = { .see = see_first, .arg = &domains };
	int rc = walk_rows(&walk, (struct slice){ 0 });

	if (rc == 0)
		visit_met(&domains);
	buf_done(&domains.domain);
	return rc;
}
