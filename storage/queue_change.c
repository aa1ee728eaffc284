/* queue_change.c - entries of the queue changed and removed
 *
 * Every change reads the entry as it is, says what its recipients' records and
 * rows of the index should be, and writes what differs. */
#include "storage/queue_private.h"

struct change {
	struct kv_write w;
	uint64_t id;
	/* Changes the entry as it is on disk: 1 when something is left of it, 0 when
	   it should go. */
	int (*edit)(struct change *change, struct queue_entry *entry);
	const struct queue_entry *want; /* of queue_save */
	struct slice domain;
	bool found;
	struct pool pool;
	struct queue_entry before, after;
};

/* A recipient of whom nothing was ever stored has no record. */
static bool has_state(const struct queue_rcpt *rcpt)
{
	return rcpt->state != QUEUE_WAITING || rcpt->owed || rcpt->warned || rcpt->attempts ||
	    rcpt->tried || rcpt->next;
}

static int remove_entry(struct kv_txn *txn, const struct queue_entry *entry)
{
	struct shard *home = queue_home();
	unsigned char key[QUEUE_STATE_KEY_BYTES];

	for (size_t i = 0; i < entry->n_rcpts; i++) {
		const struct queue_rcpt *rcpt = &entry->rcpts[i];

		if (has_state(rcpt) &&
		    kv_del(home->queue, txn, queue_state_key(key, entry->id, i)) < 0)
			return -1;
		if (queue_is_first(entry, i) &&
		    queue_due_del(txn, rcpt->domain, queue_when(entry, i), entry->id) < 0)
			return -1;
	}
	if (kv_del(home->queue, txn, queue_key(key, entry->id)) < 0)
		return -1;
	return body_change(home->bodies, txn, entry->body, -1);
}

static int put_state(struct kv_txn *txn, uint64_t id, size_t i, const struct queue_rcpt *a,
    const struct queue_rcpt *b)
{
	unsigned char key[QUEUE_STATE_KEY_BYTES];
	struct buf before = { 0 }, after = { 0 };
	int rc = 0;

	queue_write_state(&before, a);
	queue_write_state(&after, b);
	if (!slice_eq(buf_slice(&before), buf_slice(&after)))
		rc = kv_put(
		    queue_home()->queue, txn, queue_state_key(key, id, i), buf_slice(&after));
	buf_done(&before);
	buf_done(&after);
	return rc;
}

static int put_row(struct kv_txn *txn, const struct change *change, size_t i)
{
	struct slice domain = change->before.rcpts[i].domain;
	int64_t before = queue_when(&change->before, i);
	int64_t after = queue_when(&change->after, i);

	if (before == after)
		return 0;
	if (queue_due_del(txn, domain, before, change->id) < 0)
		return -1;
	return queue_due_put(txn, domain, after, change->id);
}

static int put_differences(struct kv_txn *txn, const struct change *change)
{
	const struct queue_entry *before = &change->before, *after = &change->after;

	for (size_t i = 0; i < before->n_rcpts; i++) {
		if (put_state(txn, change->id, i, &before->rcpts[i], &after->rcpts[i]) < 0)
			return -1;
		if (queue_is_first(before, i) && put_row(txn, change, i) < 0)
			return -1;
	}
	return 0;
}

static enum kv_result apply(struct kv_write *w, struct kv_txn *txn)
{
	struct change *change = (struct change *)w;
	struct queue_entry *entry = &change->before;

	pool_reset(&change->pool);
	int found = queue_load(change->id, txn, &change->pool, entry);
	change->found = found == 1;
	if (found <= 0)
		return found < 0 ? KV_FAILED : KV_DONE;
	size_t bytes = (entry->n_rcpts + 1) * sizeof(*entry->rcpts);
	struct queue_rcpt *rcpts = pool_get(&change->pool, bytes);
	memcpy(rcpts, entry->rcpts, bytes);
	change->after = *entry;
	change->after.rcpts = rcpts;
	bool left = change->edit(change, &change->after) == 1;
	int rc = left ? put_differences(txn, change) : remove_entry(txn, entry);
	if (!left)
		change->found = false;
	return rc < 0 ? KV_FAILED : KV_DONE;
}

static void tell_changes(struct kv_write *w)
{
	struct change *change = (struct change *)w;
	const struct queue_entry *entry = &change->after;

	for (size_t i = 0; change->found && i < entry->n_rcpts; i++)
		if (queue_is_first(entry, i))
			queue_tell(entry->rcpts[i].domain, queue_when(entry, i));
}

static int run_change(struct change *change, struct err *err)
{
	change->w.apply = apply;
	change->w.durable = tell_changes;
	enum kv_result result = kv_write(queue_home()->env, &change->w);
	pool_done(&change->pool);
	return result == KV_DONE ? 0 : err_set(err, ERR_TEMP, "the queue cannot be written");
}

static int is_left(const struct queue_entry *entry)
{
	for (size_t i = 0; i < entry->n_rcpts; i++)
		if (entry->rcpts[i].state == QUEUE_WAITING || entry->rcpts[i].owed)
			return 1;
	return 0;
}

static int edit_save(struct change *change, struct queue_entry *entry)
{
	struct queue_rcpt *rcpts = (struct queue_rcpt *)entry->rcpts;

	for (size_t i = 0; i < entry->n_rcpts && i < change->want->n_rcpts; i++) {
		const struct queue_rcpt *want = &change->want->rcpts[i];

		if (!slice_eq(rcpts[i].domain, change->domain))
			continue;
		rcpts[i].state = want->state;
		rcpts[i].owed = want->owed;
		rcpts[i].warned = want->warned;
		rcpts[i].attempts = want->attempts;
		rcpts[i].tried = want->tried;
		rcpts[i].next = want->next;
		rcpts[i].reply = want->reply;
		rcpts[i].host = want->host;
	}
	return is_left(entry);
}

int queue_save(const struct queue_entry *entry, struct slice domain, struct err *err)
{
	struct change change = {
		.id = entry->id, .edit = edit_save, .want = entry, .domain = domain
	};

	return run_change(&change, err);
}

static int edit_retry(struct change *change, struct queue_entry *entry)
{
	struct queue_rcpt *rcpts = (struct queue_rcpt *)entry->rcpts;

	(void)change;
	for (size_t i = 0; i < entry->n_rcpts; i++)
		rcpts[i].next = 0;
	return 1;
}

int queue_retry(uint64_t id, struct err *err)
{
	struct change change = { .id = id, .edit = edit_retry };

	if (run_change(&change, err) != 0)
		return -1;
	return change.found ? 0 : err_set(err, ERR_ABSENT, "there is no such entry in the queue");
}

static int edit_delete(struct change *change, struct queue_entry *entry)
{
	(void)change, (void)entry;
	return 0;
}

/* --- removing, also what nobody can read --- */

struct removal {
	struct kv_write w;
	uint64_t id;
};

static enum kv_result apply_removal(struct kv_write *w, struct kv_txn *txn)
{
	struct removal *op = (struct removal *)w;
	unsigned char p[QUEUE_ID_BYTES];
	struct slice key = queue_key(p, op->id);
	struct buf value = { 0 };
	uint64_t body;

	int rc = kv_get(queue_home()->queue, txn, key, &value);
	if (rc == 1)
		rc = kv_del(queue_home()->queue, txn, key);
	if (rc == 0 && queue_read_body(buf_slice(&value), &body))
		rc = body_change(queue_home()->bodies, txn, body, -1);
	buf_done(&value);
	return rc < 0 ? KV_FAILED : KV_DONE;
}

int queue_delete(uint64_t id, struct err *err)
{
	struct change change = { .id = id, .edit = edit_delete };
	struct removal removal = { .w.apply = apply_removal, .id = id };

	if (run_change(&change, err) == 0)
		return 0;
	if (kv_write(queue_home()->env, &removal.w) != KV_DONE)
		return -1;
	return 0;
}
