/* cmd_fetch.c - FETCH (RFC 3501 §6.4.5): message by message, item by item, as the output drains */
#include "core/log.h"
#include "core/loop.h"
#include "protocols/imap/event.h"
#include "protocols/imap/fetch.h"
#include "protocols/imap/place.h"

enum {
	PIECE = 32 * 1024,
	UNASKED_MAX = 1 << 20, /* bytes of a message that is told without a command */
	SOON_DONE = 500,       /* messages whose flags a loop may tell */
	TURN_MS = 20,	       /* then others have theirs, however little was found to tell */
};

/* --- the message in hand --- */

static void put_down(struct imap_fetch *fetch)
{
	body_close(&fetch->body);
	pool_reset(&fetch->pool);
	fetch->parts = NULL;
	fetch->seq = 0;
}

static bool needs_body(const struct imap_fetch *fetch)
{
	if (fetch->needs & (IMAP_NEEDS_BODY | IMAP_NEEDS_WHOLE))
		return true;
	return (fetch->needs & IMAP_NEEDS_FIELDS) && !fetch->summary.fields_complete;
}

/* Get all that will be needed before the first word of the answer, which can't
   be taken back. 1, 0 when the message is gone, -1. */
static int load(struct imap_fetch *fetch)
{
	struct box *box = fetch->im->box;
	struct pool *parts = fetch->needs & IMAP_NEEDS_PARTS ? &fetch->pool : NULL;
	int rc = 1;

	if (fetch->needs & IMAP_NEEDS_SUMMARY)
		rc = box_summary_next(box, fetch->entry, &fetch->ahead, parts, &fetch->summary);
	if (rc == 1 && needs_body(fetch))
		rc = box_body(box, fetch->entry, &fetch->body, NULL);
	if (rc == 1 && (fetch->needs & IMAP_NEEDS_WHOLE) &&
	    body_map(fetch->body, &fetch->whole, NULL) != 0)
		rc = -1;
	return rc;
}

/* Take up the next message that can be had; false when there is none. */
static bool take_up(struct imap_fetch *fetch)
{
	while ((fetch->seq = imap_walk_next(&fetch->walk))) {
		fetch->entry = box_snap_nth(fetch->im->shown, fetch->seq);
		if (fetch->entry->modseq <= fetch->since ||
		    (fetch->unasked && fetch->entry->size > UNASKED_MAX))
			continue;
		int rc = load(fetch);
		if (rc == 1)
			return true;
		fetch->some_gone |= rc == 0;
		if (rc < 0) {
			fetch->some_failed = true;
			log_event(LOG_ERROR, "unreadable", log_n("uid", fetch->entry->uid));
		}
		put_down(fetch);
	}
	return false;
}

/* --- writing --- */

static void begin(struct imap_fetch *fetch)
{
	imap_put_fetch(fetch->im, fetch->seq, fetch->entry->uid);
	fetch->next = fetch->atts;
	fetch->im->fetched++;
}

uint64_t imap_fetch_flags(const struct imap_fetch *fetch)
{
	return fetch->entry->flags | (fetch->marks ? BOX_SEEN : 0);
}

/* Behind the last item. RFC 3501 §6.4.5: tell that \Seen was set. With its
   MODSEQ, when the client wants that, it is told when it has one. */
static void finish(struct imap_fetch *fetch, struct buf *out)
{
	if (fetch->marks && !(fetch->entry->flags & BOX_SEEN)) {
		fetch->seen[fetch->n_seen++] = fetch->entry->uid;
		if (!fetch->tells_flags && !(fetch->im->enabled & IMAP_CONDSTORE)) {
			buf_addz(out, " FLAGS ");
			imap_put_flags(
			    out, imap_fetch_flags(fetch), box_snap_keywords(fetch->im->shown));
		}
	}
	buf_addz(out, ")\r\n");
	put_down(fetch);
}

/* RFC 7162 §3.2.6: some of the UIDs that are gone, in a line of their own. */
static void tell_vanished(struct imap_fetch *fetch, struct buf *out)
{
	const char *before = "* VANISHED (EARLIER) ";
	struct imap_range r;

	while (!sess_full(fetch->im->sess) && imap_holes_next(fetch->vanished, &r)) {
		buf_addz(out, before);
		imap_put_range(out, &r);
		before = ",";
	}
	if (*before == ',')
		buf_addz(out, "\r\n");
	if (!sess_full(fetch->im->sess))
		fetch->vanished = NULL;
}

void imap_fetch_break(struct imap_fetch *fetch, uint64_t at)
{
	log_event(
	    LOG_ERROR, "unreadable", log_n("uid", fetch->entry->uid), log_n("offset", (int64_t)at));
	fetch->im->broken = true;
}

/* A piece of what was promised. */
static void stream(struct imap_fetch *fetch, struct buf *out)
{
	size_t want = fetch->left < PIECE ? (size_t)fetch->left : PIECE;
	ssize_t got = body_read(fetch->body, fetch->at, buf_room(out, want), want);

	if (got <= 0) {
		imap_fetch_break(fetch, fetch->at);
		return;
	}
	out->n += (size_t)got;
	fetch->at += (uint64_t)got;
	fetch->left -= (uint64_t)got;
}

static enum imap_done ending(struct imap_fetch *fetch)
{
	struct imap *im = fetch->im;

	if (fetch->some_failed)
		return imap_reply(im, IMAP_NO, "[SERVERBUG] Some messages could not be read");
	if (fetch->unknown_encoding)
		return imap_reply(im, IMAP_NO, "[UNKNOWN-CTE] A part has an unknown encoding");
	if (fetch->some_gone)
		return imap_reply(im, IMAP_OK, "[EXPUNGEISSUED] Some of these are gone");
	return IMAP_OK;
}

static enum imap_done set_seen(struct imap_fetch *fetch)
{
	struct imap *im = fetch->im;
	struct box_snap *before = imap_event_before(im);
	struct err err;

	if (box_flags(im->box, fetch->seen, fetch->n_seen, BOX_ADD, BOX_SEEN, &err) != 0) {
		box_snap_free(&before);
		return imap_failed(im, &err);
	}
	atomic_store(&im->changed, true);
	fetch->told = (struct imap_told){ fetch->seen, fetch->n_seen, im->shown, BOX_SEEN };
	if (!(im->enabled & IMAP_CONDSTORE))
		im->told = &fetch->told;
	return imap_event_flags(im, ending(fetch), &before, fetch->seen, fetch->n_seen);
}

static bool is_time_up(const struct imap_fetch *fetch, uint64_t began)
{
	return fetch->needs && fetch->left == 0 && loop_now() - began > TURN_MS;
}

/* What nobody asked for now is not waited for: a message is written to its end. */
static bool may_go_on(const struct imap_fetch *fetch, uint64_t began)
{
	if (fetch->unasked)
		return !sess_full(fetch->im->sess) || fetch->seq != 0;
	return !sess_full(fetch->im->sess) && !is_time_up(fetch, began);
}

static enum imap_done go_on(struct imap *im)
{
	struct imap_fetch *fetch = im->work;
	struct buf *out = sess_out(im->sess);
	uint64_t began = loop_now();

	while (!im->broken && may_go_on(fetch, began)) {
		if (fetch->vanished) {
			tell_vanished(fetch, out);
		} else if (fetch->left > 0) {
			stream(fetch, out);
		} else if (fetch->seq == 0) {
			if (!take_up(fetch))
				return fetch->n_seen > 0 ? set_seen(fetch) : ending(fetch);
			begin(fetch);
		} else if (fetch->next) {
			const struct imap_att *att = fetch->next;

			if (att != fetch->atts)
				buf_addc(out, ' ');
			att->item->put(fetch, att, out);
			fetch->next = att->next;
		} else {
			finish(fetch, out);
		}
	}
	return im->broken ? IMAP_END : IMAP_LATER;
}

static void release(struct imap *im)
{
	struct imap_fetch *fetch = im->work;

	put_down(fetch);
	kv_ahead_done(&fetch->ahead);
	buf_done(&fetch->header);
	buf_done(&fetch->scratch);
}

/* --- the command --- */

static void sum_up(struct imap_fetch *fetch)
{
	for (const struct imap_att *att = fetch->atts; att; att = att->next) {
		fetch->needs |= att->needs;
		fetch->marks |= att->marks;
		fetch->tells_flags |= att->item == &imap_fetch_item_flags;
	}
	if (fetch->im->read_only || !(fetch->im->rights & RIGHT_SEEN))
		fetch->marks = false;
}

static enum imap_done start(struct imap *im, struct imap_fetch *fetch)
{
	sum_up(fetch);
	if (im->here &&
	    (fetch->needs || fetch->vanished || imap_set_count(&fetch->set) > SOON_DONE))
		return IMAP_WORK;
	if (fetch->marks)
		fetch->seen = pool_get(
		    sess_cmd_pool(im->sess), imap_set_count(&fetch->set) * sizeof *fetch->seen);
	fetch->walk = imap_set_walk(&fetch->set);
	im->work = fetch;
	im->resume = go_on;
	im->release = release;
	return go_on(im);
}

static enum imap_done run(struct imap *im, struct slice args)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct imap_fetch *fetch = pool_get(pool, sizeof *fetch);

	fetch->im = im;
	if (!imap_set(pool, &args, &fetch->set) || !imap_take(&args, ' '))
		return IMAP_BAD;
	struct imap_att *atts = imap_fetch_parse(pool, &args);
	if (!atts || !imap_fetch_modifiers(fetch, &args) || !imap_end(args))
		return IMAP_BAD;
	if (!imap_set_resolve(&fetch->set, imap_view(im), im->uid))
		return imap_reply(im, IMAP_BAD, "No such message number");
	if (im->here && fetch->page.to > 0) /* it means counting */
		return IMAP_WORK;
	if (!imap_fetch_choose(fetch))
		return IMAP_NO;
	if (fetch->changes)
		atts = imap_fetch_with(pool, atts, &imap_fetch_item_modseq);
	if (imap_fetch_asks(atts, &imap_fetch_item_modseq))
		imap_enable(im, IMAP_CONDSTORE);
	fetch->atts = im->uid && !(im->enabled & IMAP_UIDONLY)
	    ? imap_fetch_with(pool, atts, &imap_fetch_item_uid)
	    : atts;
	return start(im, fetch);
}

enum imap_done imap_fetch_since(
    struct imap *im, const struct imap_set *uids, uint32_t there, uint64_t since)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct imap_fetch *fetch = pool_get(pool, sizeof *fetch);
	struct slice items =
	    im->enabled & IMAP_UIDONLY ? SLICE("(FLAGS MODSEQ)") : SLICE("(UID FLAGS MODSEQ)");

	fetch->im = im;
	fetch->since = since;
	fetch->atts = imap_fetch_parse(pool, &items);
	fetch->vanished = imap_holes(pool, uids, im->shown, there);
	fetch->set.n = uids->n;
	fetch->set.ranges = pool_get(pool, uids->n * sizeof *uids->ranges);
	for (size_t i = 0; i < uids->n; i++)
		fetch->set.ranges[i] = uids->ranges[i];
	imap_set_resolve(&fetch->set, imap_view(im), true);
	return start(im, fetch);
}

void imap_fetch_new(struct imap *im, const struct imap_set *set, struct slice items)
{
	struct imap_fetch fetch = { .im = im, .set = *set, .unasked = true };
	struct pool pool = { 0 };
	const char *reply = im->reply;
	void *work = im->work;

	fetch.atts = imap_fetch_parse(&pool, &items);
	if (fetch.atts) {
		sum_up(&fetch);
		fetch.marks = false;
		fetch.walk = imap_set_walk(&fetch.set);
		im->work = &fetch;
		go_on(im);
		release(im);
		im->work = work;
		im->reply = reply;
	}
	pool_done(&pool);
}

IMAP_COMMAND(fetch) = {
	.name = "FETCH",
	.states = IMAP_SELECTED,
	.ref = "RFC 3501 6.4.5, RFC 7162",
	.uid = true,
	.by_number = true,
	.numbered = true,
	.instant = true,
	.run = run,
};
