/* cmd_select.c - SELECT and EXAMINE (RFC 3501 §6.3.1, §6.3.2) */
#include "core/loop.h"
#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"

static uint32_t first_unseen(const struct box_snap *snap)
{
	uint32_t count = box_snap_count(snap);

	for (uint32_t seq = 1; seq <= count; seq++)
		if (!(box_snap_nth(snap, seq)->flags & BOX_SEEN))
			return seq;
	return 0;
}

static void tell_mailbox(struct imap *im)
{
	struct buf *out = sess_out(im->sess);
	uint32_t unseen = first_unseen(im->shown);

	imap_tell_flags(im, im->shown);
	/* No message is \Recent here: RFC 9051 has given that flag up. */
	buf_printf(out, "* %u EXISTS\r\n* 0 RECENT\r\n", box_snap_count(im->shown));
	if (unseen)
		buf_printf(out, "* OK [UNSEEN %u] First unseen\r\n", unseen);
	buf_printf(out, "* OK [UIDVALIDITY %u] UIDs valid\r\n* OK [UIDNEXT %u] Next UID\r\n",
	    box_uidvalidity(im->box), box_snap_uidnext(im->shown));
}

static enum imap_done enter(struct imap *im, struct slice args, bool read_only)
{
	struct box *box = NULL;
	struct slice name;
	struct err err;

	if (!imap_mailbox(sess_cmd_pool(im->sess), &args, &name) || !imap_end(args))
		return IMAP_BAD;
	if (loop_thread()) {
		box = box_open_now(im->acct, name);
		if (!box)
			return IMAP_WORK;
	}
	if (im->state == IMAP_SELECTED) { /* RFC 9051 §6.3.2: also when this one fails */
		imap_leave(im);
		buf_addz(sess_out(im->sess), "* OK [CLOSED] Previous mailbox left\r\n");
	}
	if (!box)
		box = box_open(im->acct, name, &err);
	if (!box)
		return imap_failed(im, &err);
	imap_enter(im, box, read_only);
	tell_mailbox(im);
	return imap_reply(
	    im, IMAP_OK, read_only ? "[READ-ONLY] Examined" : "[READ-WRITE] Selected");
}

static enum imap_done run_select(struct imap *im, struct slice args)
{
	return enter(im, args, false);
}

static enum imap_done run_examine(struct imap *im, struct slice args)
{
	return enter(im, args, true);
}

IMAP_COMMAND(select) = {
	.name = "SELECT",
	.states = IMAP_KNOWN,
	.ref = "RFC 3501 6.3.1",
	.instant = true,
	.run = run_select,
};

IMAP_COMMAND(examine) = {
	.name = "EXAMINE",
	.states = IMAP_KNOWN,
	.ref = "RFC 3501 6.3.2",
	.instant = true,
	.run = run_examine,
};
