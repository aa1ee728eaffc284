/* cmd_delete.c - DELETE (RFC 3501 §6.3.4) */
#include "protocols/imap/imap.h"
#include "protocols/imap/list.h"
#include "protocols/imap/notify.h"
#include "protocols/imap/parse.h"
#include "protocols/imap/place.h"

static enum imap_done run(struct imap *im, struct slice args)
{
	struct slice name;
	struct err err;

	if (!imap_take_name(im, &args, &name) || !imap_end(args))
		return IMAP_BAD;
	struct imap_place *place = imap_find(im, name, RIGHT_DELETE, &err);
	if (!place)
		return imap_failed(im, &err);
	if (box_delete(place->acct, place->name, &err) != 0)
		return err.kind == ERR_DENIED
		    ? imap_reply(im, IMAP_NO, "[HASCHILDREN] Mailboxes are below that name")
		    : imap_failed(im, &err);
	imap_notify_own(im, name);
	if ((im->enabled & IMAP_REV2) && !imap_is_kept(im, place)) /* RFC 9051 §6.3.5 */
		imap_put_kept(im, place, "\\NonExistent", place->shown);
	imap_leave_gone(im);
	return IMAP_OK;
}

IMAP_COMMAND(delete) = {
	.name = "DELETE",
	.states = IMAP_KNOWN,
	.ref = "RFC 3501 6.3.4",
	.run = run,
};
