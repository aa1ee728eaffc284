/* queue.c - mail for other servers, in shard 0: one record for a message, by its id
 *
 * Ids rise with time, so the order of the keys is that of arrival. */
#include "storage/queue.h"

#include "core/log.h"
#include "core/num.h"
#include "storage/shard.h"

enum { VERSION = 1, SMTPUTF8 = 1, BODY8 = 2, FIXED_BYTES = 2 + 3 * 8, ID_BYTES = 8 };

static struct shard *home(void)
{
	return shard_of(0);
}

static struct slice queue_key(unsigned char key[ID_BYTES], uint64_t id)
{
	num_put64(key, id);
	return slice_of(key, ID_BYTES);
}

/* --- writing: texts are a length of four bytes and what it says --- */

static void put32(struct buf *out, size_t v)
{
	unsigned char p[4];

	num_put32(p, (uint32_t)v);
	buf_add(out, p, sizeof(p));
}

static void put64(struct buf *out, uint64_t v)
{
	unsigned char p[8];

	num_put64(p, v);
	buf_add(out, p, sizeof(p));
}

static void put_text(struct buf *out, struct slice s)
{
	put32(out, s.n);
	buf_adds(out, s);
}

static void write_entry(struct buf *out, const struct queue_entry *entry)
{
	buf_addc(out, VERSION);
	buf_addc(out, (char)((entry->smtputf8 ? SMTPUTF8 : 0) | (entry->body8 ? BODY8 : 0)));
	put64(out, entry->body);
	put64(out, entry->size);
	put64(out, (uint64_t)entry->queued);
	put_text(out, entry->reverse_path);
	put_text(out, entry->envid);
	put_text(out, entry->ret);
	put32(out, entry->n_rcpts);
	for (size_t i = 0; i < entry->n_rcpts; i++) {
		put_text(out, entry->rcpts[i].address);
		put_text(out, entry->rcpts[i].original);
		put_text(out, entry->rcpts[i].notify);
		put_text(out, entry->rcpts[i].orcpt);
	}
}

int queue_put(struct kv_txn *txn, const struct queue_entry *entry)
{
	unsigned char key[ID_BYTES];
	struct buf value = { 0 };

	write_entry(&value, entry);
	int rc = kv_put(home()->queue, txn, queue_key(key, entry->id), buf_slice(&value));
	buf_done(&value);
	return rc;
}

/* --- reading; a text that runs over the end leaves rest->p NULL --- */

static uint32_t get32(struct slice *rest)
{
	if (rest->n < 4) {
		*rest = (struct slice){ 0 };
		return 0;
	}
	uint32_t v = num_get32((const unsigned char *)rest->p);
	*rest = slice_from(*rest, 4);
	return v;
}

static struct slice get_text(struct slice *rest, struct pool *pool)
{
	uint32_t n = get32(rest);

	if (n > rest->n) {
		*rest = (struct slice){ 0 };
		return *rest;
	}
	struct slice text = pool_slice(pool, slice_head(*rest, n));
	*rest = slice_from(*rest, n);
	return text;
}

static void read_fixed(const unsigned char *p, struct queue_entry *out)
{
	out->smtputf8 = p[1] & SMTPUTF8;
	out->body8 = p[1] & BODY8;
	out->body = num_get64(p + 2);
	out->size = num_get64(p + 10);
	out->queued = (int64_t)num_get64(p + 18);
}

static bool read_entry(
    struct slice key, struct slice value, struct pool *pool, struct queue_entry *out)
{
	struct slice rest = slice_from(value, FIXED_BYTES);
	enum { RCPT_BYTES = 4 * 4 }; /* at least */

	if (key.n != ID_BYTES || value.n < FIXED_BYTES || value.p[0] != VERSION)
		return false;
	*out = (struct queue_entry){ .id = num_get64((const unsigned char *)key.p) };
	read_fixed((const unsigned char *)value.p, out);
	out->reverse_path = get_text(&rest, pool);
	out->envid = get_text(&rest, pool);
	out->ret = get_text(&rest, pool);
	out->n_rcpts = get32(&rest);
	if (!rest.p || out->n_rcpts > rest.n / RCPT_BYTES)
		return false;
	struct queue_rcpt *rcpts = pool_get(pool, (out->n_rcpts + 1) * sizeof(*rcpts));
	for (size_t i = 0; i < out->n_rcpts; i++) {
		rcpts[i].address = get_text(&rest, pool);
		rcpts[i].original = get_text(&rest, pool);
		rcpts[i].notify = get_text(&rest, pool);
		rcpts[i].orcpt = get_text(&rest, pool);
	}
	out->rcpts = rcpts;
	return rest.p != NULL;
}

static void damaged(struct slice key)
{
	int64_t id = key.n == ID_BYTES ? (int64_t)num_get64((const unsigned char *)key.p) : 0;

	log_event(LOG_ERROR, "record-damaged", log_z("record", "queue"), log_n("mid", id));
}

int queue_get(uint64_t id, struct pool *pool, struct queue_entry *out)
{
	unsigned char p[ID_BYTES];
	struct slice key = queue_key(p, id);
	struct buf value = { 0 };

	int found = kv_get(home()->queue, NULL, key, &value);
	if (found == 1 && !read_entry(key, buf_slice(&value), pool, out)) {
		damaged(key);
		found = -1;
	}
	buf_done(&value);
	return found;
}

struct walk {
	bool (*visit)(void *arg, const struct queue_entry *entry);
	void *arg;
	struct pool pool;
};

static bool walk_one(void *arg, struct slice key, struct slice value)
{
	struct walk *walk = arg;
	struct queue_entry entry;
	bool more = true;

	if (read_entry(key, value, &walk->pool, &entry))
		more = walk->visit(walk->arg, &entry);
	else
		damaged(key); /* it must not keep the others waiting */
	pool_reset(&walk->pool);
	return more;
}

int queue_each(bool (*visit)(void *arg, const struct queue_entry *entry), void *arg)
{
	struct walk walk = { .visit = visit, .arg = arg };
	int rc =
	    kv_each(home()->queue, NULL, (struct slice){ 0 }, (struct slice){ 0 }, walk_one, &walk);

	pool_done(&walk.pool);
	return rc;
}

/* --- removing --- */

struct delete_op {
	struct kv_write w;
	uint64_t id;
	struct buf value;
};

static enum kv_result apply_delete(struct kv_write *w, struct kv_txn *txn)
{
	struct delete_op *op = (struct delete_op *)w;
	unsigned char p[ID_BYTES];
	struct slice key = queue_key(p, op->id);
	struct queue_entry entry;

	int found = kv_get(home()->queue, txn, key, &op->value);
	if (found <= 0)
		return found < 0 ? KV_FAILED : KV_DONE;
	if (kv_del(home()->queue, txn, key) < 0)
		return KV_FAILED;
	if (op->value.n < FIXED_BYTES)
		return KV_DONE; /* which body it was, nobody knows */
	read_fixed((const unsigned char *)op->value.p, &entry);
	return body_change(home()->bodies, txn, entry.body, -1) < 0 ? KV_FAILED : KV_DONE;
}

int queue_delete(uint64_t id, struct err *err)
{
	struct delete_op op = { .w.apply = apply_delete, .id = id };
	enum kv_result result = kv_write(home()->env, &op.w);

	buf_done(&op.value);
	return result == KV_DONE ? 0 : err_set(err, ERR_TEMP, "the queue cannot be written");
}

/* --- for checks --- */

struct check {
	bool (*queued)(void *arg, uint64_t id, uint64_t body);
	void *arg;
};

static bool check_one(void *arg, struct slice key, struct slice value)
{
	const struct check *check = arg;
	struct queue_entry entry;

	if (key.n != ID_BYTES || value.n < FIXED_BYTES || value.p[0] != VERSION) {
		damaged(key);
		return true;
	}
	read_fixed((const unsigned char *)value.p, &entry);
	return check->queued(check->arg, num_get64((const unsigned char *)key.p), entry.body);
}

int shard_walk_queue(
    struct shard *shard, bool (*queued)(void *arg, uint64_t id, uint64_t body), void *arg)
{
	struct check check = { queued, arg };

	return kv_each(
	    shard->queue, NULL, (struct slice){ 0 }, (struct slice){ 0 }, check_one, &check);
}
