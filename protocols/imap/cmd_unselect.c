/* cmd_unselect.c - leave the mailbox without expunging */
#include "protocols/imap/imap.h"

static enum imap_done run(struct imap *im, struct slice args)
{
	if (args.n != 0)
		return IMAP_BAD;
	imap_leave(im);
	return IMAP_OK;
}

IMAP_COMMAND(unselect) = {
	.name = "UNSELECT",
	.states = IMAP_SELECTED,
	.capability = "UNSELECT",
	.ref = "RFC 3691",
	.run = run,
};
