/* cmd_capability.c - CAPABILITY (RFC 3501 §6.1.1) */
#include "protocols/imap/imap.h"

static enum imap_done run(struct imap *im, struct slice args)
{
	struct buf *out = sess_out(im->sess);

	if (args.n != 0)
		return IMAP_BAD;
	buf_addz(out, "* ");
	imap_put_capabilities(im, out);
	buf_addz(out, "\r\n");
	return IMAP_OK;
}

IMAP_COMMAND(capability) = {
	.name = "CAPABILITY",
	.states = IMAP_ANY,
	.ref = "RFC 3501 6.1.1",
	.instant = true,
	.run = run,
};
