/* cmd_enable.c - ENABLE (RFC 5161): nothing here needs to be enabled */
#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"

static enum imap_done run(struct imap *im, struct slice args)
{
	struct slice word;

	do {
		if (!imap_atom(&args, &word))
			return IMAP_BAD;
	} while (imap_take(&args, ' '));
	if (args.n > 0)
		return IMAP_BAD;
	buf_addz(sess_out(im->sess), "* ENABLED\r\n");
	return IMAP_OK;
}

IMAP_COMMAND(enable) = {
	.name = "ENABLE",
	.states = IMAP_KNOWN,
	.capability = "ENABLE",
	.ref = "RFC 5161",
	.instant = true,
	.run = run,
};
