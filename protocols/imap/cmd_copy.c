/* cmd_copy.c - COPY (RFC 3501 §6.4.7) and MOVE (RFC 6851), answered with UIDs (RFC 4315), by turns
 *
 * When the client goes away meanwhile, what was copied goes as well; what was moved has
 * moved. */
#include "core/loop.h"
#include "protocols/imap/event.h"
#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"
#include "protocols/imap/place.h"

struct copy {
	struct imap_place *place;
	struct box_copying *copying;
	struct box_added added;
	size_t n;
	bool move;
};

/* RFC 4315 §3: "COPYUID uidvalidity source-uids their-uids", in the same order. */
static void put_copyuid(struct buf *out, const struct box_added *added)
{
	buf_printf(out, "[COPYUID %u ", added->uidvalidity);
	imap_put_uids(out, added->from, added->n);
	buf_addc(out, ' ');
	imap_put_uids(out, added->uids, added->n);
	buf_addz(out, "]");
}

static enum imap_done copied(struct imap *im, const struct box_added *added)
{
	struct buf text = { 0 };

	put_copyuid(&text, added);
	buf_addz(&text, " Copied");
	imap_reply(im, IMAP_OK, pool_str(sess_cmd_pool(im->sess), buf_slice(&text)));
	buf_done(&text);
	return IMAP_OK;
}

/* RFC 6851 §4.3: COPYUID comes before the expunges. */
static enum imap_done moved(struct imap *im, const struct box_added *added)
{
	struct buf *out = sess_out(im->sess);

	atomic_store(&im->changed, true);
	buf_addz(out, "* OK ");
	put_copyuid(out, added);
	buf_addz(out, " Moved\r\n");
	return imap_removed(im);
}

static enum imap_done end(struct imap *im, struct copy *copy)
{
	if (copy->added.n == 0)
		return imap_reply(im, IMAP_OK, "[EXPUNGEISSUED] All of these are gone");
	enum imap_done done = copy->move ? moved(im, &copy->added) : copied(im, &copy->added);
	return imap_event_new(im, done, copy->place, IMAP_EVENT_COPY, &copy->added);
}

static enum imap_done go_on(struct imap *im)
{
	struct copy *copy = im->work;
	uint64_t began = loop_now();
	struct err err;
	int rc;

	while ((rc = box_copy_step(copy->copying, &err)) == 1)
		if (imap_turn_over(im, began, copy->added.n, copy->n))
			return IMAP_LATER;
	return rc < 0 ? imap_failed_target(im, &err) : end(im, copy);
}

static void release(struct imap *im)
{
	struct copy *copy = im->work;

	box_copy_end(&copy->copying);
}

static enum imap_done begin(
    struct imap *im, struct copy *copy, struct slice name, const uint32_t *uids)
{
	struct err err;

	copy->place = imap_find(im, name, RIGHT_INSERT, &err);
	if (!copy->place)
		return imap_failed_target(im, &err);
	if (!copy->move && !imap_save_allowed(im, copy->n, uids))
		return IMAP_NO;
	const struct box_copy what = { .uids = uids,
		.n = copy->n,
		.to = copy->place->acct,
		.name = copy->place->name,
		.may = imap_flags_allowed(copy->place->rights),
		.move = copy->move };
	copy->copying = box_copy_begin(im->box, &what, sess_cmd_pool(im->sess), &copy->added, &err);
	if (!copy->copying)
		return imap_failed_target(im, &err);
	im->work = copy;
	im->release = release;
	im->resume = go_on;
	return go_on(im);
}

static enum imap_done run(struct imap *im, struct slice args, bool move)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct copy *copy = pool_get(pool, sizeof *copy);
	struct imap_set set;
	struct slice name;

	if (!imap_set(pool, &args, &set) || !imap_take(&args, ' ') ||
	    !imap_take_name(im, &args, &name) || !imap_end(args))
		return IMAP_BAD;
	if (move && im->read_only)
		return imap_reply(im, IMAP_NO, "[READ-ONLY] The mailbox is only examined");
	if (move && !(im->rights & RIGHT_EXPUNGE && im->rights & RIGHT_MARK))
		return imap_reply(im, IMAP_NO, "[NOPERM] You may take nothing away here");
	if (!imap_set_resolve(&set, imap_view(im), im->uid))
		return imap_reply(im, IMAP_BAD, "No such message number");
	if (set.n == 0)
		return imap_reply(im, IMAP_OK, "There is none of these");
	if (move)
		imap_limit_set(im, &set);
	copy->move = move;
	copy->n = imap_set_count(&set);
	return begin(im, copy, name, imap_set_uids(pool, &set, im->shown));
}

static enum imap_done run_copy(struct imap *im, struct slice args)
{
	return run(im, args, false);
}

static enum imap_done run_move(struct imap *im, struct slice args)
{
	return run(im, args, true);
}

IMAP_COMMAND(copy) = {
	.name = "COPY",
	.states = IMAP_SELECTED,
	.ref = "RFC 3501 6.4.7",
	.uid = true,
	.by_number = true,
	.run = run_copy,
};

IMAP_COMMAND(move) = {
	.name = "MOVE",
	.states = IMAP_SELECTED,
	.capability = "MOVE",
	.ref = "RFC 6851",
	.uid = true,
	.by_number = true,
	.run = run_move,
};
