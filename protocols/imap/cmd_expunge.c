/* cmd_expunge.c - EXPUNGE (RFC 3501 §6.4.3), and UID EXPUNGE (RFC 4315 §2.1) */
#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"
#include "protocols/imap/place.h"

static enum imap_done run(struct imap *im, struct slice args)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	uint32_t *uids = NULL;
	struct imap_set set = { 0 };
	struct err err;

	if ((im->uid && !imap_set(pool, &args, &set)) || !imap_end(args))
		return IMAP_BAD;
	if (im->read_only)
		return imap_reply(im, IMAP_NO, "[READ-ONLY] The mailbox is only examined");
	if (!(im->rights & RIGHT_EXPUNGE))
		return imap_reply(im, IMAP_NO, "[NOPERM] You may expunge nothing here");
	if (im->uid) {
		imap_set_resolve(&set, imap_view(im), true);
		uids = imap_set_uids(pool, &set, im->shown);
	}
	if (box_expunge(im->box, uids, imap_set_count(&set), &err) != 0)
		return imap_failed(im, &err);
	atomic_store(&im->changed, true);
	return imap_removed(im);
}

IMAP_COMMAND(expunge) = {
	.name = "EXPUNGE",
	.states = IMAP_SELECTED,
	.capability = "UIDPLUS",
	.ref = "RFC 3501 6.4.3, RFC 4315",
	.uid = true,
	.run = run,
};
