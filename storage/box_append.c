/* box_append.c - APPEND: messages of a client's own, all or none */
#include "storage/box_private.h"
#include "storage/import.h"

#include <stdlib.h>

struct made {
	struct buf summary;
	struct body_place place;
};

struct append {
	struct kv_write w;
	struct acct acct;
	struct slice name; /* folded */
	const struct box_append *messages;
	struct made *made;
	size_t n;
	uint64_t bytes;
	struct box_added *out;
	struct err *err;
	struct box_tx tx;
	struct box_edit edit;
	struct box_half *half; /* it is a part of a copy, or NULL */
	bool last;

	/* Of a message that this one replaces. */
	const struct box *from; /* or NULL */
	uint32_t uid;
	struct box_entry replaced;
	struct box_tx from_tx_own, *from_tx;
	struct box_edit from_edit_own, *from_edit;
};

static enum kv_result refuse(struct append *op, enum err_kind kind, const char *why)
{
	err_set(op->err, kind, "%s", why);
	return KV_REFUSED;
}

/* --- a message that goes --- */

static bool same_acct(const struct append *op)
{
	return op->from && op->from->acct.id == op->acct.id;
}

/* What the account will have more; what is replaced makes room. */
static uint64_t more_bytes(const struct append *op)
{
	uint64_t less = same_acct(op) ? op->replaced.size : 0;

	return op->bytes > less ? op->bytes - less : 0;
}

static enum kv_result find_replaced(struct append *op, struct kv_txn *txn)
{
	const struct box *from = op->from;
	int found = 1;

	op->from_tx = same_acct(op) ? &op->tx : &op->from_tx_own;
	op->from_edit = &op->edit;
	if (!same_acct(op))
		found = box_tx_begin(op->from_tx, txn, from->acct.shard, from->acct.id);
	if (found == 1 && !(same_acct(op) && from->id == op->edit.box)) {
		op->from_edit = &op->from_edit_own;
		found = box_edit_begin(op->from_edit, op->from_tx, from->id);
	}
	if (found == 1)
		found = box_entry_get(op->from_tx, from->id, op->uid, &op->replaced);
	if (found < 0)
		return KV_FAILED;
	return found == 1 ? KV_DONE : refuse(op, ERR_BUSY, "that message is not there any more");
}

static int drop_replaced(struct append *op)
{
	if (box_edit_drop(op->from_edit, &op->replaced) < 0 ||
	    box_message_drop(op->from_tx, op->replaced.message) < 0)
		return -1;
	if (op->from_edit != &op->edit && box_edit_end(op->from_edit) < 0)
		return -1;
	return op->from_tx != &op->tx ? box_tx_end(op->from_tx) : 0;
}

/* --- inside the write --- */

static enum kv_result find_mailbox(struct append *op, struct kv_txn *txn)
{
	struct box_name name;

	int found = box_tx_begin(&op->tx, txn, op->acct.shard, op->acct.id);
	if (found == 1)
		found = box_name_find(&op->tx, op->name, &name);
	if (found == 1)
		found = box_edit_begin(&op->edit, &op->tx, name.box);
	if (found < 0)
		return KV_FAILED;
	if (found == 0)
		return refuse(op, ERR_ABSENT, "the mailbox does not exist");
	if (op->half && op->half->kept > 0 && op->half->box != op->edit.box)
		return refuse(op, ERR_BUSY, "the mailbox was removed meanwhile");
	if (op->from) {
		enum kv_result result = find_replaced(op, txn);
		if (result != KV_DONE)
			return result;
	}
	return box_edit_room(&op->edit, more_bytes(op), op->n, op->err) ? KV_DONE : KV_REFUSED;
}

/* A keyword for which there is no room is lost, the message is not. */
static int flags_of(struct append *op, const struct box_append *message, uint64_t *flags)
{
	uint64_t bit;

	*flags = message->flags & (((uint64_t)1 << BOX_KEYWORD_SHIFT) - 1);
	for (size_t i = 0; i < message->n_keywords; i++) {
		if (box_edit_keyword(&op->edit, message->keywords[i], &bit) < 0)
			return -1;
		*flags |= bit;
	}
	return 0;
}

static int add(struct append *op, size_t i)
{
	const struct box_append *message = &op->messages[i];
	const struct made *made = &op->made[i];
	struct box_entry entry = {
		.size = (uint32_t)message->message.n,
		.message = made->place.id,
		.internal_date = message->internal_date,
	};

	if (flags_of(op, message, &entry.flags) < 0 || box_edit_add(&op->edit, &entry) < 0 ||
	    box_message_add(&op->tx, entry.message, buf_slice(&made->summary)) < 0)
		return -1;
	if (message->source.n > 0 &&
	    box_record_put(&op->tx, IMPORT_ROOM, message->source, SLICE("\1")) < 0)
		return -1;
	op->out->uids[i] = entry.uid;
	return body_link(op->acct.shard->bodies, op->tx.txn, &made->place, 1);
}

static int note_half(struct append *op)
{
	const struct box_half_made made = { op->out->uids[0], op->out->uids[op->n - 1] };

	return box_half_note(&op->tx, op->half, op->edit.box, made, op->last);
}

static enum kv_result apply(struct kv_write *w, struct kv_txn *txn)
{
	struct append *op = (struct append *)w;

	enum kv_result result = find_mailbox(op, txn);
	if (result != KV_DONE)
		return result;
	for (size_t i = 0; i < op->n; i++)
		if (add(op, i) < 0)
			return KV_FAILED;
	op->out->uidvalidity = op->edit.rec.uidvalidity;
	if (op->from && drop_replaced(op) < 0)
		return KV_FAILED;
	if (op->half && note_half(op) < 0)
		return KV_FAILED;
	if (box_edit_end(&op->edit) < 0 || box_tx_end(&op->tx) < 0)
		return KV_FAILED;
	return KV_DONE;
}

static void durable(struct kv_write *w)
{
	struct append *op = (struct append *)w;

	if (op->half)
		box_half_kept(op->half);
	box_view_apply(op->acct.shard, &op->edit.change);
	if (op->from && op->from_edit != &op->edit)
		box_view_apply(op->from->acct.shard, &op->from_edit->change);
}

/* --- before it --- */

static int check_sizes(struct append *op, struct err *err)
{
	for (size_t i = 0; i < op->n; i++) {
		if (op->messages[i].message.n > UINT32_MAX)
			return err_set(err, ERR_LIMIT, "the message is too large");
		op->bytes += op->messages[i].message.n;
	}
	return 0;
}

/* What is to be refused should not become dead bytes first. */
static int check_early(struct append *op, struct err *err)
{
	struct box_name name;
	struct acct_usage usage;

	if (box_find(&op->acct, op->name, &name, err) < 0)
		return -1;
	if (acct_usage(&op->acct, &usage) < 0)
		return err_set(err, ERR_TEMP, "the account cannot be read");
	if (usage.quota > 0 && usage.bytes + more_bytes(op) > usage.quota)
		return err_set(err, ERR_LIMIT, "the mailbox is full");
	return 0;
}

static int store_bodies(struct append *op, struct err *err)
{
	for (size_t i = 0; i < op->n; i++) {
		const struct box_append *message = &op->messages[i];
		struct made *made = &op->made[i];
		summary_make(message->message, message->internal_date, &made->summary);
		if (body_append(op->acct.shard->bodies, &message->message, 1, &made->place, err) <
		    0)
			return -1;
		summary_set_body(&made->summary, made->place.id);
	}
	return 0;
}

static int append(struct append *op, struct err *err)
{
	if (check_sizes(op, err) < 0 || check_early(op, err) < 0 || store_bodies(op, err) < 0)
		return -1;
	return box_write(op->acct.shard, &op->w, err);
}

static int run(struct append *op, struct slice name, struct pool *pool, struct err *err)
{
	struct buf folded = { 0 };
	size_t n = op->n;

	op->w.apply = apply;
	op->w.durable = durable;
	op->err = err;
	op->made = mem_get((n + 1) * sizeof(struct made));
	*op->out = (struct box_added){ .uids = pool_get(pool, (n + 1) * sizeof(uint32_t)), .n = n };
	int rc = box_name_fold(name, &folded, err);
	op->name = buf_slice(&folded);
	if (rc == 0)
		rc = append(op, err);
	for (size_t i = 0; i < n; i++)
		buf_done(&op->made[i].summary);
	free(op->made);
	box_tx_done(&op->tx);
	box_edit_done(&op->edit);
	box_tx_done(&op->from_tx_own);
	box_edit_done(&op->from_edit_own);
	buf_done(&folded);
	return rc;
}

int box_append(struct acct *acct, struct slice name, const struct box_append *messages, size_t n,
    struct pool *pool, struct box_added *out, struct err *err)
{
	struct append op = { .acct = *acct, .messages = messages, .n = n, .out = out };

	return run(&op, name, pool, err);
}

int box_append_half(struct acct *acct, struct slice name, const struct box_append *messages,
    size_t n, struct box_half *half, bool last, struct pool *pool, struct box_added *out,
    struct err *err)
{
	struct append op = {
		.acct = *acct, .messages = messages, .n = n, .out = out, .half = half, .last = last
	};

	return run(&op, name, pool, err);
}

int box_replace(struct box *box, uint32_t uid, struct acct *acct, struct slice name,
    const struct box_append *message, struct pool *pool, struct box_added *out, struct err *err)
{
	struct append op = {
		.acct = *acct, .messages = message, .n = 1, .out = out, .from = box, .uid = uid
	};
	struct box_snap *snap = box_snap(box);
	const struct box_entry *entry = box_snap_nth(snap, box_snap_find(snap, uid, false));

	if (entry)
		op.replaced = *entry;
	box_snap_free(&snap);
	if (!entry)
		return err_set(err, ERR_BUSY, "that message is not there any more");
	if (acct->shard == box->acct.shard)
		return run(&op, name, pool, err);
	/* Two changes: both messages may be seen for a moment, or after a crash. */
	op.from = NULL;
	if (run(&op, name, pool, err) != 0)
		return -1;
	return box_batch_drop(&box->acct, box->id, &uid, 1, err);
}
