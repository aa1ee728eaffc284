/* drop.c - a maildrop: open, mark, remove */
#include "protocols/pop/drop.h"

#include <stdlib.h>

int pop_drop_open(struct pop_drop *drop, const struct auth_account *who, struct err *err)
{
	if (!pop_lock_take(&drop->lock, who->id))
		return err_set(err, ERR_BUSY, "another session uses this maildrop");
	drop->acct = acct_open(who->id, who->shard);
	drop->box = drop->acct ? box_open(drop->acct, SLICE("INBOX"), err) : NULL;
	if (!drop->box) {
		pop_drop_close(drop);
		return -1;
	}
	drop->snap = box_snap(drop->box);
	drop->total = drop->count = box_snap_count(drop->snap);
	for (uint32_t seq = 1; seq <= drop->total; seq++)
		drop->size += pop_drop_entry(drop, seq)->size;
	return 0;
}

void pop_drop_close(struct pop_drop *drop)
{
	if (drop->snap)
		box_snap_free(&drop->snap);
	if (drop->box)
		box_close(&drop->box);
	if (drop->acct)
		acct_close(&drop->acct);
	free(drop->marks);
	pop_lock_release(&drop->lock);
	*drop = (struct pop_drop){ 0 };
}

const struct box_entry *pop_drop_entry(const struct pop_drop *drop, uint32_t seq)
{
	return box_snap_nth(drop->snap, seq);
}

bool pop_drop_marked(const struct pop_drop *drop, uint32_t seq)
{
	return drop->marks && (drop->marks[seq / 8] >> seq % 8 & 1);
}

void pop_drop_mark(struct pop_drop *drop, uint32_t seq)
{
	if (!drop->marks)
		drop->marks = mem_get(drop->total / 8 + 1);
	drop->marks[seq / 8] |= (unsigned char)(1 << seq % 8);
	drop->count--;
	drop->size -= pop_drop_entry(drop, seq)->size;
}

void pop_drop_unmark_all(struct pop_drop *drop)
{
	for (uint32_t seq = 1; seq <= drop->total && drop->count < drop->total; seq++) {
		if (!pop_drop_marked(drop, seq))
			continue;
		drop->count++;
		drop->size += pop_drop_entry(drop, seq)->size;
	}
	free(drop->marks);
	drop->marks = NULL;
}

int pop_drop_update(struct pop_drop *drop, struct err *err)
{
	size_t n = 0;
	if (drop->count == drop->total)
		return 0;
	uint32_t *uids = mem_get((drop->total - drop->count) * sizeof(*uids));
	for (uint32_t seq = 1; seq <= drop->total; seq++)
		if (pop_drop_marked(drop, seq))
			uids[n++] = pop_drop_entry(drop, seq)->uid;
	int rc = box_flags(drop->box, uids, n, BOX_ADD, BOX_DELETED, err);
	if (rc == 0)
		rc = box_expunge(drop->box, uids, n, err);
	free(uids);
	return rc;
}
