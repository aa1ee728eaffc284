/* box_view_load.c - a mailbox's view: read it, then follow each committed change
 *
 * Reading takes no lock and so sees a mixture of states when the mailbox is
 * changed meanwhile. What makes it right: the view is registered first, so
 * durable() leaves here every change that is committed from then on; the
 * counters, with the MODSEQ, are read before the entries, so all changes up to
 * that MODSEQ are in what was read; and kv_settle() returns when everything
 * that was read is durable and has been left here. Then the later changes are
 * done over, in order. Each says what an entry becomes and not how it differs,
 * so it does no harm that some of it was read already, and the last state is
 * exact. */
#include "storage/box_view.h"

#include <stdlib.h>

#include "core/log.h"

/* --- changes --- */

static void apply_change(struct box_view *view, const struct box_change *change)
{
	const struct box_entry *put = (const void *)change->put.p;
	const uint32_t *drop = (const void *)change->drop.p;
	struct box_snap *snap = view->snap;

	if (!change->gone && change->modseq <= snap->modseq)
		return;
	snap = box_snap_edit(snap);
	view->snap = snap;
	if (change->gone) {
		box_snap_set_gone(snap);
		return;
	}
	for (size_t i = 0; i < change->put.n / sizeof(*put); i++)
		box_snap_put(snap, &put[i]);
	for (size_t i = 0; i < change->drop.n / sizeof(*drop); i++)
		box_snap_drop(snap, drop[i]);
	if (change->keywords)
		box_snap_set_keywords(snap, change->keywords);
	box_snap_set(snap, change->uidnext, change->modseq);
	box_snap_seal(snap);
}

static void keep_change(struct box_view *view, const struct box_change *change)
{
	struct box_pending *pending = mem_get(sizeof(*pending));

	pending->change = *change;
	pending->change.put = pending->change.drop = (struct buf){ 0 };
	buf_adds(&pending->change.put, buf_slice(&change->put));
	buf_adds(&pending->change.drop, buf_slice(&change->drop));
	box_keywords_ref(change->keywords);
	*view->pending_end = pending;
	view->pending_end = &pending->next;
}

static void apply_pending(struct box_view *view)
{
	for (struct box_pending *pending = view->pending, *next; pending; pending = next) {
		next = pending->next;
		if (view->snap)
			apply_change(view, &pending->change);
		box_keywords_free(&pending->change.keywords);
		buf_done(&pending->change.put);
		buf_done(&pending->change.drop);
		free(pending);
	}
	view->pending = NULL;
	view->pending_end = &view->pending;
}

void box_view_change(struct box_view *view, const struct box_change *change)
{
	if (view->state == BOX_VIEW_LOADING)
		keep_change(view, change);
	else if (view->snap)
		apply_change(view, change);
	for (struct box_watch *watch = view->watches; watch; watch = watch->next)
		watch->changed(watch->arg);
}

/* --- loading --- */

struct load {
	struct box_snap *snap;
	bool damaged;
};

static bool load_entries(void *arg, struct slice key, struct slice value)
{
	struct load *load = arg;
	struct box_entry entries[BOX_BLOCK];
	int n = box_entry_list(key, value, entries);

	if (n < 0)
		load->damaged = true; /* the others can still be read */
	for (int i = 0; i < n; i++)
		box_snap_put(load->snap, &entries[i]);
	return true;
}

static int load_all(struct box_view *view, struct box_tx *tx, struct load *load)
{
	struct box_key prefix = box_entries_key(view->account, view->box);
	struct box_keywords *keywords;
	struct box_rec rec;

	int found = box_rec_get(tx, view->box, &rec);
	if (found < 0)
		return err_set(&view->why, ERR_TEMP, "the mailbox cannot be read");
	if (found == 0)
		return err_set(&view->why, ERR_ABSENT, "the mailbox does not exist");
	if (kv_each(view->shard->entry, NULL, box_key_slice(&prefix), (struct slice){ 0 },
		load_entries, load) < 0)
		return err_set(&view->why, ERR_TEMP, "the mailbox cannot be read");
	/* Behind the entries: a keyword that one of them has is there by now. */
	if (box_keywords_get(tx, view->box, &keywords) < 0)
		return err_set(&view->why, ERR_TEMP, "the mailbox cannot be read");
	if (load->damaged)
		log_event(LOG_ERROR, "record-damaged", log_z("record", "entry"),
		    log_n("account", (int64_t)view->account), log_n("mailbox", view->box));
	view->uidvalidity = rec.uidvalidity;
	box_snap_set(load->snap, rec.uidnext, rec.modseq);
	box_snap_set_keywords(load->snap, keywords);
	box_snap_seal(load->snap);
	box_keywords_free(&keywords);
	return 0;
}

void box_view_load(struct box_view *view)
{
	struct load load = { .snap = box_snap_new() };
	struct box_tx tx;

	box_tx_read(&tx, &(struct acct){ view->shard, view->account });
	int rc = load_all(view, &tx, &load);
	box_tx_done(&tx);
	if (rc == 0)
		kv_settle(view->shard->env);
	else
		box_snap_free(&load.snap);

	pthread_mutex_lock(&view->lock);
	view->snap = load.snap;
	view->state = rc == 0 ? BOX_VIEW_READY : BOX_VIEW_FAILED;
	apply_pending(view);
	pthread_cond_broadcast(&view->loaded);
	pthread_mutex_unlock(&view->lock);
}
