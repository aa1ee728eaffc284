/* cmd_notify.c - NOTIFY (RFC 5465): be told of other mailboxes, and between commands */
#include <stdlib.h>

#include "core/loop.h"
#include "protocols/imap/fetch.h"
#include "protocols/imap/notify.h"
#include "protocols/imap/place.h"
#include "protocols/imap/status.h"

/* A mailbox as the client knows it. */
struct imap_known {
	uint32_t box, messages, uidnext;
	uint64_t modseq;
};

/* --- hearing --- */

static bool is_among(const struct buf *ids, uint32_t box)
{
	const uint32_t *id = (const uint32_t *)(const void *)ids->p;

	for (size_t i = 0; i < ids->n / sizeof *id; i++)
		if (id[i] == box)
			return true;
	return false;
}

/* In the thread that committed the change. A client that does not read keeps no more
   than each mailbox once. */
static void on_change(void *arg, uint32_t box)
{
	struct imap_notify *notify = arg;

	pthread_mutex_lock(&notify->lock);
	if (!is_among(&notify->changed, box))
		buf_add(&notify->changed, &box, sizeof box);
	pthread_mutex_unlock(&notify->lock);
	sess_wake(notify->im->handle);
}

static struct buf take_changed(struct imap_notify *notify)
{
	pthread_mutex_lock(&notify->lock);
	struct buf changed = notify->changed;
	notify->changed = (struct buf){ 0 };
	pthread_mutex_unlock(&notify->lock);
	return changed;
}

static bool take_one(struct imap_notify *notify, uint32_t box)
{
	pthread_mutex_lock(&notify->lock);
	uint32_t *id = (uint32_t *)(void *)notify->changed.p;
	size_t n = notify->changed.n / sizeof *id, i = 0;
	while (i < n && id[i] != box)
		i++;
	if (i < n) {
		id[i] = id[n - 1];
		notify->changed.n -= sizeof *id;
	}
	pthread_mutex_unlock(&notify->lock);
	return i < n;
}

/* Is there something to be told of that must be read? */
static bool has_more(struct imap_notify *notify)
{
	pthread_mutex_lock(&notify->lock);
	bool yes = notify->changed.n > 0 || notify->notes.n > 0 || notify->overflow;
	pthread_mutex_unlock(&notify->lock);
	return yes;
}

/* --- wishes --- */

/* §6: several groups may name a mailbox. */
unsigned imap_notify_events(const struct imap_notify *notify, struct slice name, bool subscribed)
{
	unsigned events = 0;

	for (const struct imap_event_group *g = notify->wishes.groups; g; g = g->next)
		if (imap_filter_means(&g->filter, name, subscribed))
			events |= g->events;
	return events;
}

/* Of any mailbox but the selected one. */
static unsigned all_events(const struct imap_notify *notify)
{
	unsigned events = 0;

	for (const struct imap_event_group *g = notify->wishes.groups; g; g = g->next)
		if (g->filter.kind > IMAP_FILTER_DELAYED)
			events |= g->events;
	return events;
}

/* --- telling --- */

static struct imap_known *known(struct imap_notify *notify, uint32_t box)
{
	struct imap_known *at = (struct imap_known *)(void *)notify->known.p;
	struct imap_known fresh = { .box = box };
	size_t n = notify->known.n / sizeof fresh;

	for (size_t i = 0; i < n; i++)
		if (at[i].box == box)
			return &at[i];
	buf_add(&notify->known, &fresh, sizeof fresh);
	return (struct imap_known *)(void *)notify->known.p + n;
}

/* What has happened, and note it. */
static unsigned compare(struct imap_known *was, const struct box_status *is)
{
	uint32_t new = is->uidnext - was->uidnext;
	unsigned events = 0;

	if (new > 0)
		events |= IMAP_EVENT_NEW;
	if (is->messages < was->messages + new)
		events |= IMAP_EVENT_EXPUNGE;
	if (events == 0 && is->modseq != was->modseq)
		events |= IMAP_EVENT_FLAGS;
	*was = (struct imap_known){ was->box, is->messages, is->uidnext, is->modseq };
	return events;
}

struct telling {
	struct imap *im;
	const struct buf *changed; /* NULL: all, for the first time */
	uint64_t items;
	bool silent;
};

static bool is_selected(const struct imap *im, uint32_t box)
{
	return im->state == IMAP_SELECTED && !im->place && box_id(im->box) == box;
}

/* Of the selected one sync.c tells; how it is, is noted for when it is so no more. */
static void pass_over_selected(struct imap *im)
{
	if (im->state != IMAP_SELECTED || im->place || !take_one(im->notify, box_id(im->box)))
		return;
	struct box_snap *now = box_snap(im->box);
	*known(im->notify, box_id(im->box)) = (struct imap_known){ box_id(im->box),
		box_snap_count(now), box_snap_uidnext(now), box_snap_modseq(now) };
	box_snap_free(&now);
}

static bool visit(void *arg, const struct box_info *info)
{
	struct telling *t = arg;
	struct imap_notify *notify = t->im->notify;
	struct box_status status;
	struct slice name = slice_str(info->name);

	if (!info->exists || (t->changed && !is_among(t->changed, info->id)))
		return true;
	unsigned wanted = imap_notify_events(notify, name, info->subscribed) & IMAP_EVENT_MESSAGES;
	if (!wanted || box_status(t->im->acct, name, &status, NULL) != 0)
		return true;
	unsigned events = compare(known(notify, info->id), &status);
	if (!is_selected(t->im, info->id) && !t->silent && (!t->changed || (events & wanted)))
		imap_put_status(t->im, name, t->items, &status);
	return true;
}

static void tell(struct imap *im, const struct buf *changed, bool silent)
{
	struct telling t = { .im = im, .changed = changed, .silent = silent };
	/* §3.1: HIGHESTMODSEQ with FlagChange, whether the client enabled CONDSTORE or not. */
	struct slice items = SLICE("(MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)");

	imap_status_items(&items, &t.items);
	box_list(im->acct, visit, &t);
}

bool imap_notify_tell(struct imap *im)
{
	pass_over_selected(im);
	if (loop_thread() && has_more(im->notify))
		return false;
	struct buf changed = take_changed(im->notify);

	if (is_among(&changed, 0) && im->notify->names)
		imap_notify_names(im, false);
	buf_clear(&im->notify->own);
	if (changed.n > 0)
		tell(im, &changed, false);
	buf_done(&changed);
	imap_notify_notes(im);
	return true;
}

bool imap_notify_fetches(const struct imap *im)
{
	return im->notify && im->notify->selected && im->notify->selected->fetch.n > 0;
}

void imap_notify_fetch(struct imap *im, uint32_t from)
{
	struct imap_range new = { from, box_snap_count(im->shown) };

	if (imap_notify_fetches(im) && new.from <= new.to)
		imap_fetch_new(
		    im, &(struct imap_set){ .ranges = &new, .n = 1 }, im->notify->selected->fetch);
}

/* --- the command --- */

void imap_notify_free(struct imap *im)
{
	struct imap_notify *notify = im->notify;

	im->notify = NULL;
	atomic_store(&im->live, IMAP_LIVE_NOT);
	if (!notify)
		return;
	acct_unwatch(&notify->watch);
	pool_done(&notify->pool);
	buf_done(&notify->known);
	buf_done(&notify->changed);
	buf_done(&notify->notes);
	buf_done(&notify->own);
	imap_named_free(&notify->names);
	pthread_mutex_destroy(&notify->lock);
	free(notify);
}

static void find_selected(struct imap *im, struct imap_notify *notify)
{
	struct imap_event_group *group = notify->wishes.groups;

	while (group && group->filter.kind > IMAP_FILTER_DELAYED)
		group = group->next;
	notify->selected = group;
	if (group && group->events)
		atomic_store(&im->live,
		    group->filter.kind == IMAP_FILTER_SELECTED ? IMAP_LIVE_NOW : IMAP_LIVE_DELAYED);
}

static void begin(struct imap *im, struct imap_notify *notify)
{
	if (!im->handle)
		im->handle = sess_handle(im->sess);
	im->notify = notify;
	notify->im = im;
	pthread_mutex_init(&notify->lock, NULL);
	notify->watch = (struct acct_watch){
		.changed = on_change, .noted = imap_notify_hear_note, .arg = notify
	};
	acct_watch(im->acct, &notify->watch);
}

void imap_notify_listen(struct imap *im)
{
	if (!im->notify)
		begin(im, mem_get(sizeof *im->notify));
}

static enum imap_done set(struct imap *im, struct imap_notify *notify)
{
	imap_notify_free(im);
	begin(im, notify);
	find_selected(im, notify);
	if (all_events(notify) & (IMAP_EVENT_NAME | IMAP_EVENT_SUBSCRIPTION))
		imap_notify_names(im, true);
	tell(im, NULL, !notify->wishes.status);
	return IMAP_OK;
}

/* RFC 5464 §4.4.2: what ENABLE METADATA asked for stays. */
void imap_notify_none(struct imap *im)
{
	imap_notify_free(im);
	if (im->enabled & IMAP_METADATA)
		imap_notify_listen(im);
}

static enum imap_done run(struct imap *im, struct slice args)
{
	struct imap_notify *notify = mem_get(sizeof *notify);
	bool good =
	    imap_wishes_parse(&notify->pool, im->enabled & IMAP_UTF8, args, &notify->wishes);

	if (good && !notify->wishes.none && !notify->wishes.unknown)
		return set(im, notify);
	bool is_none = notify->wishes.none;
	pool_done(&notify->pool);
	free(notify);
	if (!good)
		return IMAP_BAD;
	if (!is_none) /* §3.1: what is not told here */
		return imap_reply(im, IMAP_NO,
		    "[BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange "
		    "MailboxMetadataChange ServerMetadataChange)] Only these are told");
	imap_notify_none(im);
	return IMAP_OK;
}

IMAP_COMMAND(notify) = {
	.name = "NOTIFY",
	.states = IMAP_KNOWN,
	.capability = "NOTIFY",
	.ref = "RFC 5465",
	.run = run,
};
