/* cmd_logout.c - LOGOUT (RFC 3501 §6.1.3) */
#include "protocols/imap/imap.h"

static enum imap_done run(struct imap *im, struct slice args)
{
	if (args.n != 0)
		return IMAP_BAD;
	buf_addz(sess_out(im->sess), "* BYE Logging out\r\n");
	return IMAP_BYE;
}

IMAP_COMMAND(logout) = {
	.name = "LOGOUT",
	.states = IMAP_ANY,
	.ref = "RFC 3501 6.1.3",
	.instant = true,
	.run = run,
};
