/* cmd_close.c - CLOSE (RFC 3501 §6.4.2): expunge without a word, then leave */
#include "protocols/imap/place.h"

static enum imap_done run(struct imap *im, struct slice args)
{
	struct err err;

	if (args.n != 0)
		return IMAP_BAD;
	/* RFC 4314 §4: without the right it expunges nothing, and is no error. */
	if (!im->read_only && (im->rights & RIGHT_EXPUNGE) &&
	    box_expunge(im->box, NULL, 0, &err) != 0)
		return imap_failed(im, &err);
	imap_leave(im);
	return IMAP_OK;
}

IMAP_COMMAND(close) = {
	.name = "CLOSE",
	.states = IMAP_SELECTED,
	.ref = "RFC 3501 6.4.2",
	.run = run,
};
