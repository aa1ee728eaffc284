/* queue.c - entries of the queue put and read, in shard 0 */
#include "core/num.h"
#include "storage/queue_private.h"

struct shard *queue_home(void)
{
	return shard_of(0);
}

/* --- putting --- */

/* With the recipients of a domain together, as they are in a record. */
static struct queue_entry with_domains(const struct queue_entry *entry, struct pool *pool)
{
	struct queue_entry full = *entry;
	struct queue_rcpt *rcpts = pool_get(pool, (entry->n_rcpts + 1) * sizeof(*rcpts));

	memcpy(rcpts, entry->rcpts, entry->n_rcpts * sizeof(*rcpts));
	queue_set_domains(rcpts, entry->n_rcpts, pool);
	full.rcpts = rcpts;
	return full;
}

/* Of those whom it has: who failed before he was tried. */
static int put_states(struct kv_txn *txn, const struct queue_entry *entry)
{
	unsigned char key[QUEUE_STATE_KEY_BYTES];
	struct buf value = { 0 };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < entry->n_rcpts; i++) {
		if (!queue_has_state(&entry->rcpts[i]))
			continue;
		buf_clear(&value);
		queue_write_state(&value, &entry->rcpts[i]);
		rc = kv_put(queue_home()->queue, txn, queue_state_key(key, entry->id, i),
		    buf_slice(&value));
	}
	buf_done(&value);
	return rc;
}

int queue_put(struct kv_txn *txn, const struct queue_entry *entry)
{
	unsigned char key[QUEUE_ID_BYTES];
	struct buf value = { 0 };
	struct pool pool = { 0 };
	struct queue_entry full = with_domains(entry, &pool);

	queue_write_entry(&value, &full);
	int rc = kv_put(queue_home()->queue, txn, queue_key(key, full.id), buf_slice(&value));
	if (rc == 0)
		rc = put_states(txn, &full);
	if (rc == 0)
		rc = queue_due_put_all(txn, &full);
	buf_done(&value);
	pool_done(&pool);
	return rc;
}

void queue_added(const struct queue_entry *entry)
{
	struct pool pool = { 0 };
	struct queue_entry full = with_domains(entry, &pool);

	for (size_t i = 0; i < full.n_rcpts; i++)
		if (queue_is_first(&full, i))
			queue_tell(full.rcpts[i].domain, queue_when(&full, i));
	pool_done(&pool);
}

/* --- reading --- */

struct load {
	struct queue_reader reader;
	bool found;
};

static bool take_record(void *arg, struct slice key, struct slice value)
{
	struct load *load = arg;

	load->found = true;
	queue_reader_take(&load->reader, key, value);
	return true;
}

int queue_load(uint64_t id, struct kv_txn *txn, struct pool *pool, struct queue_entry *out)
{
	unsigned char p[QUEUE_ID_BYTES];
	struct load load = { .reader.pool = pool };

	if (kv_each(queue_home()->queue, txn, queue_key(p, id), (struct slice){ 0 }, take_record,
		&load) < 0)
		return -1;
	if (!load.reader.any)
		return load.found ? -1 : 0;
	*out = load.reader.entry;
	return 1;
}

int queue_get(uint64_t id, struct pool *pool, struct queue_entry *out)
{
	return queue_load(id, NULL, pool, out);
}

int queue_body(const struct queue_entry *entry, struct body **body, struct err *err)
{
	return body_open(queue_home()->bodies, entry->body, body, err);
}

struct walk {
	bool (*visit)(void *arg, const struct queue_entry *entry);
	void *arg;
	struct queue_reader reader;
};

static bool visit_gathered(struct walk *walk)
{
	bool more = !walk->reader.any || walk->visit(walk->arg, &walk->reader.entry);

	walk->reader.any = false;
	pool_reset(walk->reader.pool);
	return more;
}

/* An entry is complete when the next one begins. */
static bool walk_one(void *arg, struct slice key, struct slice value)
{
	struct walk *walk = arg;

	if (key.n != QUEUE_STATE_KEY_BYTES && !visit_gathered(walk))
		return false;
	queue_reader_take(&walk->reader, key, value);
	return true;
}

int queue_each_from(
    uint64_t from, bool (*visit)(void *arg, const struct queue_entry *entry), void *arg)
{
	unsigned char key[QUEUE_ID_BYTES];
	struct pool pool = { 0 };
	struct walk walk = { .visit = visit, .arg = arg, .reader.pool = &pool };
	int rc = kv_each(
	    queue_home()->queue, NULL, (struct slice){ 0 }, queue_key(key, from), walk_one, &walk);

	if (rc == 0)
		visit_gathered(&walk);
	pool_done(&pool);
	return rc;
}

int queue_each(bool (*visit)(void *arg, const struct queue_entry *entry), void *arg)
{
	return queue_each_from(0, visit, arg);
}

static bool count_one(void *arg, struct slice key, struct slice value)
{
	(void)value;
	*(uint64_t *)arg += key.n == QUEUE_ID_BYTES;
	return true;
}

int queue_count(uint64_t *n)
{
	*n = 0;
	return kv_each(
	    queue_home()->queue, NULL, (struct slice){ 0 }, (struct slice){ 0 }, count_one, n);
}

/* --- for checks --- */

struct check {
	bool (*queued)(void *arg, uint64_t id, uint64_t body);
	void *arg;
};

static bool check_one(void *arg, struct slice key, struct slice value)
{
	const struct check *check = arg;
	uint64_t body;

	if (key.n == QUEUE_STATE_KEY_BYTES)
		return true;
	if (key.n != QUEUE_ID_BYTES || !queue_read_body(value, &body)) {
		queue_damaged(key);
		return true;
	}
	return check->queued(check->arg, num_get64((const unsigned char *)key.p), body);
}

int shard_walk_queue(
    struct shard *shard, bool (*queued)(void *arg, uint64_t id, uint64_t body), void *arg)
{
	struct check check = { queued, arg };

	return kv_each(
	    shard->queue, NULL, (struct slice){ 0 }, (struct slice){ 0 }, check_one, &check);
}
