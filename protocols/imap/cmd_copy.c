/* cmd_copy.c - COPY (RFC 3501 §6.4.7) and MOVE (RFC 6851), answered with UIDs (RFC 4315) */
#include "core/log.h"
#include "protocols/imap/event.h"
#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"
#include "protocols/imap/place.h"

/* RFC 4315 §3: "COPYUID uidvalidity source-uids their-uids", in the same order. */
static void put_copyuid(struct buf *out, const struct box_added *added)
{
	buf_printf(out, "[COPYUID %u ", added->uidvalidity);
	imap_put_uids(out, added->from, added->n);
	buf_addc(out, ' ');
	imap_put_uids(out, added->uids, added->n);
	buf_addz(out, "]");
}

static enum imap_done copied(struct imap *im, const struct box_added *added)
{
	struct buf text = { 0 };

	put_copyuid(&text, added);
	buf_addz(&text, " Copied");
	imap_reply(im, IMAP_OK, pool_str(sess_cmd_pool(im->sess), buf_slice(&text)));
	buf_done(&text);
	return IMAP_OK;
}

/* RFC 6851 §4.3: COPYUID comes before the expunges. */
static enum imap_done moved(struct imap *im, const struct box_added *added)
{
	struct buf *out = sess_out(im->sess);

	atomic_store(&im->changed, true);
	buf_addz(out, "* OK ");
	put_copyuid(out, added);
	buf_addz(out, " Moved\r\n");
	return imap_removed(im);
}

static enum imap_done copy(struct imap *im, struct slice args, bool move)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct imap_set set;
	struct slice name;
	struct box_added added = { 0 };
	struct err err;

	if (!imap_set(pool, &args, &set) || !imap_take(&args, ' ') ||
	    !imap_take_name(im, &args, &name) || !imap_end(args))
		return IMAP_BAD;
	if (move && im->read_only)
		return imap_reply(im, IMAP_NO, "[READ-ONLY] The mailbox is only examined");
	if (move && !(im->rights & RIGHT_EXPUNGE && im->rights & RIGHT_MARK))
		return imap_reply(im, IMAP_NO, "[NOPERM] You may take nothing away here");
	if (!imap_set_resolve(&set, imap_view(im), im->uid))
		return imap_reply(im, IMAP_BAD, "No such message number");
	if (set.n == 0)
		return imap_reply(im, IMAP_OK, "There is none of these");
	struct imap_place *place = imap_find(im, name, RIGHT_INSERT, &err);
	if (!place)
		return imap_failed_target(im, &err);
	if (move)
		imap_limit_set(im, &set);
	uint32_t *uids = imap_set_uids(pool, &set, im->shown);
	if (!move && !imap_save_allowed(im, imap_set_count(&set), uids))
		return IMAP_NO;
	if (box_copy_flags(im->box, uids, imap_set_count(&set), place->acct, place->name,
		imap_flags_allowed(place->rights), move, pool, &added, &err) != 0)
		return imap_failed_target(im, &err);
	if (added.n == 0)
		return imap_reply(im, IMAP_OK, "[EXPUNGEISSUED] All of these are gone");
	enum imap_done done = move ? moved(im, &added) : copied(im, &added);
	return imap_event_new(im, done, place, IMAP_EVENT_COPY, &added);
}

static enum imap_done run_copy(struct imap *im, struct slice args)
{
	return copy(im, args, false);
}

static enum imap_done run_move(struct imap *im, struct slice args)
{
	return copy(im, args, true);
}

IMAP_COMMAND(copy) = {
	.name = "COPY",
	.states = IMAP_SELECTED,
	.ref = "RFC 3501 6.4.7",
	.uid = true,
	.by_number = true,
	.run = run_copy,
};

IMAP_COMMAND(move) = {
	.name = "MOVE",
	.states = IMAP_SELECTED,
	.capability = "MOVE",
	.ref = "RFC 6851",
	.uid = true,
	.by_number = true,
	.run = run_move,
};
