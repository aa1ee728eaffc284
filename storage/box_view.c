/* box_view.c - a mailbox that is selected: its view, and who watches it */
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

struct box *box_open(struct acct *acct, struct slice name, struct err *err)
{
	struct box_name found;
	bool fresh;

	if (box_find(acct, name, &found, err) < 0)
		return NULL;
	struct box_view *view = box_view_get(acct->shard, acct->id, found.box, &fresh);
	if (fresh)
		box_view_load(view);
	if (view_wait(view, err) < 0) {
		box_view_unlist(view);
		box_view_release(view);
		return NULL;
	}

	struct box *box = mem_get(sizeof(*box));
	box->acct = *acct;
	box->id = found.box;
	box->name = mem_str(name);
	box->view = view;
	return box;
}

void box_close(struct box **boxp)
{
	struct box *box = *boxp;

	*boxp = NULL;
	if (!box)
		return;
	box_view_release(box->view);
	free(box->name);
	free(box);
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
	return snap;
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
