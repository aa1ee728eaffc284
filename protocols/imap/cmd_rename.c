/* cmd_rename.c - RENAME (RFC 3501 §6.3.5) */
#include "protocols/imap/imap.h"
#include "protocols/imap/list.h"
#include "protocols/imap/notify.h"
#include "protocols/imap/parse.h"
#include "protocols/imap/place.h"

static enum imap_done run(struct imap *im, struct slice args)
{
	struct slice from, to;
	struct err err;

	if (!imap_take_name(im, &args, &from) || !imap_take(&args, ' ') ||
	    !imap_take_name(im, &args, &to) || !imap_end(args))
		return IMAP_BAD;
	if (to.n > 1 && to.p[to.n - 1] == '/') /* as with CREATE */
		to.n--;
	struct imap_place *old = imap_find(im, from, RIGHT_DELETE, &err);
	struct imap_place *new = old ? imap_find_new(im, to, &err) : NULL;
	if (!new)
		return imap_failed(im, &err);
	if (strcmp(old->owner, new->owner) != 0)
		return imap_reply(im, IMAP_NO, "[CANNOT] It stays with the account whose it is");
	if (box_rename(old->acct, old->name, new->name, &err) != 0)
		return imap_failed(im, &err);
	imap_notify_own(im, from);
	imap_notify_own(im, to);
	if ((im->enabled & IMAP_REV2) && !(imap_is_kept(im, old) && imap_is_kept(im, new)))
		imap_put_kept(im, new, "", old->shown); /* RFC 9051 §6.3.6 */
	imap_leave_gone(im);				/* INBOX is another mailbox from here on */
	return IMAP_OK;
}

IMAP_COMMAND(rename) = {
	.name = "RENAME",
	.states = IMAP_KNOWN,
	.ref = "RFC 3501 6.3.5",
	.run = run,
};
