/* cmd_compress.c - COMPRESS (RFC 4978)
 *
 * A secret and text that somebody else chose, compressed together, can tell of
 * the secret by their length; passwords are sent before the login, so nothing
 * is compressed until then. */
#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"

static enum imap_done run(struct imap *im, struct slice args)
{
	struct slice how;

	if (!imap_atom(&args, &how) || !imap_end(args))
		return IMAP_BAD;
	if (!slice_ieq(how, SLICE("DEFLATE")))
		return imap_reply(im, IMAP_BAD, "DEFLATE is the only way");
	if (sess_is_compressed(im->sess))
		return imap_reply(im, IMAP_NO, "[COMPRESSIONACTIVE] It is compressed already");
	return IMAP_COMPRESS;
}

IMAP_COMMAND(compress) = {
	.name = "COMPRESS",
	.states = IMAP_KNOWN,
	.ref = "RFC 4978",
	.instant = true,
	.run = run,
};

static void words(const struct imap *im, struct buf *out)
{
	if (im->state != IMAP_STRANGER && !sess_is_compressed(im->sess))
		buf_addz(out, " COMPRESS=DEFLATE");
}

IMAP_EXTENSION(compress) = { .words = words };
