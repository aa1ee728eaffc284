/* cmd_noop.c - NOOP and CHECK (RFC 3501 §6.1.2, §6.4.1): hear what is new
 *
 * What changed is told before any tagged OK; what was acknowledged is on disk
 * already, so CHECK has nothing of its own to do. */
#include "protocols/imap/imap.h"

static enum imap_done run(struct imap *im, struct slice args)
{
	(void)im;
	return args.n == 0 ? IMAP_OK : IMAP_BAD;
}

IMAP_COMMAND(noop) = {
	.name = "NOOP",
	.states = IMAP_ANY,
	.ref = "RFC 3501 6.1.2",
	.instant = true,
	.run = run,
};

IMAP_COMMAND(check) = {
	.name = "CHECK",
	.states = IMAP_SELECTED,
	.ref = "RFC 3501 6.4.1",
	.instant = true,
	.run = run,
};
