/* cmd_expunge.c - EXPUNGE (RFC 3501 §6.4.3), and UID EXPUNGE (RFC 4315 §2.1) */
#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"
#include "protocols/imap/place.h"

/* Of some UIDs, those that are marked \Deleted now. */
static size_t marked(struct imap *im, const struct imap_set *set, uint32_t *uids)
{
	struct box_snap *now = box_snap(im->box);
	struct imap_walk walk = imap_set_walk(set);
	uint32_t seq;
	size_t n = 0;

	while ((seq = imap_walk_next(&walk))) {
		uint32_t uid = box_snap_nth(im->shown, seq)->uid;
		const struct box_entry *entry = box_snap_nth(now, box_snap_find(now, uid, false));

		if (entry && entry->flags & BOX_DELETED)
			uids[n++] = uid;
	}
	box_snap_free(&now);
	return n;
}

static enum imap_done run(struct imap *im, struct slice args)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	const uint32_t *uids = NULL;
	size_t n = 0;
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
		uint32_t *some = imap_set_uids(pool, &set, im->shown);
		n = marked(im, &set, some);
		uids = some;
		imap_limit_uids(im, &uids, &n); /* RFC 9738 §3.1: never without UID */
	}
	if (box_expunge(im->box, uids, n, &err) != 0)
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
