/* cmd_namespace.c - NAMESPACE (RFC 2342): one, the user's own */
#include "protocols/imap/imap.h"

static enum imap_done run(struct imap *im, struct slice args)
{
	if (args.n != 0)
		return IMAP_BAD;
	buf_addz(sess_out(im->sess), "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
	return IMAP_OK;
}

IMAP_COMMAND(namespace) = {
	.name = "NAMESPACE",
	.states = IMAP_KNOWN,
	.capability = "NAMESPACE",
	.ref = "RFC 2342",
	.instant = true,
	.run = run,
};
