/* box_read.c - what is asked of an account, a mailbox or a message */
#include "storage/box_private.h"

#include <stdlib.h>

#include "storage/kv_ahead.h"

struct acct *acct_open(uint64_t account, uint32_t shard)
{
	struct shard *s = shard_of(shard);

	if (!s)
		return NULL;
	struct acct *acct = mem_get(sizeof(*acct));
	*acct = (struct acct){ .shard = s, .id = account };
	return acct;
}

struct acct *acct_same(const struct acct *acct)
{
	return acct_open(acct->id, acct->shard->id);
}

void acct_close(struct acct **acct)
{
	free(*acct);
	*acct = NULL;
}

int acct_usage(struct acct *acct, struct acct_usage *out)
{
	struct box_acct rec;
	struct box_tx tx;

	box_tx_read(&tx, acct);
	int found = box_acct_get(&tx, &rec);
	box_tx_done(&tx);
	*out = (struct acct_usage){ rec.bytes, rec.messages, rec.quota };
	return found < 0 ? -1 : 0;
}

int box_status(struct acct *acct, struct slice name, struct box_status *out, struct err *err)
{
	struct box_name found;
	struct box_rec rec;
	struct box_tx tx;

	if (box_find(acct, name, &found, err) < 0)
		return -1;
	box_tx_read(&tx, acct);
	int rc = box_rec_get(&tx, found.box, &rec);
	box_tx_done(&tx);
	if (rc < 0)
		return err_set(err, ERR_TEMP, "the mailbox cannot be read");
	if (rc == 0)
		return err_set(err, ERR_ABSENT, "the mailbox does not exist");
	*out = (struct box_status){ .uidvalidity = rec.uidvalidity,
		.uidnext = rec.uidnext,
		.messages = rec.messages,
		.unseen = rec.unseen,
		.deleted = rec.deleted,
		.modseq = rec.modseq,
		.size = rec.size,
		.id = found.box };
	kv_settle(acct->shard->env);
	return 0;
}

int box_summary(struct box *box, const struct box_entry *entry, struct buf *record,
    struct pool *pool, struct summary *out)
{
	struct box_key key = box_message_key(box->acct.id, entry->message);
	int found = kv_get(box->acct.shard->message, NULL, box_key_slice(&key), record);

	if (found == 1 && !summary_read(buf_slice(record), pool, out))
		return -1;
	return found;
}

int box_summary_next(struct box *box, const struct box_entry *entry, struct kv_ahead *ahead,
    struct pool *pool, struct summary *out)
{
	struct box_key key = box_message_key(box->acct.id, entry->message);
	struct slice record;
	int found = kv_ahead_get(ahead, box->acct.shard->message, box_key_slice(&key), &record);

	if (found == 1 && !summary_read(record, pool, out))
		return -1;
	return found;
}

int box_body(struct box *box, const struct box_entry *entry, struct body **body, struct err *err)
{
	return body_open(box->acct.shard->bodies, entry->message, body, err);
}

/* --- quota --- */

struct quota_op {
	struct kv_write w;
	struct acct acct;
	uint64_t bytes;
	struct err *err;
	struct box_tx tx;
};

static enum kv_result apply_quota(struct kv_write *w, struct kv_txn *txn)
{
	struct quota_op *op = (struct quota_op *)w;

	int found = box_tx_begin(&op->tx, txn, op->acct.shard, op->acct.id);
	if (found == 0) {
		err_set(op->err, ERR_ABSENT, "the account was removed");
		return KV_REFUSED;
	}
	op->tx.acct.quota = op->bytes;
	op->tx.acct_changed = true;
	return found < 0 || box_tx_end(&op->tx) < 0 ? KV_FAILED : KV_DONE;
}

int shard_set_quota(struct shard *shard, uint64_t account, uint64_t bytes, struct err *err)
{
	struct quota_op op = {
		.w.apply = apply_quota, .acct = { shard, account }, .bytes = bytes, .err = err
	};
	int rc = box_write(shard, &op.w, err);

	box_tx_done(&op.tx);
	return rc;
}
