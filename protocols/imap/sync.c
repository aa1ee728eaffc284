/* sync.c - tell the client what changed in its mailbox (RFC 9051 §7)
 *
 * The client knows the snapshot `shown`; sequence numbers mean that one. When
 * it may be told, the difference to the newest is written, and that becomes
 * `shown`; when it may not be told of expunges, the newest with what is gone. What a command told
 * of flags itself (im->told) is passed over. */
#include "protocols/imap/context.h"
#include "protocols/imap/imap.h"
#include "protocols/imap/notify.h"
#include "protocols/imap/parse.h"
#include "protocols/imap/place.h"

struct teller {
	struct imap *im;
	struct buf *out;
	const char *const *keywords;
	struct buf vanished; /* uint32_t, UIDs, falling */
	struct buf changed;  /* uint32_t, sequence numbers, for contexts */
};

static void put_numbered(struct buf *out, uint32_t n, const char *what)
{
	buf_addz(out, "* ");
	buf_addu(out, n);
	buf_addz(out, what);
}

static void tell_expunged(void *arg, uint32_t seq, uint32_t uid)
{
	struct teller *t = arg;

	if (t->im->enabled & (IMAP_QRESYNC | IMAP_UIDONLY))
		buf_add(&t->vanished, &uid, sizeof uid);
	else
		put_numbered(t->out, seq, " EXPUNGE\r\n");
}

/* RFC 7162 §3.2.10: one line for all, by UID, before anything is numbered anew. */
static void tell_vanished(struct teller *t)
{
	uint32_t *uids = (uint32_t *)(void *)t->vanished.p;
	size_t n = t->vanished.n / sizeof *uids;

	if (n == 0)
		return;
	for (size_t i = 0; i < n / 2; i++) {
		uint32_t uid = uids[i];

		uids[i] = uids[n - 1 - i];
		uids[n - 1 - i] = uid;
	}
	buf_addz(t->out, "* VANISHED ");
	imap_put_uids(t->out, uids, n);
	buf_addz(t->out, "\r\n");
	t->vanished.n = 0;
}

static bool has_uid(const struct imap_told *told, uint32_t uid)
{
	size_t low = 0, high = told->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (told->uids[mid] == uid)
			return true;
		if (told->uids[mid] < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

/* Does the client know these flags from the command itself? */
static bool was_told(const struct imap_told *told, const struct box_entry *entry)
{
	if (!told || !has_uid(told, entry->uid))
		return false;
	uint32_t seq = box_snap_find(told->as, entry->uid, false);
	return seq && (box_snap_nth(told->as, seq)->flags | told->more) == entry->flags;
}

static void tell_flags(void *arg, uint32_t seq, const struct box_entry *entry)
{
	struct teller *t = arg;

	tell_vanished(t);
	if (t->im->contexts)
		buf_add(&t->changed, &seq, sizeof seq);
	if (!was_told(t->im->told, entry))
		imap_put_change(t->im, seq, entry, t->keywords);
}

static void tell_added(void *arg, uint32_t count)
{
	struct teller *t = arg;

	tell_vanished(t);
	put_numbered(t->out, count, " EXISTS\r\n");
}

/* UIDs rise, so whatever is new stands behind what was there. */
static bool has_expunges(const struct box_snap *old, const struct box_snap *now)
{
	uint32_t left = box_snap_find(now, box_snap_uidnext(old), true) - 1;

	return left < box_snap_count(old);
}

void imap_tell_flags(struct imap *im, const struct box_snap *snap)
{
	const char *const *keywords = box_snap_keywords(snap);
	struct buf *out = sess_out(im->sess);
	unsigned n = 0;

	while (keywords[n])
		n++;
	im->keywords = n;
	buf_addz(out, "* FLAGS ");
	imap_put_flags(out, UINT64_MAX, keywords);
	buf_addz(out, "\r\n* OK [PERMANENTFLAGS ");
	imap_put_flags(out, im->read_only ? 0 : imap_flags_allowed(im->rights), keywords);
	if (!im->read_only && (im->rights & RIGHT_WRITE) &&
	    n < BOX_KEYWORDS_MAX) { /* "\*": more can be made */
		out->n--;
		buf_addz(out, " \\*)");
	}
	buf_addz(out, "] Flags that are kept\r\n");
}

bool imap_has_new_keywords(const struct imap *im, const struct box_snap *snap)
{
	const char *const *keywords = box_snap_keywords(snap);

	for (unsigned i = 0; i < im->keywords; i++)
		if (!keywords[i])
			return false;
	return keywords[im->keywords] != NULL;
}

/* Write the difference; `now` is what is shown from here on. */
static void advance(struct imap *im, struct box_snap *now)
{
	struct teller t = {
		.im = im, .out = sess_out(im->sess), .keywords = box_snap_keywords(now)
	};
	const struct box_diff diff = {
		.expunged = tell_expunged, .flags = tell_flags, .added = tell_added, .arg = &t
	};

	if (imap_has_new_keywords(im, now))
		imap_tell_flags(im, now);
	if (im->contexts && has_expunges(im->shown, now))
		imap_contexts_shrink(im, now);
	box_snap_diff(im->shown, now, &diff);
	tell_vanished(&t);
	buf_done(&t.vanished);
	uint32_t known = box_snap_uidnext(im->shown);
	box_snap_free(&im->shown);
	im->shown = now;
	uint32_t from = box_snap_find(now, known, true);
	if (im->contexts)
		imap_contexts_change(im, &t.changed, from);
	buf_done(&t.changed);
	imap_notify_fetch(im, from);
}

bool imap_sync(struct imap *im, bool expunges)
{
	if (!atomic_exchange(&im->changed, false))
		return true;
	struct box_snap *now = box_snap(im->box);
	bool gone = box_snap_gone(now);

	if (!gone && !expunges && has_expunges(im->shown, now)) {
		atomic_store(&im->changed, true); /* of these later */
		advance(im, box_snap_keep(im->shown, now));
	} else if (!gone) {
		advance(im, now);
	} else {
		box_snap_free(&now);
	}
	return !gone;
}

enum imap_done imap_removed(struct imap *im)
{
	if (!imap_sync(im, true)) {
		atomic_store(&im->changed, true); /* to be told once more, and the end */
		return IMAP_OK;
	}
	if (!(im->enabled & IMAP_QRESYNC))
		return IMAP_OK;
	return imap_reply(im, IMAP_OK,
	    pool_printf(sess_cmd_pool(im->sess), "[HIGHESTMODSEQ %llu] Done",
		(unsigned long long)box_snap_modseq(im->shown)));
}
