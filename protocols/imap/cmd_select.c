/* cmd_select.c - SELECT and EXAMINE (RFC 3501 §6.3.1, §6.3.2), and to come back to a mailbox that
 * the client knows (RFC 7162 §3.2.5) */
#include "core/loop.h"
#include "protocols/imap/fetch.h"
#include "protocols/imap/list.h"
#include "protocols/imap/place.h"

/* What stands in brackets behind the name. */
struct params {
	unsigned enables; /* enum imap_enabled */
	bool resync;
	uint32_t uidvalidity;
	uint64_t since;
	struct imap_set known; /* UIDs; none: all that there were */
	/* Numbers and UIDs of some messages, as the client knew them. */
	struct imap_set match_seqs, match_uids;
};

/* --- reading --- */

/* As imap_set, but it has no '*' and rises. */
static bool known_set(struct pool *pool, struct slice *in, struct imap_set *out)
{
	if (!imap_set(pool, in, out) || out->saved)
		return false;
	for (size_t i = 0; i < out->n; i++) {
		const struct imap_range *r = &out->ranges[i];

		if (r->from == 0 || r->to < r->from || (i > 0 && r->from <= r[-1].to))
			return false;
	}
	return true;
}

/* "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP "(" seqs SP uids ")"] ")" */
static bool read_resync(struct imap *im, struct slice *in, struct params *params)
{
	struct pool *pool = sess_cmd_pool(im->sess);

	if (!imap_take(in, ' ') || !imap_take(in, '(') ||
	    !imap_nz_number(in, &params->uidvalidity) || !imap_take(in, ' ') ||
	    !imap_number64(in, &params->since))
		return false;
	bool more = imap_take(in, ' ');
	if (more && in->n > 0 && *in->p != '(') {
		if (!known_set(pool, in, &params->known))
			return false;
		more = imap_take(in, ' ');
	}
	if (more && (im->enabled & IMAP_UIDONLY)) /* RFC 9586 §3.4 */
		return false;
	if (more &&
	    (!imap_take(in, '(') || !known_set(pool, in, &params->match_seqs) ||
		!imap_take(in, ' ') || !known_set(pool, in, &params->match_uids) ||
		!imap_take(in, ')')))
		return false;
	return imap_take(in, ')');
}

static bool read_param(struct imap *im, struct slice *in, struct params *params)
{
	struct slice word;

	if (!imap_word(in, &word))
		return false;
	if (slice_ieq(word, SLICE("CONDSTORE"))) {
		params->enables |= IMAP_CONDSTORE;
		return true;
	}
	if (!slice_ieq(word, SLICE("QRESYNC")) || !(im->enabled & IMAP_QRESYNC))
		return false;
	params->resync = true;
	return read_resync(im, in, params);
}

static bool read_params(struct imap *im, struct slice *in, struct params *params)
{
	if (!imap_take(in, ' '))
		return true;
	if (!imap_take(in, '('))
		return imap_end(*in);
	do {
		if (!read_param(im, in, params))
			return false;
	} while (imap_take(in, ' '));
	return imap_take(in, ')');
}

/* --- coming back --- */

/* A message that still has the number by which the client knew it has all those
   before it that it had: up to its UID nothing is gone. 0: nothing is known. */
static uint32_t all_there_up_to(const struct params *params, const struct box_snap *snap)
{
	struct imap_walk seqs = imap_set_walk(&params->match_seqs);
	struct imap_walk uids = imap_set_walk(&params->match_uids);
	uint32_t seq, uid, there = 0;

	while ((seq = imap_walk_next(&seqs)) && (uid = imap_walk_next(&uids)) &&
	    seq <= box_snap_count(snap))
		if (box_snap_nth(snap, seq)->uid == uid)
			there = uid;
	return there;
}

/* RFC 7162 §3.2.5.1: first what is gone, then what has changed. */
static enum imap_done resync(struct imap *im, const struct params *params)
{
	struct imap_range all = { 1, 0 };
	struct imap_set known = params->known;

	if (!params->resync || box_uidvalidity(im->box) != params->uidvalidity)
		return IMAP_OK;
	if (known.n == 0)
		known = (struct imap_set){ .ranges = &all, .n = 1 };
	return imap_fetch_since(im, &known, all_there_up_to(params, im->shown), params->since);
}

/* --- the answer --- */

static uint32_t first_unseen(const struct box_snap *snap)
{
	uint32_t count = box_snap_count(snap);

	for (uint32_t seq = 1; seq <= count; seq++)
		if (!(box_snap_nth(snap, seq)->flags & BOX_SEEN))
			return seq;
	return 0;
}

static void tell_name(struct imap *im, const struct imap_place *place)
{
	if (!imap_is_kept(im, place)) {
		imap_put_kept(im, place, "", place->shown);
		return;
	}
	buf_addz(sess_out(im->sess), "* LIST () \"/\" ");
	imap_put_name(im, imap_kept(im, place));
	buf_addz(sess_out(im->sess), "\r\n");
}

static void tell_mailbox(struct imap *im, const struct imap_place *place)
{
	struct buf *out = sess_out(im->sess);

	imap_tell_flags(im, im->shown);
	buf_printf(out, "* %u EXISTS\r\n", box_snap_count(im->shown));
	if (im->enabled & IMAP_REV2) { /* RFC 9051 §6.3.2 */
		tell_name(im, place);
	} else {
		/* No message is \Recent here: RFC 9051 has given that flag up. */
		uint32_t unseen = im->enabled & IMAP_UIDONLY ? 0 : first_unseen(im->shown);

		buf_addz(out, "* 0 RECENT\r\n");
		if (unseen)
			buf_printf(out, "* OK [UNSEEN %u] First unseen\r\n", unseen);
	}
	buf_printf(out, "* OK [UIDVALIDITY %u] UIDs valid\r\n* OK [UIDNEXT %u] Next UID\r\n",
	    box_uidvalidity(im->box), box_snap_uidnext(im->shown));
	buf_printf(out, "* OK [MAILBOXID (F%u)] Id\r\n* OK [HIGHESTMODSEQ %llu] Highest\r\n",
	    box_id(im->box), (unsigned long long)box_snap_modseq(im->shown));
}

/* --- the commands --- */

static enum imap_done take(struct imap *im, struct box *box, const struct imap_place *place,
    const struct params *params, bool read_only)
{
	/* RFC 4314 §4: with none of these it is as if only examined. */
	enum { CHANGES = RIGHT_INSERT | RIGHT_EXPUNGE | RIGHT_SEEN | RIGHT_WRITE | RIGHT_MARK };

	im->enabled |= params->enables;
	imap_enter(im, box, place, read_only || !(place->rights & CHANGES));
	tell_mailbox(im, place);
	imap_reply(im, IMAP_OK, im->read_only ? "[READ-ONLY] Examined" : "[READ-WRITE] Selected");
	return resync(im, params);
}

static enum imap_done enter(struct imap *im, struct slice args, bool read_only)
{
	struct params params = { 0 };
	struct box *box = NULL;
	struct imap_place *place;
	struct slice name;
	struct err err;

	if (!imap_take_name(im, &args, &name) || !read_params(im, &args, &params) ||
	    !imap_end(args))
		return IMAP_BAD;
	if (loop_thread()) {
		if (!params.resync && !imap_is_foreign(im, name))
			box = box_open_now(im->acct, name);
		if (!box)
			return IMAP_WORK;
	}
	if (im->state == IMAP_SELECTED) { /* RFC 9051 §6.3.2: also when this one fails */
		imap_leave(im);
		buf_addz(sess_out(im->sess), "* OK [CLOSED] Previous mailbox left\r\n");
	}
	place = imap_find(im, name, RIGHT_READ, &err);
	if (place && !box)
		box = box_open(place->acct, place->name, &err);
	if (!box)
		return imap_failed(im, &err);
	if (place->foreign && box_seen_apart(place->acct, place->box) == 1)
		box_seen_as(box, slice_str(im->who));
	return take(im, box, place, &params, read_only);
}

static enum imap_done run_select(struct imap *im, struct slice args)
{
	return enter(im, args, false);
}

static enum imap_done run_examine(struct imap *im, struct slice args)
{
	return enter(im, args, true);
}

IMAP_COMMAND(select) = {
	.name = "SELECT",
	.states = IMAP_KNOWN,
	.ref = "RFC 3501 6.3.1, RFC 7162",
	.instant = true,
	.run = run_select,
};

IMAP_COMMAND(examine) = {
	.name = "EXAMINE",
	.states = IMAP_KNOWN,
	.ref = "RFC 3501 6.3.2, RFC 7162",
	.instant = true,
	.run = run_examine,
};
