/* cmd_replace.c - REPLACE (RFC 8508): a new version of a message, in one change with the end of the
 * old one */
#include "core/log.h"
#include "protocols/imap/append.h"
#include "protocols/imap/event.h"
#include "protocols/imap/place.h"

/* §3.2: APPENDUID is told untagged, before the old one is gone. */
static enum imap_done replaced(struct imap *im, struct slice name, const struct box_added *added)
{
	struct buf *out = sess_out(im->sess);

	im->appended++;
	log_event(LOG_INFO, "replace", log_s("mailbox", name));
	buf_addz(out, "* OK ");
	imap_put_appenduid(out, added);
	buf_addz(out, " Replacement stored\r\n");
	atomic_store(&im->changed, true);
	return imap_removed(im);
}

static enum imap_done store(
    struct imap *im, uint32_t uid, struct slice name, struct imap_item *item)
{
	struct box_append message;
	struct box_added added;
	struct err err;
	struct imap_place *place = imap_find(im, name, RIGHT_INSERT, &err);

	if (!place)
		return imap_failed_target(im, &err);
	enum imap_done done = imap_items_make(im, item, place->rights, &message);
	if (done != IMAP_OK)
		return done;
	if (box_replace(im->box, uid, place->acct, place->name, &message, sess_cmd_pool(im->sess),
		&added, &err) != 0)
		return imap_failed_target(im, &err);
	return imap_event_new(im, replaced(im, name, &added), place, IMAP_EVENT_APPEND, &added);
}

/* §3.3: the rights of APPEND, \Deleted and EXPUNGE. */
static enum imap_done replace(
    struct imap *im, struct imap_set *set, struct slice name, struct imap_item *item)
{
	if (im->read_only)
		return imap_reply(im, IMAP_NO, "[READ-ONLY] The mailbox is only examined");
	if (!(im->rights & RIGHT_EXPUNGE && im->rights & RIGHT_MARK))
		return imap_reply(im, IMAP_NO, "[NOPERM] You may take nothing away here");
	if (!imap_set_resolve(set, imap_view(im), im->uid))
		return imap_reply(im, IMAP_BAD, "No such message number");
	if (imap_set_count(set) != 1)
		return imap_reply(im, IMAP_NO, "[EXPUNGEISSUED] That message is not there");
	return store(im, box_snap_nth(im->shown, set->ranges[0].from)->uid, name, item);
}

static enum imap_done run(struct imap *im, struct slice args)
{
	struct imap_item *item = NULL;
	struct imap_set set = { 0 };
	struct slice name;
	size_t n = 0;

	/* §3.4: one message, one in its place. */
	if (!imap_set(sess_cmd_pool(im->sess), &args, &set) || set.n != 1 ||
	    set.ranges[0].from != set.ranges[0].to || !imap_take(&args, ' ') ||
	    !imap_take_name(im, &args, &name) || !imap_items_read(im, args, &item, &n))
		return IMAP_BAD;
	enum imap_done done = n == 1 ? replace(im, &set, name, item) : IMAP_BAD;
	imap_items_done(item);
	return done;
}

IMAP_COMMAND(replace) = {
	.name = "REPLACE",
	.states = IMAP_SELECTED,
	.capability = "REPLACE",
	.ref = "RFC 8508",
	.uid = true,
	.by_number = true,
	.messages = 2,
	.run = run,
};
