/* cmd_idle.c - IDLE (RFC 2177): be told of changes until DONE
 *
 * It costs no thread and no timer: the mailbox wakes the session (box.c), and
 * wake() writes what changed (proto.c). */
#include "protocols/imap/imap.h"

static void release(struct imap *im)
{
	atomic_store(&im->idling, false);
}

static enum imap_done line(struct imap *im, struct slice text)
{
	(void)im;
	return slice_ieq(text, SLICE("DONE")) ? IMAP_OK
					      : imap_reply(im, IMAP_BAD, "DONE was expected");
}

static enum imap_done run(struct imap *im, struct slice args)
{
	if (args.n != 0)
		return IMAP_BAD;
	im->line = line;
	im->release = release;
	buf_addz(sess_out(im->sess), "+ idling\r\n");
	if (im->state != IMAP_SELECTED)
		return IMAP_WAIT;
	if (!im->handle)
		im->handle = sess_handle(im->sess);
	atomic_store(&im->idling, true);
	/* What changed before that woke nobody. */
	if (atomic_load(&im->changed))
		sess_wake(im->handle);
	return IMAP_WAIT;
}

IMAP_COMMAND(idle) = {
	.name = "IDLE",
	.states = IMAP_KNOWN,
	.capability = "IDLE",
	.ref = "RFC 2177",
	.instant = true,
	.run = run,
};
