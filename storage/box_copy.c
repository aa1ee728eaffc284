/* box_copy.c - COPY and MOVE: more entries for the same messages
 *
 * Bounded transactions, so that no other writer waits long for one who copies
 * a hundred thousand. RFC 9051 §6.4.7 wants COPY to do all or nothing: whether
 * all fits is asked in the first transaction, and when a later one fails, or
 * does not come, the entries that were made are removed again (box_half.c).
 * MOVE (§6.4.8) is atomic for each message. */
#include <stdlib.h>

#include "storage/box_private.h"

enum { BATCH = 1000 };

struct box_copying {
	struct kv_write w;
	struct acct from_acct, to_acct;
	uint32_t from_box;
	struct buf name;       /* of the target, folded */
	uint32_t to_box;       /* once it was found */
	struct buf all, sizes; /* uint32_t: UIDs, and sizes of the messages */
	size_t done, left;     /* of them */
	uint64_t bytes_left;
	struct box_half half;
	struct box_far *far; /* or NULL: the same shard */
	bool move;
	uint64_t may; /* of the flags, those that come along */
	struct err *err;

	const uint32_t *uids; /* this time */
	size_t n;

	struct box_tx from_tx, to_tx_own, *to_tx;
	struct box_edit from_edit, to_edit_own, *to_edit;
	struct box_keywords *keywords;	 /* of the source */
	uint64_t bits[BOX_KEYWORDS_MAX]; /* where each is in the target */
	uint64_t bits_known;
	bool same_acct, idle;

	struct box_added *out;
	size_t got; /* this time, behind out->n */
};

static enum kv_result refuse(struct box_copying *op, enum err_kind kind, const char *why)
{
	err_set(op->err, kind, "%s", why);
	return KV_REFUSED;
}

/* --- the two mailboxes --- */

static int find_target(struct box_copying *op, struct kv_txn *txn, uint32_t *box)
{
	struct box_name name;
	int found = 1;

	op->to_tx = op->same_acct ? &op->from_tx : &op->to_tx_own;
	if (!op->same_acct)
		found = box_tx_begin(op->to_tx, txn, op->to_acct.shard, op->to_acct.id);
	*box = op->to_box;
	if (found == 1 && op->to_box == 0) {
		found = box_name_find(op->to_tx, buf_slice(&op->name), &name);
		*box = name.box;
	}
	return found;
}

static enum kv_result begin_target(struct box_copying *op, struct kv_txn *txn)
{
	uint32_t box;
	int found = find_target(op, txn, &box);

	op->to_edit = &op->from_edit;
	if (found == 1 && !(op->same_acct && box == op->from_box)) {
		op->to_edit = &op->to_edit_own;
		found = box_edit_begin(op->to_edit, op->to_tx, box);
	}
	if (found < 0)
		return KV_FAILED;
	if (found == 0)
		return refuse(op, ERR_ABSENT, "the mailbox does not exist");
	uint64_t more = op->move && op->same_acct ? 0 : op->bytes_left;
	return box_edit_room(op->to_edit, more, op->left, op->err) ? KV_DONE : KV_REFUSED;
}

static enum kv_result begin(struct box_copying *op, struct kv_txn *txn)
{
	op->got = 0;
	op->bits_known = 0;
	op->half.ranges.n = op->half.kept;
	enum kv_result result = box_edit_again(
	    &op->from_edit, &op->from_tx, txn, &op->from_acct, op->from_box, op->err);
	if (result == KV_DONE)
		result = begin_target(op, txn);
	if (result != KV_DONE)
		return result;
	box_keywords_free(&op->keywords);
	return box_keywords_get(&op->from_tx, op->from_box, &op->keywords) < 0 ? KV_FAILED
									       : KV_DONE;
}

/* --- one message --- */

/* Keywords have other bits in another mailbox. One for which there is no room
   is lost, the message is not. */
static int map_flags(struct box_copying *op, uint64_t *flags)
{
	uint64_t mapped = *flags & (((uint64_t)1 << BOX_KEYWORD_SHIFT) - 1);

	if (op->to_edit == &op->from_edit)
		return 0;
	for (size_t i = 0; op->keywords && i < op->keywords->n; i++) {
		if (!(*flags >> (BOX_KEYWORD_SHIFT + i) & 1))
			continue;
		if (!(op->bits_known >> i & 1) &&
		    box_edit_keyword(op->to_edit, slice_str(op->keywords->names[i]), &op->bits[i]) <
			0)
			return -1;
		op->bits_known |= (uint64_t)1 << i;
		mapped |= op->bits[i];
	}
	*flags = mapped;
	return 0;
}

/* The other account has a summary of its own. */
static int share_message(struct box_copying *op, uint64_t message)
{
	struct kv *tree = op->to_tx->shard->message;
	struct box_key from = box_message_key(op->from_acct.id, message);
	struct box_key to = box_message_key(op->to_acct.id, message);
	struct buf summary = { 0 };

	int found = kv_get(tree, op->to_tx->txn, box_key_slice(&to), &summary);
	int rc = found < 0 ? -1 : 0;
	if (found == 1) {
		rc = box_message_use(op->to_tx, message);
	} else if (found == 0) {
		if (kv_get(tree, op->from_tx.txn, box_key_slice(&from), &summary) != 1 ||
		    box_message_add(op->to_tx, message, buf_slice(&summary)) < 0 ||
		    body_change(op->to_tx->shard->bodies, op->to_tx->txn, message, 1) < 0)
			rc = -1;
	}
	buf_done(&summary);
	return rc;
}

/* A message that moves within its account has as many entries as before. */
static int account_for(struct box_copying *op, uint64_t message)
{
	if (op->same_acct)
		return op->move ? 0 : box_message_use(op->to_tx, message);
	if (share_message(op, message) < 0)
		return -1;
	return op->move ? box_message_drop(&op->from_tx, message) : 0;
}

static int copy_one(struct box_copying *op, uint32_t uid)
{
	struct box_entry entry, copied;
	int found = box_entry_get(&op->from_tx, op->from_box, uid, &entry);

	if (found <= 0)
		return found;
	copied = entry;
	copied.flags &= op->may;
	if (map_flags(op, &copied.flags) < 0 || box_edit_add(op->to_edit, &copied) < 0 ||
	    account_for(op, entry.message) < 0)
		return -1;
	if (op->move && box_edit_drop(&op->from_edit, &entry) < 0)
		return -1;
	op->out->from[op->out->n + op->got] = uid;
	op->out->uids[op->out->n + op->got] = copied.uid;
	op->got++;
	return 0;
}

/* --- the write --- */

static int end(struct box_copying *op)
{
	if (box_edit_end(&op->from_edit) < 0 || box_tx_end(&op->from_tx) < 0)
		return -1;
	if (op->to_edit != &op->from_edit && box_edit_end(op->to_edit) < 0)
		return -1;
	return op->same_acct ? 0 : box_tx_end(op->to_tx);
}

/* Of one that needs a single write nothing is ever half. */
static int note_half(struct box_copying *op)
{
	const uint32_t *uids = op->out->uids + op->out->n;
	bool last = op->n == op->left;

	if (op->move || (last && op->half.kept == 0) || (!last && op->got == 0))
		return 0;
	const struct box_half_made made = { uids[0], op->got ? uids[op->got - 1] : 0 };
	return box_half_note(op->to_tx, &op->half, op->to_edit->box, made, last);
}

static enum kv_result apply(struct kv_write *w, struct kv_txn *txn)
{
	struct box_copying *op = (struct box_copying *)w;

	enum kv_result result = begin(op, txn);
	if (result != KV_DONE)
		return result;
	for (size_t i = 0; i < op->n; i++)
		if (copy_one(op, op->uids[i]) < 0)
			return KV_FAILED;
	op->out->uidvalidity = op->to_edit->rec.uidvalidity;
	op->idle = op->got == 0 && op->half.kept == 0;
	if (op->idle)
		return KV_REFUSED;
	return note_half(op) < 0 || end(op) < 0 ? KV_FAILED : KV_DONE;
}

/* What is new is shown before what is gone: a message that moves is never
   nowhere. */
static void durable(struct kv_write *w)
{
	struct box_copying *op = (struct box_copying *)w;

	box_half_kept(&op->half);
	if (op->to_edit != &op->from_edit)
		box_view_apply(op->to_acct.shard, &op->to_edit->change);
	box_view_apply(op->from_acct.shard, &op->from_edit.change);
}

/* --- all of them --- */

static const uint32_t *numbers(const struct buf *buf)
{
	return (const uint32_t *)(const void *)buf->p;
}

/* Those of the UIDs that are there, and their sizes. */
static void find_present(struct box_copying *op, struct box *box, const struct box_copy *what)
{
	struct box_snap *snap = box_snap(box);

	for (size_t i = 0; i < what->n; i++) {
		const struct box_entry *entry =
		    box_snap_nth(snap, box_snap_find(snap, what->uids[i], false));
		if (!entry)
			continue;
		buf_add(&op->all, &entry->uid, sizeof(entry->uid));
		buf_add(&op->sizes, &entry->size, sizeof(entry->size));
		op->bytes_left += entry->size;
		op->left++;
	}
	box_snap_free(&snap);
}

struct box_copying *box_copy_begin(struct box *box, const struct box_copy *what, struct pool *pool,
    struct box_added *out, struct err *err)
{
	struct buf name = { 0 };

	if (box_name_fold(what->name, &name, err) < 0) {
		buf_done(&name);
		return NULL;
	}
	struct box_copying *op = mem_get(sizeof *op);
	*op = (struct box_copying){
		.w = { .apply = apply, .durable = durable },
		.from_acct = box->acct,
		.to_acct = *what->to,
		.from_box = box->id,
		.name = name,
		.move = what->move,
		.may = what->may,
		.same_acct = what->to->id == box->acct.id,
		.out = out,
	};
	find_present(op, box, what);
	*out = (struct box_added){ .uids = pool_get(pool, (op->left + 1) * sizeof(uint32_t)),
		.from = pool_get(pool, (op->left + 1) * sizeof(uint32_t)) };
	if (what->to->shard != box->acct.shard)
		op->far = box_far_begin(box, what, numbers(&op->all), op->left, out);
	return op;
}

static int fail(struct box_copying *op)
{
	if (!op->move) {
		box_half_undo(&op->to_acct, &op->half, NULL);
		op->out->n = 0;
	}
	return -1;
}

int box_copy_step(struct box_copying *op, struct err *err)
{
	if (op->far)
		return box_far_step(op->far, err);
	op->err = err;
	op->uids = numbers(&op->all) + op->done;
	op->n = op->left < BATCH ? op->left : BATCH;
	op->idle = false;
	if (box_write(op->from_acct.shard, &op->w, err) == 0) {
		op->to_box = op->to_edit->box;
		op->out->n += op->got;
	} else if (!op->idle) {
		return fail(op);
	}
	for (size_t i = 0; i < op->n; i++)
		op->bytes_left -= numbers(&op->sizes)[op->done + i];
	op->done += op->n;
	op->left -= op->n;
	if (op->left > 0)
		return 1;
	return box_half_end(&op->to_acct, &op->half, err) < 0 ? fail(op) : 0;
}

void box_copy_end(struct box_copying **copying)
{
	struct box_copying *op = *copying;

	if (!op)
		return;
	box_far_end(&op->far);
	box_half_leave(&op->to_acct, &op->half);
	box_keywords_free(&op->keywords);
	box_tx_done(&op->from_tx);
	box_tx_done(&op->to_tx_own);
	box_edit_done(&op->from_edit);
	box_edit_done(&op->to_edit_own);
	buf_done(&op->name);
	buf_done(&op->all);
	buf_done(&op->sizes);
	free(op);
	*copying = NULL;
}

int box_copy(struct box *box, const uint32_t *uids, size_t n, struct acct *to, struct slice name,
    bool move, struct pool *pool, struct box_added *out, struct err *err)
{
	const struct box_copy what = {
		.uids = uids, .n = n, .to = to, .name = name, .may = UINT64_MAX, .move = move
	};
	struct box_copying *copying = box_copy_begin(box, &what, pool, out, err);
	int rc = copying ? 1 : -1;

	while (rc == 1)
		rc = box_copy_step(copying, err);
	box_copy_end(&copying);
	return rc;
}
