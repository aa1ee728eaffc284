/* cmd_namespace.c - NAMESPACE (RFC 2342): the user's own, other users', the domain's shared ones */
#include "protocols/imap/place.h"

static enum imap_done run(struct imap *im, struct slice args)
{
	struct buf *out = sess_out(im->sess);

	if (args.n != 0)
		return IMAP_BAD;
	buf_addz(out, "* NAMESPACE ((\"\" \"/\")) ((\"~\" \"/\")) ");
	buf_addz(out, imap_shared_account(im) ? "((\"Shared/\" \"/\"))\r\n" : "NIL\r\n");
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
