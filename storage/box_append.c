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
};

static enum kv_result refuse(struct append *op, enum err_kind kind, const char *why)
{
	err_set(op->err, kind, "%s", why);
	return KV_REFUSED;
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
	return box_edit_room(&op->edit, op->bytes, op->n, op->err) ? KV_DONE : KV_REFUSED;
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
	if (box_edit_end(&op->edit) < 0 || box_tx_end(&op->tx) < 0)
		return KV_FAILED;
	return KV_DONE;
}

static void durable(struct kv_write *w)
{
	struct append *op = (struct append *)w;

	box_view_apply(op->acct.shard, &op->edit.change);
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
	if (usage.quota > 0 && usage.bytes + op->bytes > usage.quota)
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

int box_append(struct acct *acct, struct slice name, const struct box_append *messages, size_t n,
    struct pool *pool, struct box_added *out, struct err *err)
{
	struct buf folded = { 0 };
	struct append op = {
		.w = { .apply = apply, .durable = durable },
		.acct = *acct,
		.messages = messages,
		.made = mem_get((n + 1) * sizeof(struct made)),
		.n = n,
		.out = out,
		.err = err,
	};

	*out = (struct box_added){ .uids = pool_get(pool, (n + 1) * sizeof(uint32_t)), .n = n };
	int rc = box_name_fold(name, &folded, err);
	op.name = buf_slice(&folded);
	if (rc == 0)
		rc = append(&op, err);
	for (size_t i = 0; i < n; i++)
		buf_done(&op.made[i].summary);
	free(op.made);
	box_tx_done(&op.tx);
	box_edit_done(&op.edit);
	buf_done(&folded);
	return rc;
}
