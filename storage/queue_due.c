/* queue_due.c - which entry is due when: an index by domain and time */
#include "core/num.h"
#include "storage/queue_private.h"

enum { TAIL_BYTES = 1 + 8 + 8, BATCH = 500 }; /* NUL, time, id */

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
	int64_t when = rcpt->next > 0 ? rcpt->next : entry->queued;
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

/* --- rows --- */

static struct slice due_key(struct buf *key, struct slice domain, int64_t when, uint64_t id)
{
	unsigned char tail[16];

	num_put64(tail, (uint64_t)when);
	num_put64(tail + 8, id);
	buf_clear(key);
	buf_adds(key, domain);
	buf_addc(key, '\0');
	buf_add(key, tail, sizeof(tail));
	return buf_slice(key);
}

int queue_due_put(struct kv_txn *txn, struct slice domain, int64_t when, uint64_t id)
{
	struct buf key = { 0 };

	if (when == QUEUE_NEVER)
		return 0;
	int rc = kv_put(queue_home()->queue_due, txn, due_key(&key, domain, when, id), SLICE("\1"));
	buf_done(&key);
	return rc;
}

int queue_due_del(struct kv_txn *txn, struct slice domain, int64_t when, uint64_t id)
{
	struct buf key = { 0 };

	if (when == QUEUE_NEVER)
		return 0;
	int rc = kv_del(queue_home()->queue_due, txn, due_key(&key, domain, when, id));
	buf_done(&key);
	return rc;
}

int queue_due_put_all(struct kv_txn *txn, const struct queue_entry *entry)
{
	for (size_t i = 0; i < entry->n_rcpts; i++)
		if (queue_is_first(entry, i) &&
		    queue_due_put(txn, entry->rcpts[i].domain, queue_when(entry, i), entry->id) < 0)
			return -1;
	return 0;
}

/* --- reading --- */

struct due_visit {
	bool (*visit)(void *arg, uint64_t id, int64_t when);
	void *arg;
};

static bool see_row(void *arg, struct slice key, struct slice value)
{
	const struct due_visit *visit = arg;
	const unsigned char *tail = (const unsigned char *)key.p + key.n - 16;

	(void)value;
	if (key.n < TAIL_BYTES)
		return true;
	return visit->visit(visit->arg, num_get64(tail + 8), (int64_t)num_get64(tail));
}

int queue_due(struct slice domain, bool (*visit)(void *arg, uint64_t id, int64_t when), void *arg)
{
	struct due_visit each = { visit, arg };
	struct buf prefix = { 0 };

	buf_adds(&prefix, domain);
	buf_addc(&prefix, '\0');
	int rc = kv_each(
	    queue_home()->queue_due, NULL, buf_slice(&prefix), (struct slice){ 0 }, see_row, &each);
	buf_done(&prefix);
	return rc;
}

struct first_row {
	struct buf domain;
	int64_t when;
	bool any;
};

static bool take_first(void *arg, struct slice key, struct slice value)
{
	struct first_row *first = arg;

	(void)value;
	if (key.n <= TAIL_BYTES) /* the mark */
		return true;
	buf_clear(&first->domain);
	buf_adds(&first->domain, slice_head(key, key.n - TAIL_BYTES));
	first->when = (int64_t)num_get64((const unsigned char *)key.p + key.n - 16);
	first->any = true;
	return false;
}

/* From one domain's first row to the next domain's, past all between. */
int queue_domains(bool (*visit)(void *arg, struct slice domain, int64_t when), void *arg)
{
	struct first_row first = { .any = true };
	struct buf from = { 0 };
	int rc = 0;

	while (rc == 0 && first.any) {
		first.any = false;
		rc = kv_each(queue_home()->queue_due, NULL, (struct slice){ 0 }, buf_slice(&from),
		    take_first, &first);
		if (first.any && !visit(arg, buf_slice(&first.domain), first.when))
			break;
		buf_clear(&from);
		buf_adds(&from, buf_slice(&first.domain));
		buf_addc(&from, '\1');
	}
	buf_done(&from);
	buf_done(&first.domain);
	return rc;
}

/* --- a store from before there was an index: made once, then marked --- */

static const struct slice mark = { "\0made", 5 };

struct making {
	struct kv_write w;
	const uint64_t *ids;
	size_t n;
	bool last;
};

static enum kv_result apply_making(struct kv_write *w, struct kv_txn *txn)
{
	struct making *op = (struct making *)w;
	struct pool pool = { 0 };
	struct queue_entry entry;
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < op->n; i++) {
		rc = queue_load(op->ids[i], txn, &pool, &entry);
		if (rc == 1)
			rc = queue_due_put_all(txn, &entry);
		pool_reset(&pool);
	}
	pool_done(&pool);
	if (rc >= 0 && op->last)
		rc = kv_put(queue_home()->queue_due, txn, mark, SLICE("\1"));
	return rc < 0 ? KV_FAILED : KV_DONE;
}

static bool take_id(void *arg, const struct queue_entry *entry)
{
	buf_add(arg, &entry->id, sizeof(entry->id));
	return true;
}

static int make_index(const struct buf *ids, struct err *err)
{
	const uint64_t *id = (const void *)ids->p;
	size_t n = ids->n / sizeof(*id), i = 0;

	do {
		size_t part = n - i < BATCH ? n - i : BATCH;
		struct making op = {
			.w.apply = apply_making, .ids = id + i, .n = part, .last = i + part == n
		};
		if (kv_write(queue_home()->env, &op.w) != KV_DONE)
			return err_set(err, ERR_TEMP, "the queue cannot be written");
		i += part;
	} while (i < n);
	return 0;
}

int shard_resume_queue(struct shard *shard, struct err *err)
{
	struct buf value = { 0 }, ids = { 0 };

	int rc = kv_get(shard->queue_due, NULL, mark, &value);
	if (rc == 0)
		rc = queue_each(take_id, &ids);
	else if (rc == 1)
		rc = 0;
	if (rc < 0)
		err_set(err, ERR_TEMP, "the queue cannot be read");
	else if (value.n == 0)
		rc = make_index(&ids, err);
	buf_done(&value);
	buf_done(&ids);
	return rc;
}
