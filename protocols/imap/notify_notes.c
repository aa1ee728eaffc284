/* notify_notes.c - notes that others have changed (RFC 5464 §4.4.2), told to who asked for it by
 * ENABLE METADATA or by NOTIFY (RFC 5465 §5.6, §5.7) */
#include "protocols/imap/metadata.h"
#include "protocols/imap/notify.h"

enum { KEPT_MAX = 64 << 10 }; /* bytes, for a client that does not read */

/* In a buffer one behind the other; the name follows. */
struct imap_noted {
	uint32_t box; /* 0: the account */
	uint32_t n;   /* bytes of the name */
};

/* Take the first one off; its name. */
static struct slice take(struct slice *rest, struct imap_noted *out)
{
	memcpy(out, rest->p, sizeof *out);
	struct slice name = slice_head(slice_from(*rest, sizeof *out), out->n);
	*rest = slice_from(*rest, sizeof *out + out->n);
	return name;
}

/* --- hearing --- */

static bool is_kept(struct slice rest, uint32_t box, struct slice note)
{
	struct imap_noted one;

	while (rest.n > 0) {
		struct slice name = take(&rest, &one);
		if (one.box == box && slice_eq(name, note))
			return true;
	}
	return false;
}

/* In the thread of who changed it. */
void imap_notify_hear_note(void *arg, uint32_t box, struct slice note)
{
	struct imap_notify *notify = arg;
	struct imap_noted one = { box, (uint32_t)note.n };

	pthread_mutex_lock(&notify->lock);
	if (notify->notes.n + sizeof one + note.n > KEPT_MAX) {
		notify->overflow = true;
	} else if (!is_kept(buf_slice(&notify->notes), box, note)) {
		buf_add(&notify->notes, &one, sizeof one);
		buf_adds(&notify->notes, note);
	}
	pthread_mutex_unlock(&notify->lock);
	sess_wake(notify->im->handle);
}

void imap_notify_noted(struct imap *im, const struct imap_metadata *m)
{
	const struct acct_watch *own = im->notify ? &im->notify->watch : NULL;

	for (size_t i = 0; i < m->n; i++) /* private ones of others are theirs alone */
		if (!*m->who || slice_starts(m->entries[i], SLICE("/shared/")))
			acct_watch_tell(m->acct, own, m->box, m->entries[i]);
}

/* --- telling --- */

struct telling {
	struct imap *im;
	struct slice notes;
};

/* "* METADATA "INBOX" /shared/comment /private/comment": names, no values. */
static void put_notes(const struct telling *t, uint32_t box, struct slice mailbox)
{
	struct buf *out = sess_out(t->im->sess);
	struct slice rest = t->notes;
	struct imap_noted one;
	bool any = false;

	while (rest.n > 0) {
		struct slice name = take(&rest, &one);
		if (one.box != box)
			continue;
		if (!any) {
			buf_addz(out, "* METADATA ");
			imap_put_name(t->im, mailbox);
		}
		buf_addc(out, ' ');
		imap_put_astring(out, name);
		any = true;
	}
	if (any)
		buf_addz(out, "\r\n");
}

static bool visit(void *arg, const struct box_info *info)
{
	const struct telling *t = arg;
	struct slice name = slice_str(info->name);
	unsigned wanted = imap_notify_events(t->im->notify, name, info->subscribed);

	if (info->exists && ((wanted & IMAP_EVENT_METADATA) || (t->im->enabled & IMAP_METADATA)))
		put_notes(t, info->id, name);
	return true;
}

static bool wants_server(const struct imap *im)
{
	if (im->enabled & IMAP_METADATA)
		return true;
	for (const struct imap_event_group *g = im->notify->wishes.groups; g; g = g->next)
		if (g->events & IMAP_EVENT_SERVER_METADATA)
			return true;
	return false;
}

/* RFC 5465 §5.8: as after NOTIFY NONE. */
static void overflow(struct imap *im)
{
	buf_addz(sess_out(im->sess), "* OK [NOTIFICATIONOVERFLOW] Too much has changed\r\n");
	imap_notify_none(im);
}

void imap_notify_notes(struct imap *im)
{
	struct imap_notify *notify = im->notify;

	pthread_mutex_lock(&notify->lock);
	struct buf notes = notify->notes;
	bool too_many = notify->overflow;
	notify->notes = (struct buf){ 0 };
	notify->overflow = false;
	pthread_mutex_unlock(&notify->lock);
	const struct telling t = { im, buf_slice(&notes) };
	if (!too_many && notes.n > 0) {
		if (wants_server(im))
			put_notes(&t, 0, (struct slice){ 0 });
		box_list(im->acct, visit, (void *)(uintptr_t)&t);
	}
	buf_done(&notes);
	if (too_many)
		overflow(im);
}
