/* queue_change.c - an entry of the queue changed or removed
 *
 * Every change reads the entry as it is, says what its recipients' records and
 * rows of the index should be, and writes what differs. */
#include "storage/queue_private.h"

/* A recipient of whom nothing was ever stored has no record. */
bool queue_has_state(const struct queue_rcpt *rcpt)
{
	return rcpt->state != QUEUE_WAITING || rcpt->owed || rcpt->warned || rcpt->here ||
	    rcpt->attempts || rcpt->tried || rcpt->next;
}

static int remove_entry(struct kv_txn *txn, const struct queue_entry *entry)
{
	struct shard *home = queue_home();
	unsigned char key[QUEUE_STATE_KEY_BYTES];

	for (size_t i = 0; i < entry->n_rcpts; i++) {
		struct queue_row row = queue_row(entry, i);

		if (queue_has_state(&entry->rcpts[i]) &&
		    kv_del(home->queue, txn, queue_state_key(key, entry->id, i)) < 0)
			return -1;
		if (queue_is_first(entry, i) && queue_due_del(txn, &row) < 0)
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

static int put_row(struct kv_txn *txn, const struct queue_change *change, size_t i)
{
	struct queue_row before = queue_row(&change->before, i);
	struct queue_row after = queue_row(&change->after, i);

	if (before.when == after.when && before.tried == after.tried)
		return 0;
	if (queue_due_del(txn, &before) < 0)
		return -1;
	return queue_due_put(txn, &after);
}

static bool is_same(const struct queue_entry *a, const struct queue_entry *b)
{
	return a->held == b->held && a->release == b->release && a->queued == b->queued;
}

static int put_entry(struct kv_txn *txn, const struct queue_entry *entry)
{
	unsigned char key[QUEUE_ID_BYTES];
	struct buf value = { 0 };

	queue_write_entry(&value, entry);
	int rc = kv_put(queue_home()->queue, txn, queue_key(key, entry->id), buf_slice(&value));
	buf_done(&value);
	return rc;
}

static int put_differences(struct kv_txn *txn, const struct queue_change *change)
{
	const struct queue_entry *before = &change->before, *after = &change->after;

	if (!is_same(before, after) && put_entry(txn, after) < 0)
		return -1;
	for (size_t i = 0; i < before->n_rcpts; i++) {
		if (put_state(txn, change->id, i, &before->rcpts[i], &after->rcpts[i]) < 0)
			return -1;
		if (queue_is_first(before, i) && put_row(txn, change, i) < 0)
			return -1;
	}
	return 0;
}

/* A copy whose recipients can be written over. */
static struct queue_entry copy_entry(const struct queue_entry *entry, struct pool *pool)
{
	size_t bytes = (entry->n_rcpts + 1) * sizeof(*entry->rcpts);
	struct queue_rcpt *rcpts = pool_get(pool, bytes);
	struct queue_entry copy = *entry;

	memcpy(rcpts, entry->rcpts, bytes);
	copy.rcpts = rcpts;
	return copy;
}

int queue_change_apply(struct queue_change *change, struct kv_txn *txn)
{
	struct queue_entry *entry = &change->before;

	pool_reset(&change->pool);
	*entry = (struct queue_entry){ 0 };
	int found = queue_load(change->id, txn, &change->pool, entry);
	change->found = found == 1;
	if (found <= 0)
		return found;
	change->after = copy_entry(entry, &change->pool);
	if (change->edit(change, &change->after) == 1)
		return put_differences(txn, change);
	change->found = false;
	return remove_entry(txn, entry);
}

static enum kv_result apply(struct kv_write *w, struct kv_txn *txn)
{
	return queue_change_apply((struct queue_change *)w, txn) < 0 ? KV_FAILED : KV_DONE;
}

void queue_change_tell(const struct queue_change *change)
{
	const struct queue_entry *entry = &change->after;

	for (size_t i = 0; change->found && i < entry->n_rcpts; i++)
		if (queue_is_first(entry, i))
			queue_tell(entry->rcpts[i].domain, queue_when(entry, i));
}

static void tell(struct kv_write *w)
{
	queue_change_tell((struct queue_change *)w);
}

static int run_change(struct queue_change *change, struct err *err)
{
	change->w.apply = apply;
	change->w.durable = tell;
	enum kv_result result = kv_write(queue_home()->env, &change->w);
	pool_done(&change->pool);
	return result == KV_DONE ? 0 : err_set(err, ERR_TEMP, "the queue cannot be written");
}

int queue_is_left(const struct queue_entry *entry)
{
	for (size_t i = 0; i < entry->n_rcpts; i++)
		if (entry->rcpts[i].state == QUEUE_WAITING || entry->rcpts[i].owed)
			return 1;
	return 0;
}

static int edit_save(struct queue_change *change, struct queue_entry *entry)
{
	struct queue_rcpt *rcpts = (struct queue_rcpt *)entry->rcpts;

	for (size_t i = 0; i < entry->n_rcpts && i < change->want->n_rcpts; i++) {
		const struct queue_rcpt *want = &change->want->rcpts[i];

		if (!slice_eq(rcpts[i].domain, change->domain))
			continue;
		rcpts[i].state = want->state;
		rcpts[i].owed = want->owed;
		rcpts[i].warned = want->warned;
		rcpts[i].here = want->here;
		rcpts[i].attempts = want->attempts;
		rcpts[i].tried = want->tried;
		rcpts[i].next = want->next;
		rcpts[i].reply = want->reply;
		rcpts[i].host = want->host;
	}
	return queue_is_left(entry);
}

int queue_save(const struct queue_entry *entry, struct slice domain, struct err *err)
{
	struct queue_change change = {
		.id = entry->id, .edit = edit_save, .want = entry, .domain = domain
	};

	return run_change(&change, err);
}

static int edit_here(struct queue_change *change, struct queue_entry *entry)
{
	struct queue_rcpt *rcpts = (struct queue_rcpt *)entry->rcpts;

	if (change->rcpt < entry->n_rcpts) {
		struct queue_rcpt *rcpt = &rcpts[change->rcpt];

		rcpt->state = QUEUE_DELIVERED;
		rcpt->here = true;
		rcpt->next = 0;
		rcpt->owed = queue_wants_told(entry->reverse_path, rcpt->notify, QUEUE_DELIVERED);
	}
	return queue_is_left(entry);
}

int queue_delivered_here(struct kv_txn *txn, uint64_t id, size_t n)
{
	struct queue_change change = { .id = id, .edit = edit_here, .rcpt = n };
	int rc = queue_change_apply(&change, txn);

	pool_done(&change.pool);
	return rc < 0 ? -1 : 0;
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
	struct removal removal = { .w.apply = apply_removal, .id = id };
	size_t done;

	if (queue_act(QUEUE_DELETE, &id, 1, (struct slice){ 0 }, &done, err) == 0)
		return 0;
	if (kv_write(queue_home()->env, &removal.w) != KV_DONE)
		return -1;
	return 0;
}
