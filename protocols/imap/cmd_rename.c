/* cmd_rename.c - RENAME (RFC 3501 §6.3.5) */
#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"

static enum imap_done run(struct imap *im, struct slice args)
{
	struct slice from, to;
	struct err err;

	if (!imap_take_name(im, &args, &from) || !imap_take(&args, ' ') ||
	    !imap_take_name(im, &args, &to) || !imap_end(args))
		return IMAP_BAD;
	if (to.n > 1 && to.p[to.n - 1] == '/') /* as with CREATE */
		to.n--;
	if (box_rename(im->acct, from, to, &err) != 0)
		return imap_failed(im, &err);
	return IMAP_OK;
}

IMAP_COMMAND(rename) = {
	.name = "RENAME",
	.states = IMAP_KNOWN,
	.ref = "RFC 3501 6.3.5",
	.run = run,
};
