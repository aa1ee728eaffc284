/* box_make.c - a mailbox is made, or found; those that every account has */
#include "storage/box_private.h"

#include <stdlib.h>
#include <time.h>

#include "core/conf.h"
#include "core/log.h"

CONF_KEY(storage_mailboxes) = {
	.name = "storage.mailboxes",
	.type = CONF_INT,
	.def = "5000",
	.min = 10,
	.max = 100000,
	.help = "mailboxes and subscribed names that an account may have",
};

CONF_KEY(storage_default_mailboxes) = {
	.name = "storage.default-mailboxes",
	.type = CONF_TEXT,
	.def = "Drafts=drafts, Sent=sent, Junk=junk, Trash=trash, Archive=archive",
	.help =
	    "mailboxes that a new account has besides INBOX, each with its special use; a comma for none",
};

bool box_room_for_names(const struct box_tx *tx, uint32_t more, struct err *err)
{
	if (tx->acct.names + (int64_t)more <= conf_num(&conf_key_storage_mailboxes))
		return true;
	err_set(err, ERR_LIMIT, "there are too many mailboxes and subscriptions");
	return false;
}

/* RFC 9051 §2.3.1.1: a mailbox that is made again under its old name must have
   another UIDVALIDITY; so they rise in the whole account, near the clock. */
static uint32_t next_uidvalidity(struct box_acct *acct)
{
	uint32_t now = (uint32_t)time(NULL);

	acct->uidvalidity = now > acct->uidvalidity ? now : acct->uidvalidity + 1;
	return acct->uidvalidity;
}

int box_make(struct box_tx *tx, struct slice folded, struct box_name *name, enum box_use use)
{
	struct box_rec rec = { .uidnext = 1, .modseq = 1 };

	tx->acct_changed = true;
	if (!name->subscribed)
		tx->acct.names++;
	rec.uidvalidity = next_uidvalidity(&tx->acct);
	name->box = tx->acct.next_box++;
	name->use = use;
	if (box_rec_put(tx, name->box, &rec) < 0)
		return -1;
	return box_name_put(tx, folded, name);
}

/* --- the mailboxes of a new account --- */

static bool use_of(struct slice word, enum box_use *use)
{
	static const char *const words[] = {
		[BOX_USE_ARCHIVE] = "archive",
		[BOX_USE_DRAFTS] = "drafts",
		[BOX_USE_JUNK] = "junk",
		[BOX_USE_SENT] = "sent",
		[BOX_USE_TRASH] = "trash",
	};

	*use = BOX_USE_NONE;
	for (unsigned i = BOX_USE_ARCHIVE; i <= BOX_USE_TRASH; i++)
		if (slice_ieq(word, slice_str(words[i])))
			*use = i;
	return *use != BOX_USE_NONE || word.n == 0;
}

/* "Sent=sent" */
static int make_default(struct box_tx *tx, struct slice item, struct buf *folded)
{
	struct slice name = slice_trim(slice_cut(&item, '='));
	struct box_name rec;
	enum box_use use;

	if (name.n == 0)
		return 0;
	if (!use_of(slice_trim(item), &use) || box_name_fold(name, folded, NULL) < 0) {
		log_event(LOG_WARN, "default-mailbox-unknown", log_s("name", name));
		return 0;
	}
	int found = box_name_get(tx, buf_slice(folded), &rec);
	if (found < 0 || rec.box != 0)
		return found < 0 ? -1 : 0;
	tx->acct.names += !rec.subscribed;
	rec.subscribed = true;
	return box_make(tx, buf_slice(folded), &rec, use);
}

static int make_defaults(struct box_tx *tx)
{
	struct buf list = { 0 }, folded = { 0 };
	int rc = make_default(tx, SLICE("INBOX"), &folded);

	conf_text(&conf_key_storage_default_mailboxes, NULL, &list);
	struct slice rest = buf_slice(&list);
	while (rc == 0 && rest.n > 0)
		rc = make_default(tx, slice_cut(&rest, ','), &folded);
	/* At once: whoever asked may still refuse its own change. */
	if (rc == 0)
		rc = box_acct_put(tx, &tx->acct);
	buf_done(&list);
	buf_done(&folded);
	return rc;
}

/* --- finding --- */

int box_name_find(struct box_tx *tx, struct slice name, struct box_name *out)
{
	int found = box_name_get(tx, name, out);

	if (found >= 0 && out->box == 0 && slice_eq(name, SLICE("INBOX"))) {
		if (make_defaults(tx) < 0)
			return -1;
		found = box_name_get(tx, name, out);
	}
	return found < 0 ? -1 : out->box != 0;
}

struct first_use {
	struct kv_write w;
	struct acct acct;
	struct box_tx tx;
	struct err *err;
};

static enum kv_result apply_first_use(struct kv_write *w, struct kv_txn *txn)
{
	struct first_use *op = (struct first_use *)w;
	struct box_name inbox;

	int found = box_tx_begin(&op->tx, txn, op->acct.shard, op->acct.id);
	if (found == 0) {
		err_set(op->err, ERR_ABSENT, "the account was removed");
		return KV_REFUSED;
	}
	if (found < 0 || box_name_find(&op->tx, SLICE("INBOX"), &inbox) < 0)
		return KV_FAILED;
	return KV_DONE;
}

static int first_use(const struct acct *acct, struct err *err)
{
	struct first_use op = { .w.apply = apply_first_use, .acct = *acct, .err = err };
	int rc = box_write(acct->shard, &op.w, err);

	box_tx_done(&op.tx);
	return rc;
}

static int find(struct box_tx *tx, const struct acct *acct, struct slice name, struct box_name *out,
    struct err *err)
{
	struct box_name inbox;
	int found = box_name_get(tx, name, out);

	if (found >= 0 && out->box == 0) {
		found = box_name_get(tx, SLICE("INBOX"), &inbox);
		if (found >= 0 && inbox.box == 0 && first_use(acct, err) < 0)
			return -1;
		/* Again in any case: another thread may have begun the account between the two. */
		if (found >= 0)
			found = box_name_get(tx, name, out);
	}
	if (found < 0)
		return err_set(err, ERR_TEMP, "the mailbox cannot be read");
	if (out->box == 0)
		return err_set(err, ERR_ABSENT, "the mailbox does not exist");
	return 0;
}

int box_find(struct acct *acct, struct slice name, struct box_name *out, struct err *err)
{
	struct buf folded = { 0 };
	struct box_tx tx;

	box_tx_read(&tx, acct);
	int rc = box_name_fold(name, &folded, err);
	if (rc == 0)
		rc = find(&tx, acct, buf_slice(&folded), out, err);
	box_tx_done(&tx);
	buf_done(&folded);
	return rc;
}
