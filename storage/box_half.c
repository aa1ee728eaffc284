/* box_half.c - copies that take several writes, and are all or nothing (RFC 9051 §6.4.7)
 *
 * Each write but the last leaves a mark that says which entries were made so far; the
 * last one takes it away. Entries of a copy that ends before that are removed, at once
 * or at the next start, and then their mark. */
#include <stdlib.h>

#include "core/loop.h"
#include "core/num.h"
#include "storage/box_private.h"

enum { VERSION = 1, RANGE = 4 + 4 };

/* --- marks --- */

static struct box_key mark_key(uint64_t account, uint32_t box, uint32_t first)
{
	struct box_key key = box_kind_key(0, 'c');

	num_put64(key.bytes + key.n, account);
	num_put32(key.bytes + key.n + 8, box);
	num_put32(key.bytes + key.n + 12, first);
	key.n += 16;
	return key;
}

static uint32_t first_of(const struct box_half *half)
{
	return num_get32((const unsigned char *)half->ranges.p);
}

static int remove_mark(struct box_tx *tx, const struct box_half *half)
{
	if (half->kept == 0)
		return 0;
	struct box_key key = mark_key(tx->account, half->box, first_of(half));
	return kv_del(tx->shard->box, tx->txn, box_key_slice(&key));
}

int box_half_note(
    struct box_tx *tx, struct box_half *half, uint32_t box, struct box_half_made made, bool last)
{
	unsigned char range[RANGE];
	struct buf value = { 0 };

	half->ranges.n = half->kept;
	half->marking = !last;
	if (last)
		return remove_mark(tx, half);
	half->box = box;
	num_put32(range, made.from);
	num_put32(range + 4, made.to);
	buf_add(&half->ranges, range, sizeof range);
	buf_addc(&value, VERSION);
	buf_adds(&value, buf_slice(&half->ranges));
	struct box_key key = mark_key(tx->account, box, first_of(half));
	int rc = kv_put(tx->shard->box, tx->txn, box_key_slice(&key), buf_slice(&value));
	buf_done(&value);
	return rc;
}

void box_half_kept(struct box_half *half)
{
	half->kept = half->ranges.n;
	half->marked = half->marking;
}

/* --- removing what was made --- */

static int drop_entries(const struct acct *acct, const struct box_half *half, struct err *err)
{
	struct buf uids = { 0 };

	for (size_t i = 0; i + RANGE <= half->kept; i += RANGE) {
		const unsigned char *range = (const unsigned char *)half->ranges.p + i;
		uint32_t to = num_get32(range + 4);

		for (uint32_t uid = num_get32(range); uid <= to; uid++)
			buf_add(&uids, &uid, sizeof uid);
	}
	int rc = box_batch_drop(acct, half->box, (const uint32_t *)(const void *)uids.p,
	    uids.n / sizeof(uint32_t), err);
	buf_done(&uids);
	return rc;
}

struct unmark {
	struct kv_write w;
	const struct acct *acct;
	const struct box_half *half;
};

static enum kv_result apply_unmark(struct kv_write *w, struct kv_txn *txn)
{
	struct unmark *op = (struct unmark *)w;
	struct box_tx tx = { .shard = op->acct->shard, .txn = txn, .account = op->acct->id };

	return remove_mark(&tx, op->half) < 0 ? KV_FAILED : KV_DONE;
}

int box_half_end(const struct acct *acct, struct box_half *half, struct err *err)
{
	struct unmark op = { .w = { .apply = apply_unmark }, .acct = acct, .half = half };

	if (half->marked && box_write(acct->shard, &op.w, err) < 0)
		return -1;
	half->kept = 0;
	half->marked = false;
	return 0;
}

/* A mailbox or an account that is gone has taken its entries along. */
int box_half_undo(const struct acct *acct, struct box_half *half, struct err *err)
{
	struct err why = { 0 };

	if (half->kept == 0)
		return 0;
	if (drop_entries(acct, half, &why) < 0 && why.kind != ERR_BUSY) {
		if (err)
			*err = why;
		return -1;
	}
	return box_half_end(acct, half, err);
}

/* --- later --- */

struct later {
	struct task task;
	struct acct acct;
	struct box_half half;
};

static void undo_now(struct task *task)
{
	struct later *later = (struct later *)task;

	box_half_undo(&later->acct, &later->half, NULL); /* else at the next start */
	buf_done(&later->half.ranges);
	free(later);
}

void box_half_leave(const struct acct *acct, struct box_half *half)
{
	struct later *later;

	if (half->kept == 0) {
		buf_done(&half->ranges);
		return;
	}
	later = mem_get(sizeof *later);
	*later = (struct later){ .task.run = undo_now, .acct = *acct, .half = *half };
	*half = (struct box_half){ 0 };
	worker_post(&later->task);
}

/* --- at the start --- */

static bool collect(void *arg, struct slice key, struct slice value)
{
	uint32_t n = (uint32_t)value.n;

	if (key.n != 8 + 1 + 16 || value.n % RANGE != 1)
		return true;
	buf_adds(arg, slice_from(key, 8 + 1));
	buf_add(arg, &n, sizeof n);
	buf_adds(arg, value);
	return true;
}

static int undo_found(struct shard *shard, struct slice *in, struct err *err)
{
	const unsigned char *p = (const unsigned char *)in->p;
	const struct acct acct = { .shard = shard, .id = num_get64(p) };
	struct box_half half = { .box = num_get32(p + 8) };
	uint32_t n;

	memcpy(&n, p + 16, sizeof n);
	buf_adds(&half.ranges, slice_of(p + 16 + sizeof n + 1, n - 1));
	half.kept = half.ranges.n;
	half.marked = true;
	*in = slice_from(*in, 16 + sizeof n + n);
	int rc = box_half_undo(&acct, &half, err);
	buf_done(&half.ranges);
	return rc;
}

int box_half_resume(struct shard *shard, struct err *err)
{
	struct box_key prefix = box_kind_key(0, 'c');
	struct buf found = { 0 };
	int rc =
	    kv_each(shard->box, NULL, box_key_slice(&prefix), (struct slice){ 0 }, collect, &found);

	if (rc < 0)
		err_set(err, ERR_TEMP, "%s: cannot be read", shard->dir);
	for (struct slice rest = buf_slice(&found); rc == 0 && rest.n > 0;)
		rc = undo_found(shard, &rest, err);
	buf_done(&found);
	return rc;
}
