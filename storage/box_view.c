/* box_view.c - a mailbox that is selected: its view, and who watches it */
#include "storage/box_seen.h"
#include "storage/box_view.h"

#include <stdlib.h>

static int view_wait(struct box_view *view, struct err *err)
{
	int rc = 0;

	pthread_mutex_lock(&view->lock);
	while (view->state == BOX_VIEW_LOADING)
		pthread_cond_wait(&view->loaded, &view->lock);
	if (view->state == BOX_VIEW_FAILED)
		rc = err_set(err, view->why.kind, "%s", view->why.text);
	pthread_mutex_unlock(&view->lock);
	return rc;
}

static struct box *box_new(const struct acct *acct, struct slice name, struct box_view *view)
{
	struct box *box = mem_get(sizeof(*box));

	box->acct = *acct;
	box->id = view->box;
	box->name = mem_str(name);
	box->may = UINT64_MAX;
	box->view = view;
	return box;
}

static struct box *open_found(struct acct *acct, struct slice name, uint32_t id, struct err *err)
{
	bool fresh;
	struct box_view *view = box_view_get(acct->shard, acct->id, id, &fresh);

	if (fresh)
		box_view_load(view);
	if (view_wait(view, err) < 0) {
		box_view_unlist(view);
		box_view_release(view);
		return NULL;
	}
	return box_new(acct, name, view);
}

struct box *box_open(struct acct *acct, struct slice name, struct err *err)
{
	uint64_t epoch = box_view_epoch(); /* before the name is looked up */
	struct buf folded = { 0 };
	struct box_name found;
	struct box *box = NULL;

	if (box_name_fold(name, &folded, err) == 0 && box_find(acct, name, &found, err) == 0)
		box = open_found(acct, name, found.box, err);
	if (box)
		box_view_name(box->view, buf_slice(&folded), epoch);
	buf_done(&folded);
	return box;
}

struct box *box_open_now(struct acct *acct, struct slice name)
{
	struct box_view *view = NULL;
	struct buf folded = { 0 };

	if (box_name_fold(name, &folded, NULL) == 0)
		view = box_view_named(acct->shard, acct->id, buf_slice(&folded));
	buf_done(&folded);
	return view ? box_new(acct, name, view) : NULL;
}

struct box *box_same(const struct box *box)
{
	box_view_use(box->view);
	return box_new(&box->acct, slice_str(box->name), box->view);
}

void box_limit(struct box *box, uint64_t may)
{
	box->may = may;
}

void box_close(struct box **boxp)
{
	struct box *box = *boxp;

	*boxp = NULL;
	if (!box)
		return;
	box_view_release(box->view);
	box_seen_free(&box->seen);
	free(box->name);
	free(box);
}

uint32_t box_id(const struct box *box)
{
	return box->id;
}

uint32_t box_uidvalidity(const struct box *box)
{
	return box->view->uidvalidity;
}

const char *box_name(const struct box *box)
{
	return box->name;
}

struct box_snap *box_snap(struct box *box)
{
	pthread_mutex_lock(&box->view->lock);
	struct box_snap *snap = box_snap_ref(box->view->snap);
	pthread_mutex_unlock(&box->view->lock);
	return box->seen ? box_seen_snap(box, snap) : snap;
}

void box_watch(struct box *box, struct box_watch *watch)
{
	pthread_mutex_lock(&box->view->lock);
	watch->next = box->view->watches;
	box->view->watches = watch;
	pthread_mutex_unlock(&box->view->lock);
}

void box_unwatch(struct box *box, struct box_watch *watch)
{
	pthread_mutex_lock(&box->view->lock);
	struct box_watch **at = &box->view->watches;
	while (*at && *at != watch)
		at = &(*at)->next;
	if (*at)
		*at = watch->next;
	pthread_mutex_unlock(&box->view->lock);
}
