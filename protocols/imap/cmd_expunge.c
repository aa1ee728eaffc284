/* cmd_expunge.c - EXPUNGE (RFC 3501 §6.4.3), UID EXPUNGE (RFC 4315 §2.1), and CLOSE, by turns */
#include "core/loop.h"
#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"
#include "protocols/imap/place.h"

enum { STEP = 1000 }; /* messages */

struct expunge {
	const uint32_t *uids; /* of those that are to go */
	size_t n, done;
	bool leaves; /* the mailbox, without a word */
};

static bool is_marked(const struct box_entry *entry)
{
	return entry && entry->flags & BOX_DELETED;
}

/* Those of a set that are marked \Deleted now. */
static void find_some(struct imap *im, struct expunge *op, const struct imap_set *set)
{
	uint32_t *uids = imap_set_uids(sess_cmd_pool(im->sess), set, im->shown);
	size_t all = imap_set_count(set);
	struct box_snap *now = box_snap(im->box);

	op->uids = uids;
	for (size_t i = 0; i < all; i++)
		if (is_marked(box_snap_nth(now, box_snap_find(now, uids[i], false))))
			uids[op->n++] = uids[i];
	box_snap_free(&now);
}

static void find_all(struct imap *im, struct expunge *op)
{
	struct box_snap *now = box_snap(im->box);
	uint32_t count = box_snap_count(now);
	uint32_t *uids = pool_get(sess_cmd_pool(im->sess), count * sizeof *uids);

	op->uids = uids;
	for (uint32_t seq = 1; seq <= count; seq++)
		if (is_marked(box_snap_nth(now, seq)))
			uids[op->n++] = box_snap_nth(now, seq)->uid;
	box_snap_free(&now);
}

static enum imap_done go_on(struct imap *im)
{
	struct expunge *op = im->work;
	uint64_t began = loop_now();
	struct err err;

	while (op->done < op->n) {
		size_t left = op->n - op->done, n = left < STEP ? left : STEP;

		atomic_store(&im->changed, true);
		if (box_expunge(im->box, op->uids + op->done, n, &err) != 0)
			return imap_failed(im, &err);
		op->done += n;
		if (op->done < op->n && imap_turn_over(im, began, op->done, op->n))
			return IMAP_LATER;
	}
	if (!op->leaves)
		return imap_removed(im);
	imap_leave(im);
	return IMAP_OK;
}

static enum imap_done begin(struct imap *im, struct expunge *op)
{
	im->work = op;
	im->resume = go_on;
	return go_on(im);
}

static enum imap_done run(struct imap *im, struct slice args)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct expunge *op = pool_get(pool, sizeof *op);
	struct imap_set set = { 0 };

	if ((im->uid && !imap_set(pool, &args, &set)) || !imap_end(args))
		return IMAP_BAD;
	if (im->read_only)
		return imap_reply(im, IMAP_NO, "[READ-ONLY] The mailbox is only examined");
	if (!(im->rights & RIGHT_EXPUNGE))
		return imap_reply(im, IMAP_NO, "[NOPERM] You may expunge nothing here");
	if (im->uid) {
		imap_set_resolve(&set, imap_view(im), true);
		find_some(im, op, &set);
		imap_limit_uids(im, &op->uids, &op->n); /* RFC 9738 §3.1: never without UID */
	} else {
		find_all(im, op);
	}
	return begin(im, op);
}

/* RFC 3501 §6.4.2. RFC 4314 §4: without the right it expunges nothing, and is no error. */
static enum imap_done run_close(struct imap *im, struct slice args)
{
	struct expunge *op = pool_get(sess_cmd_pool(im->sess), sizeof *op);

	if (args.n != 0)
		return IMAP_BAD;
	if (!im->read_only && (im->rights & RIGHT_EXPUNGE))
		find_all(im, op);
	op->leaves = true;
	return begin(im, op);
}

IMAP_COMMAND(expunge) = {
	.name = "EXPUNGE",
	.states = IMAP_SELECTED,
	.capability = "UIDPLUS",
	.ref = "RFC 3501 6.4.3, RFC 4315",
	.uid = true,
	.run = run,
};

IMAP_COMMAND(close) = {
	.name = "CLOSE",
	.states = IMAP_SELECTED,
	.ref = "RFC 3501 6.4.2",
	.run = run_close,
};
