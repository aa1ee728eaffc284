/* cmd_store.c - STORE (RFC 3501 §6.4.6): change flags, if asked only of messages that are as the
 * client knows them (RFC 7162 §3.1.3); by turns */
#include "core/loop.h"
#include "protocols/imap/event.h"
#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"
#include "protocols/imap/place.h"

enum { STEP = 1000 }; /* messages */

struct store {
	enum box_how how;
	bool silent, conditional;
	uint64_t since; /* UNCHANGEDSINCE */
	struct imap_flags flags;
	struct imap_set set;
	uint64_t bits; /* of flags */
	uint32_t *uids;
	size_t n, done;
	/* The answer. */
	struct buf modified;	 /* uint32_t: UIDs of those that were changed since */
	struct box_snap *before; /* when a script wants to know, or NULL */
	struct box_snap *now;	 /* behind the change */
	struct imap_told told;
	struct imap_walk walk;
	bool some_gone;
};

/* ["(UNCHANGEDSINCE" SP mod-sequence-valzer ")" SP] */
static bool read_condition(struct slice *in, struct store *store)
{
	struct slice word;

	store->since = UINT64_MAX;
	store->conditional = imap_take(in, '(');
	if (!store->conditional)
		return true;
	return imap_word(in, &word) && slice_ieq(word, SLICE("UNCHANGEDSINCE")) &&
	    imap_take(in, ' ') && imap_number64(in, &store->since) && imap_take(in, ')') &&
	    imap_take(in, ' ');
}

/* ["+" / "-"] "FLAGS" [".SILENT"] SP (flag-list / (flag *(SP flag))) */
static bool read_change(struct pool *pool, struct slice *in, struct store *store)
{
	struct slice word;

	store->how = BOX_SET;
	if (imap_take(in, '+'))
		store->how = BOX_ADD;
	else if (imap_take(in, '-'))
		store->how = BOX_REMOVE;
	if (!imap_word(in, &word))
		return false;
	store->silent = slice_ieq(word, SLICE("FLAGS.SILENT"));
	if (!store->silent && !slice_ieq(word, SLICE("FLAGS")))
		return false;
	return imap_take(in, ' ') && imap_flag_list(pool, in, false, &store->flags);
}

/* Names to bits. A keyword that can't be removed since there is none of that
   name needs not be made. */
static int keyword_bits(struct imap *im, const struct store *store, uint64_t *bits, struct err *err)
{
	for (size_t i = 0; i < store->flags.n_keywords; i++) {
		bool create = store->how != BOX_REMOVE && (im->rights & RIGHT_WRITE);
		uint64_t bit = box_keyword(im->box, store->flags.keywords[i], create, err);

		if (bit == 0 && create)
			return -1;
		*bits |= bit;
	}
	return 0;
}

/* One line for each message that is still there, with the numbers that the
   client knows. */
static void tell_one(struct imap *im, struct store *store, uint32_t seq)
{
	uint32_t uid = box_snap_nth(im->shown, seq)->uid;
	uint32_t at = box_snap_find(store->now, uid, false);

	if (at == 0)
		store->some_gone = true;
	else if (store->silent)
		imap_put_change_silent(im, seq, box_snap_nth(store->now, at));
	else
		imap_put_change(
		    im, seq, box_snap_nth(store->now, at), box_snap_keywords(store->now));
}

/* "[MODIFIED 7,9]": UIDs, or numbers as the client knows them. */
static void tell_modified(struct imap *im, struct store *store)
{
	uint32_t *uids = (uint32_t *)(void *)store->modified.p;
	size_t n = store->modified.n / sizeof *uids;
	struct buf text = { 0 };

	for (size_t i = 0; !im->uid && i < n; i++)
		uids[i] = box_snap_find(im->shown, uids[i], false);
	buf_addz(&text, "[MODIFIED ");
	imap_put_uids(&text, uids, n);
	buf_addz(&text, "] Those have changed since");
	imap_reply(im, IMAP_OK, pool_str(sess_cmd_pool(im->sess), buf_slice(&text)));
	buf_done(&text);
}

static enum imap_done end(struct imap *im)
{
	struct store *store = im->work;

	return imap_event_flags(im, IMAP_OK, &store->before, store->uids, store->n);
}

static enum imap_done tell(struct imap *im)
{
	struct store *store = im->work;
	uint32_t seq;

	while (!sess_full(im->sess) && (seq = imap_walk_next(&store->walk)))
		tell_one(im, store, seq);
	if (sess_full(im->sess))
		return IMAP_LATER;
	if (store->modified.n > 0)
		tell_modified(im, store);
	else if (store->some_gone)
		imap_reply(im, IMAP_OK, "[EXPUNGEISSUED] Some of these are gone");
	return end(im);
}

static void release(struct imap *im)
{
	struct store *store = im->work;

	box_snap_free(&store->before);
	box_snap_free(&store->now);
	buf_done(&store->modified);
}

static enum imap_done changed(struct imap *im)
{
	struct store *store = im->work;

	store->now = box_snap(im->box);
	store->told = (struct imap_told){ store->uids, store->n, store->now, 0 };
	im->told = &store->told;
	if (store->silent && !(im->enabled & IMAP_CONDSTORE))
		return end(im);
	if (imap_has_new_keywords(im, store->now))
		imap_tell_flags(im, store->now);
	store->walk = imap_set_walk(&store->set);
	im->resume = tell;
	return tell(im);
}

static int change_some(struct imap *im, struct store *store, struct err *err)
{
	const uint32_t *uids = store->uids + store->done;
	size_t left = store->n - store->done, n = left < STEP ? left : STEP;

	atomic_store(&im->changed, true);
	store->done += n;
	return box_flags_since(
	    im->box, uids, n, store->how, store->bits, store->since, &store->modified, err);
}

static enum imap_done change(struct imap *im)
{
	struct store *store = im->work;
	uint64_t began = loop_now();
	struct err err;

	while (store->done < store->n) {
		if (change_some(im, store, &err) != 0)
			return imap_failed(im, &err);
		if (store->done < store->n && imap_turn_over(im, began, store->done, store->n))
			return IMAP_LATER;
	}
	return changed(im);
}

static enum imap_done begin(struct imap *im, struct store *store)
{
	struct err err;

	im->work = store;
	im->release = release;
	im->resume = change;
	store->before = imap_event_before(im);
	store->bits = store->flags.system;
	if (keyword_bits(im, store, &store->bits, &err) != 0)
		return imap_failed(im, &err);
	return change(im);
}

static enum imap_done run(struct imap *im, struct slice args)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct store *store = pool_get(pool, sizeof *store);

	if (!imap_set(pool, &args, &store->set) || !imap_take(&args, ' ') ||
	    !read_condition(&args, store) || !read_change(pool, &args, store) || !imap_end(args))
		return IMAP_BAD;
	if (im->read_only)
		return imap_reply(im, IMAP_NO, "[READ-ONLY] The mailbox is only examined");
	/* RFC 4314 §4: with one of the rights it does what it may. */
	if (!(im->rights & (RIGHT_SEEN | RIGHT_WRITE | RIGHT_MARK)))
		return imap_reply(im, IMAP_NO, "[NOPERM] You may change no flags here");
	if (!imap_set_resolve(&store->set, imap_view(im), im->uid))
		return imap_reply(im, IMAP_BAD, "No such message number");
	if (store->conditional)
		imap_enable(im, IMAP_CONDSTORE);
	imap_limit_set(im, &store->set);
	store->n = imap_set_count(&store->set);
	if (store->n == 0)
		return IMAP_OK;
	store->uids = imap_set_uids(pool, &store->set, im->shown);
	return begin(im, store);
}

IMAP_COMMAND(store) = {
	.name = "STORE",
	.states = IMAP_SELECTED,
	.ref = "RFC 3501 6.4.6, RFC 7162",
	.uid = true,
	.by_number = true,
	.numbered = true,
	.run = run,
};
