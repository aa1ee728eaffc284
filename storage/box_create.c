/* box_create.c - CREATE, DELETE and SUBSCRIBE: changes of one name */
#include "storage/box_private.h"

#include "core/log.h"

/* One change of a name. */
struct name_op {
	struct kv_write w;
	struct acct acct;
	struct slice name; /* folded */
	enum box_use use;
	bool on;
	struct err *err;
	struct box_tx tx;
	struct box_change gone;
};

static void durable(struct kv_write *w)
{
	struct name_op *op = (struct name_op *)w;

	box_view_apply(op->acct.shard, &op->gone);
	acct_names_changed(op->acct.shard, op->acct.id);
}

static int run(struct name_op *op, const struct acct *acct, struct slice name, struct err *err,
    enum kv_result (*apply)(struct kv_write *w, struct kv_txn *txn))
{
	op->w.apply = apply;
	op->w.durable = durable;
	op->acct = *acct;
	op->name = name;
	op->err = err;
	int rc = box_write(acct->shard, &op->w, err);
	box_tx_done(&op->tx);
	return rc;
}

/* The name's record, when the account is there and has its INBOX. */
static enum kv_result begin(struct name_op *op, struct kv_txn *txn, struct box_name *name)
{
	struct box_name inbox;

	int found = box_tx_begin(&op->tx, txn, op->acct.shard, op->acct.id);
	if (found == 0) {
		err_set(op->err, ERR_ABSENT, "the account was removed");
		return KV_REFUSED;
	}
	if (found < 0 || box_name_find(&op->tx, SLICE("INBOX"), &inbox) < 0 ||
	    box_name_get(&op->tx, op->name, name) < 0)
		return KV_FAILED;
	return KV_DONE;
}

/* --- create --- */

static enum kv_result apply_create(struct kv_write *w, struct kv_txn *txn)
{
	struct name_op *op = (struct name_op *)w;
	struct box_name name;
	enum kv_result result = begin(op, txn, &name);

	if (result != KV_DONE)
		return result;
	if (name.box != 0) {
		err_set(op->err, ERR_EXISTS, "there is a mailbox of that name");
		return KV_REFUSED;
	}
	if (!name.subscribed && !box_room_for_names(&op->tx, 1, op->err))
		return KV_REFUSED;
	if (box_make(&op->tx, op->name, &name, op->use) < 0 || box_tx_end(&op->tx) < 0)
		return KV_FAILED;
	return KV_DONE;
}

int box_create(struct acct *acct, struct slice name, enum box_use use, struct err *err)
{
	struct name_op op = { .use = use };
	struct buf folded = { 0 };
	int rc = -1;

	/* RFC 9051 §6.3.4: with '/' at its end a client says that it will make
	   children. */
	if (name.n > 1 && name.p[name.n - 1] == '/')
		name.n--;
	if (box_name_fold(name, &folded, err) == 0 && box_name_limits(buf_slice(&folded), err) == 0)
		rc = run(&op, acct, buf_slice(&folded), err, apply_create);
	buf_done(&folded);
	return rc;
}

/* --- delete --- */

static bool found_one(void *arg, struct slice key, struct slice value)
{
	(void)key, (void)value;
	*(bool *)arg = true;
	return false;
}

static int has_children(struct box_tx *tx, struct slice name, bool *has)
{
	struct buf key = { 0 };

	*has = false;
	box_name_key(&key, tx->account, name);
	buf_addc(&key, 1);
	int rc =
	    kv_each(tx->shard->box, tx->txn, buf_slice(&key), (struct slice){ 0 }, found_one, has);
	buf_done(&key);
	return rc;
}

static enum kv_result absent(struct name_op *op)
{
	bool children;

	if (has_children(&op->tx, op->name, &children) < 0)
		return KV_FAILED;
	/* RFC 9051 §6.3.5: a name that has children and is no mailbox stays. */
	if (children)
		err_set(op->err, ERR_DENIED, "there are mailboxes below that name");
	else
		err_set(op->err, ERR_ABSENT, "the mailbox does not exist");
	return KV_REFUSED;
}

/* The name goes at once; the messages are marked for box_purge. A subscription
   stays (RFC 9051 §6.3.7: it is the user's to remove), and when there are
   children they keep the name in lists. */
static int delete_mailbox(struct name_op *op, struct box_name *name)
{
	struct box_tx *tx = &op->tx;
	struct box_rec rec;

	op->gone = (struct box_change){ .account = tx->account, .box = name->box, .gone = true };
	if (box_rec_get(tx, name->box, &rec) < 0)
		return -1;
	tx->acct.bytes -= rec.size;
	tx->acct.messages -= rec.messages;
	tx->acct.names -= !name->subscribed;
	tx->acct_changed = true;
	if (box_rec_del(tx, name->box) < 0 || box_dead_put(tx, name->box) < 0)
		return -1;
	if (!name->subscribed)
		return box_name_del(tx, op->name);
	return box_name_put(tx, op->name, &(struct box_name){ .subscribed = true });
}

static enum kv_result apply_delete(struct kv_write *w, struct kv_txn *txn)
{
	struct name_op *op = (struct name_op *)w;
	struct box_name name;
	enum kv_result result = begin(op, txn, &name);

	if (result != KV_DONE)
		return result;
	if (name.box == 0)
		return absent(op);
	if (delete_mailbox(op, &name) < 0 || box_tx_end(&op->tx) < 0)
		return KV_FAILED;
	return KV_DONE;
}

int box_delete(struct acct *acct, struct slice name, struct err *err)
{
	struct name_op op = { 0 };
	struct buf folded = { 0 };
	int rc = -1;

	if (box_name_fold(name, &folded, err) == 0) {
		/* RFC 9051 §6.3.5 */
		if (slice_eq(buf_slice(&folded), SLICE("INBOX")))
			rc = err_set(err, ERR_INPUT, "INBOX cannot be removed");
		else
			rc = run(&op, acct, buf_slice(&folded), err, apply_delete);
	}
	buf_done(&folded);
	/* What is not cleared away now is at the next start. */
	struct err why;
	if (rc == 0 && box_purge(acct->shard, acct->id, op.gone.box, &why) < 0)
		log_event(LOG_WARN, "removal-unfinished", log_n("account", (int64_t)acct->id),
		    log_z("reason", why.text));
	return rc;
}

/* --- subscribe --- */

static enum kv_result subscribe(struct name_op *op, struct box_name *name)
{
	bool new = !name->subscribed && name->box == 0;

	if (new && !box_room_for_names(&op->tx, 1, op->err))
		return KV_REFUSED;
	name->subscribed = true;
	op->tx.acct.names += new;
	op->tx.acct_changed |= new;
	return box_name_put(&op->tx, op->name, name) < 0 ? KV_FAILED : KV_DONE;
}

static enum kv_result unsubscribe(struct name_op *op, struct box_name *name)
{
	name->subscribed = false;
	if (name->box != 0)
		return box_name_put(&op->tx, op->name, name) < 0 ? KV_FAILED : KV_DONE;
	op->tx.acct.names--;
	op->tx.acct_changed = true;
	return box_name_del(&op->tx, op->name) < 0 ? KV_FAILED : KV_DONE;
}

static enum kv_result apply_subscribe(struct kv_write *w, struct kv_txn *txn)
{
	struct name_op *op = (struct name_op *)w;
	struct box_name name;
	enum kv_result result = begin(op, txn, &name);

	if (result != KV_DONE || name.subscribed == op->on)
		return result;
	result = op->on ? subscribe(op, &name) : unsubscribe(op, &name);
	if (result == KV_DONE && box_tx_end(&op->tx) < 0)
		return KV_FAILED;
	return result;
}

/* RFC 9051 §6.3.7: a name need not exist to be subscribed. */
int box_subscribe(struct acct *acct, struct slice name, bool on, struct err *err)
{
	struct name_op op = { .on = on };
	struct buf folded = { 0 };
	int rc = box_name_fold(name, &folded, err);

	if (rc == 0 && on)
		rc = box_name_limits(buf_slice(&folded), err);
	if (rc == 0)
		rc = run(&op, acct, buf_slice(&folded), err, apply_subscribe);
	buf_done(&folded);
	return rc;
}
