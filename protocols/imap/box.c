/* box.c - take a mailbox into use, and leave it */
#include "core/log.h"
#include "protocols/imap/context.h"
#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"
#include "protocols/imap/place.h"

/* In the thread that committed the change. An idle client is told at once,
   others at their next command. */
static void on_change(void *arg)
{
	struct imap *im = arg;

	atomic_store(&im->changed, true);
	if (atomic_load(&im->idling) || atomic_load(&im->live))
		sess_wake(im->handle);
}

void imap_enter(struct imap *im, struct box *box, const struct imap_place *place, bool read_only)
{
	im->rights = place->rights;
	im->place = imap_place_keep(place);
	box_limit(box, imap_flags_allowed(im->rights));
	im->box = box;
	im->watch = (struct box_watch){ .changed = on_change, .arg = im };
	box_watch(im->box, &im->watch);
	atomic_store(&im->changed, false);
	im->shown = box_snap(im->box);
	im->read_only = read_only;
	im->keywords = 0;
	im->state = IMAP_SELECTED;
	log_event(LOG_DEBUG, "select", log_z("mailbox", box_name(box)),
	    log_n("read-only", read_only), log_n("messages", box_snap_count(im->shown)));
}

const struct imap_view *imap_view(struct imap *im)
{
	struct imap_view *view = pool_get(sess_cmd_pool(im->sess), sizeof *view);

	*view = (struct imap_view){
		.pool = sess_cmd_pool(im->sess),
		.snap = im->shown,
		.saved = {
			.ranges = (struct imap_range *)(void *)im->saved.p,
			.n = im->saved.n / sizeof(struct imap_range),
		},
	};
	return view;
}

void imap_leave_gone(struct imap *im)
{
	if (im->state != IMAP_SELECTED)
		return;
	struct box_snap *now = box_snap(im->box);
	if (box_snap_gone(now)) {
		imap_leave(im);
		buf_addz(sess_out(im->sess), "* OK [CLOSED] The selected mailbox is no more\r\n");
	}
	box_snap_free(&now);
}

void imap_leave(struct imap *im)
{
	if (im->state != IMAP_SELECTED)
		return;
	imap_contexts_free(im);
	box_unwatch(im->box, &im->watch);
	box_snap_free(&im->shown);
	box_close(&im->box);
	imap_place_free(&im->place);
	buf_done(&im->saved);
	im->state = IMAP_AUTHENTICATED;
	atomic_store(&im->changed, false);
}
