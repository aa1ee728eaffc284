/* box_edit.c - change one mailbox inside an apply(): entries, counters, what views must know */
#include "storage/box_private.h"

#include <stdlib.h>
#include <time.h>

/* --- the account --- */

void box_tx_read(struct box_tx *tx, const struct acct *acct)
{
	*tx = (struct box_tx){ .shard = acct->shard, .account = acct->id };
}

int box_tx_begin(struct box_tx *tx, struct kv_txn *txn, struct shard *shard, uint64_t account)
{
	tx->shard = shard;
	tx->txn = txn;
	tx->account = account;
	tx->acct_changed = false;
	box_blocks_forget(tx);
	if (box_acct_get(tx, &tx->acct) < 0)
		return -1;
	return tx->acct.gone ? 0 : 1;
}

int box_tx_end(struct box_tx *tx)
{
	if (box_blocks_write(tx) < 0)
		return -1;
	return tx->acct_changed ? box_acct_put(tx, &tx->acct) : 0;
}

void box_tx_done(struct box_tx *tx)
{
	buf_done(&tx->key);
	buf_done(&tx->value);
}

int box_written(const struct kv_write *w, struct err *err)
{
	if (w->result == KV_FAILED)
		return err_set(err, ERR_TEMP, "the store could not write; its log line says why");
	return w->result == KV_DONE ? 0 : -1;
}

int box_write(struct shard *shard, struct kv_write *w, struct err *err)
{
	kv_write(shard->env, w);
	return box_written(w, err);
}

/* --- the mailbox --- */

int box_edit_begin(struct box_edit *edit, struct box_tx *tx, uint32_t box)
{
	struct box_change *change = &edit->change;

	edit->tx = tx;
	edit->box = box;
	box_keywords_free(&change->keywords);
	buf_clear(&change->put);
	buf_clear(&change->drop);
	change->account = tx->account;
	change->box = box;
	change->any = change->gone = change->messages = false;

	int found = box_rec_get(tx, box, &edit->rec);
	change->uidnext = edit->rec.uidnext;
	change->modseq = edit->rec.modseq + 1;
	return found;
}

enum kv_result box_edit_again(struct box_edit *edit, struct box_tx *tx, struct kv_txn *txn,
    const struct acct *acct, uint32_t box, struct err *err)
{
	int found = box_tx_begin(tx, txn, acct->shard, acct->id);

	if (found == 1)
		found = box_edit_begin(edit, tx, box);
	if (found < 0)
		return KV_FAILED;
	if (found == 0) {
		err_set(err, ERR_BUSY, "the mailbox was removed meanwhile");
		return KV_REFUSED;
	}
	return KV_DONE;
}

int box_edit_end(struct box_edit *edit)
{
	if (!edit->change.any)
		return 0;
	edit->rec.modseq = edit->change.modseq;
	edit->change.uidnext = edit->rec.uidnext;
	return box_rec_put(edit->tx, edit->box, &edit->rec);
}

void box_edit_done(struct box_edit *edit)
{
	box_keywords_free(&edit->change.keywords);
	buf_done(&edit->change.put);
	buf_done(&edit->change.drop);
}

bool box_edit_room(const struct box_edit *edit, uint64_t bytes, uint64_t messages, struct err *err)
{
	const struct box_acct *acct = &edit->tx->acct;
	uint64_t used = acct->bytes, quota = acct->quota;

	if (quota > 0 && bytes > 0 && (used > quota || bytes > quota - used)) {
		err_set(err, ERR_LIMIT, "the mailbox is full");
		return false;
	}
	/* RFC 9051 §2.3.1.1: UIDs are 32 bits and never used again. */
	if (messages >= UINT32_MAX - edit->rec.uidnext) {
		err_set(err, ERR_LIMIT, "the mailbox has used up its message numbers");
		return false;
	}
	return true;
}

/* --- entries --- */

static void count_flags(struct box_rec *rec, uint64_t flags, uint32_t by)
{
	if (!(flags & BOX_SEEN))
		rec->unseen += by;
	if (flags & BOX_DELETED)
		rec->deleted += by;
}

static void note_entry(struct box_edit *edit, struct box_entry *entry)
{
	edit->change.any = true;
	entry->modseq = edit->change.modseq;
	buf_add(&edit->change.put, entry, sizeof(*entry));
}

int box_edit_add(struct box_edit *edit, struct box_entry *entry)
{
	struct box_tx *tx = edit->tx;

	entry->uid = edit->rec.uidnext++;
	entry->saved = (int64_t)time(NULL);
	edit->rec.messages++;
	edit->rec.size += entry->size;
	count_flags(&edit->rec, entry->flags, 1);
	tx->acct.messages++;
	tx->acct.bytes += entry->size;
	edit->change.messages = true;
	tx->acct_changed = true;
	note_entry(edit, entry);
	return box_entry_add(tx, edit->box, entry);
}

int box_edit_flags(struct box_edit *edit, const struct box_entry *entry, uint64_t flags)
{
	struct box_entry changed = *entry;

	if (flags == entry->flags)
		return 0;
	count_flags(&edit->rec, entry->flags, (uint32_t)-1);
	count_flags(&edit->rec, flags, 1);
	changed.flags = flags;
	return box_edit_touch(edit, &changed);
}

int box_edit_touch(struct box_edit *edit, const struct box_entry *entry)
{
	struct box_entry same = *entry;

	note_entry(edit, &same);
	return box_entry_put(edit->tx, edit->box, &same);
}

int box_edit_drop(struct box_edit *edit, const struct box_entry *entry)
{
	struct box_tx *tx = edit->tx;

	edit->change.any = true;
	edit->rec.messages--;
	edit->rec.size -= entry->size;
	count_flags(&edit->rec, entry->flags, (uint32_t)-1);
	tx->acct.messages--;
	tx->acct.bytes -= entry->size;
	edit->change.messages = true;
	tx->acct_changed = true;
	buf_add(&edit->change.drop, &entry->uid, sizeof(entry->uid));
	return box_entry_del(tx, edit->box, entry->uid);
}

uint64_t box_flags_changed(uint64_t was, enum box_how how, uint64_t flags)
{
	switch (how) {
	case BOX_ADD:
		return was | flags;
	case BOX_REMOVE:
		return was & ~flags;
	default:
		return flags;
	}
}

/* --- keywords --- */

/* RFC 9051 §2.3.2: flags have no case. */
bool box_keyword_bit(const struct box_keywords *keywords, struct slice name, uint64_t *bit)
{
	for (size_t i = 0; keywords && i < keywords->n; i++)
		if (slice_ieq(slice_str(keywords->names[i]), name)) {
			*bit = (uint64_t)1 << (BOX_KEYWORD_SHIFT + i);
			return true;
		}
	*bit = 0;
	return false;
}

static struct box_keywords *with_keyword(const struct box_keywords *old, struct slice name)
{
	struct slice names[BOX_KEYWORDS_MAX];
	size_t n = 0;

	for (; old && n < old->n; n++)
		names[n] = slice_str(old->names[n]);
	names[n++] = name;
	return box_keywords_new(names, n);
}

int box_edit_keyword(struct box_edit *edit, struct slice name, uint64_t *bit)
{
	enum { NAME_MAX_BYTES = 255 }; /* as its record can hold */
	struct box_keywords *old = box_keywords_ref(edit->change.keywords);

	if (!old && box_keywords_get(edit->tx, edit->box, &old) < 0)
		return -1;
	bool known = box_keyword_bit(old, name, bit);
	if (known || (old && old->n == BOX_KEYWORDS_MAX) || name.n == 0 ||
	    name.n > NAME_MAX_BYTES) {
		box_keywords_free(&old);
		return 0;
	}
	box_keywords_free(&edit->change.keywords);
	edit->change.keywords = with_keyword(old, name);
	edit->change.any = true;
	box_keywords_free(&old);
	box_keyword_bit(edit->change.keywords, name, bit);
	return box_keywords_put(edit->tx, edit->box, edit->change.keywords);
}
