/* box_rename.c - RENAME: a mailbox and those below it, or the messages of INBOX
 *
 * Mailboxes have ids, so a new name moves no message, and sessions that have
 * one open keep it. Subscriptions are names and stay (RFC 9051 §6.3.8). */
#include "storage/box_view.h"

/* One mailbox that gets a new name; the names are the pool's. */
struct move {
	struct slice from, to;
	struct box_name was; /* the record of `from` */
	struct box_name is;  /* and of `to` */
	struct move *next;
};

struct rename {
	struct kv_write w;
	struct acct acct;
	struct slice from, to; /* folded */
	struct err *err;
	struct box_tx tx;
	struct pool pool;
	struct move *moves, **end;
	struct box_change gone;
};

static enum kv_result refuse(struct rename *op, enum err_kind kind, const char *why)
{
	err_set(op->err, kind, "%s", why);
	return KV_REFUSED;
}

/* --- what is to be moved --- */

static bool collect(void *arg, struct slice key, struct slice value)
{
	struct rename *op = arg;
	struct box_name was;
	struct buf name = { 0 };

	box_name_of_key(&name, key);
	struct slice from = buf_slice(&name);
	bool wanted = slice_eq(from, op->from) || box_name_below(from, op->from);
	if (wanted && box_name_read(value, &was) && was.box != 0) {
		struct move *move = pool_get(&op->pool, sizeof(*move));
		struct slice rest = slice_from(from, op->from.n);
		move->from = pool_slice(&op->pool, from);
		move->to = slice_str(
		    pool_printf(&op->pool, "%.*s%.*s", SLICE_ARG(op->to), SLICE_ARG(rest)));
		move->was = was;
		*op->end = move;
		op->end = &move->next;
	}
	buf_done(&name);
	return wanted;
}

static int collect_moves(struct rename *op)
{
	struct box_key prefix = box_kind_key(op->acct.id, 'n');
	struct buf from = { 0 };

	pool_reset(&op->pool);
	op->moves = NULL;
	op->end = &op->moves;
	box_name_key(&from, op->acct.id, op->from);
	int rc = kv_each(
	    op->acct.shard->box, op->tx.txn, box_key_slice(&prefix), buf_slice(&from), collect, op);
	buf_done(&from);
	return rc;
}

static enum kv_result check_moves(struct rename *op)
{
	uint32_t more = 0;

	if (!op->moves)
		return refuse(op, ERR_ABSENT, "the mailbox does not exist");
	for (struct move *move = op->moves; move; move = move->next) {
		if (box_name_limits(move->to, op->err) < 0)
			return KV_REFUSED;
		if (box_name_get(&op->tx, move->to, &move->is) < 0)
			return KV_FAILED;
		if (move->is.box != 0)
			return refuse(op, ERR_EXISTS, "there is a mailbox of that name");
		more += move->was.subscribed && !move->is.subscribed;
	}
	return more == 0 || box_room_for_names(&op->tx, more, op->err) ? KV_DONE : KV_REFUSED;
}

/* --- moving --- */

static int leave_name(struct box_tx *tx, const struct move *move)
{
	if (move->was.subscribed)
		return box_name_put(tx, move->from, &(struct box_name){ .subscribed = true });
	tx->acct.names--;
	return box_name_del(tx, move->from);
}

static int take_name(struct box_tx *tx, const struct move *move)
{
	struct box_name name = move->was;

	name.subscribed = move->is.subscribed;
	tx->acct.names += !name.subscribed;
	return box_name_put(tx, move->to, &name);
}

static enum kv_result rename_all(struct rename *op)
{
	enum kv_result result;

	if (collect_moves(op) < 0)
		return KV_FAILED;
	result = check_moves(op);
	if (result != KV_DONE)
		return result;
	op->tx.acct_changed = true;
	for (struct move *move = op->moves; move; move = move->next)
		if (leave_name(&op->tx, move) < 0 || take_name(&op->tx, move) < 0)
			return KV_FAILED;
	return KV_DONE;
}

/* RFC 9051 §6.3.6: the messages of INBOX move to a new mailbox, and what is
   below it stays. So the mailbox takes the new name, and INBOX is a new one;
   sessions that have INBOX open are told that theirs is gone. */
static enum kv_result rename_inbox(struct rename *op, struct box_name *inbox)
{
	struct box_tx *tx = &op->tx;
	struct move move = { .from = op->from, .to = op->to, .was = *inbox };

	if (box_name_get(tx, op->to, &move.is) < 0)
		return KV_FAILED;
	if (move.is.box != 0)
		return refuse(op, ERR_EXISTS, "there is a mailbox of that name");
	if (!move.is.subscribed && !box_room_for_names(tx, 1, op->err))
		return KV_REFUSED;
	op->gone = (struct box_change){ .account = tx->account, .box = inbox->box, .gone = true };
	tx->acct.names -= !inbox->subscribed; /* box_make counts it again */
	if (take_name(tx, &move) < 0 || box_make(tx, op->from, inbox, BOX_USE_NONE) < 0)
		return KV_FAILED;
	return KV_DONE;
}

static enum kv_result apply_rename(struct kv_write *w, struct kv_txn *txn)
{
	struct rename *op = (struct rename *)w;
	struct box_name inbox;

	op->gone.gone = false;
	int found = box_tx_begin(&op->tx, txn, op->acct.shard, op->acct.id);
	if (found == 0)
		return refuse(op, ERR_ABSENT, "the account was removed");
	if (found < 0 || box_name_find(&op->tx, SLICE("INBOX"), &inbox) < 0)
		return KV_FAILED;
	enum kv_result result =
	    slice_eq(op->from, SLICE("INBOX")) ? rename_inbox(op, &inbox) : rename_all(op);
	if (result == KV_DONE && box_tx_end(&op->tx) < 0)
		return KV_FAILED;
	return result;
}

static void renamed(struct kv_write *w)
{
	struct rename *op = (struct rename *)w;

	box_view_renamed();
	box_view_apply(op->acct.shard, &op->gone);
	acct_names_changed(op->acct.shard, op->acct.id);
}

static int check_names(struct slice from, struct slice to, struct err *err)
{
	if (slice_eq(from, to))
		return err_set(err, ERR_EXISTS, "there is a mailbox of that name");
	if (box_name_below(to, from) && !slice_eq(from, SLICE("INBOX")))
		return err_set(err, ERR_INPUT, "a mailbox cannot be moved below itself");
	return box_name_limits(to, err);
}

int box_rename(struct acct *acct, struct slice from, struct slice to, struct err *err)
{
	struct rename op = {
		.w = { .apply = apply_rename, .durable = renamed }, .acct = *acct, .err = err
	};
	struct buf old = { 0 }, new = { 0 };
	int rc = -1;

	if (box_name_fold(from, &old, err) == 0 && box_name_fold(to, &new, err) == 0 &&
	    check_names(buf_slice(&old), buf_slice(&new), err) == 0) {
		op.from = buf_slice(&old);
		op.to = buf_slice(&new);
		rc = box_write(acct->shard, &op.w, err);
	}
	box_tx_done(&op.tx);
	pool_done(&op.pool);
	buf_done(&old);
	buf_done(&new);
	return rc;
}
