/* cmd_starttls.c - STARTTLS (RFC 3501 §6.2.1) */
#include "protocols/imap/imap.h"

static enum imap_done run(struct imap *im, struct slice args)
{
	if (args.n != 0)
		return IMAP_BAD;
	if (sess_is_tls(im->sess))
		return imap_reply(im, IMAP_BAD, "TLS is there already");
	if (!sess_offers_tls(im->sess))
		return imap_reply(im, IMAP_BAD, "There is no TLS here");
	return IMAP_TLS;
}

IMAP_COMMAND(starttls) = {
	.name = "STARTTLS",
	.states = IMAP_STRANGER,
	.ref = "RFC 3501 6.2.1",
	.instant = true,
	.run = run,
};

static void words(const struct imap *im, struct buf *out)
{
	if (sess_offers_tls(im->sess))
		buf_addz(out, " STARTTLS");
}

IMAP_EXTENSION(starttls) = { .words = words, .early = true };
