/* context_tell.c - what left a result that is kept up to date, and what joined it (RFC 5267 §4.3)
 */
#include <string.h>

#include "protocols/imap/context_private.h"

static uint32_t number_of(const struct imap_context *it, const struct box_snap *snap, uint32_t uid)
{
	return it->uid ? uid : box_snap_find(snap, uid, false);
}

static void begin_answer(struct imap *im, const struct imap_context *it)
{
	struct buf *out = sess_out(im->sess);

	buf_addz(out, "* ESEARCH (TAG ");
	imap_put_string(out, it->tag);
	buf_addz(out, it->uid ? ") UID" : ")");
}

/* " ADDTO (0 3:5)" */
static void put_set(
    struct imap *im, const struct imap_context *it, const char *what, const struct buf *uids)
{
	struct buf *out = sess_out(im->sess), numbers = { 0 };

	if (uids->n == 0)
		return;
	for (size_t i = 0; i < imap_uids_count(uids); i++)
		imap_uids_push(&numbers, number_of(it, im->shown, imap_uids_of(uids)[i]));
	buf_printf(out, " %s (0 ", what);
	imap_put_uids(out, imap_uids_of(&numbers), imap_uids_count(&numbers));
	buf_addc(out, ')');
	buf_done(&numbers);
}

/* " ADDTO (4 17": the first of several pairs. */
static void put_pair(struct imap *im, const struct imap_context *it, const char **what,
    size_t position, uint32_t uid)
{
	buf_printf(sess_out(im->sess), "%s%zu %u", *what, position, number_of(it, im->shown, uid));
	*what = " ";
}

static void put_end(struct imap *im, const char *what)
{
	if (*what == ' ' && what[1] == '\0') /* there was a pair */
		buf_addc(sess_out(im->sess), ')');
}

/* --- what is gone --- */

/* From the end on, so that the positions before it stay as they are. */
static void shrink_sorted(struct imap *im, struct imap_context *it, const struct buf *gone)
{
	const char *what = " REMOVEFROM (";
	uint32_t *uids = imap_uids_of(&it->uids);
	size_t n = imap_uids_count(&it->uids);

	for (size_t i = n; i-- > 0;) {
		if (!imap_uids_have(gone, uids[i]))
			continue;
		put_pair(im, it, &what, i + 1, uids[i]);
		memmove(&uids[i], &uids[i + 1], (--n - i) * sizeof *uids);
	}
	it->uids.n = n * sizeof *uids;
	put_end(im, what);
}

/* What is in both lists, which rise, is taken out of the first. */
static void subtract(struct buf *from, const struct buf *gone)
{
	uint32_t *uids = imap_uids_of(from);
	size_t kept = 0;

	for (size_t i = 0, j = 0; i < imap_uids_count(from); i++) {
		while (j < imap_uids_count(gone) && imap_uids_of(gone)[j] < uids[i])
			j++;
		if (j == imap_uids_count(gone) || imap_uids_of(gone)[j] != uids[i])
			uids[kept++] = uids[i];
	}
	from->n = kept * sizeof *uids;
}

static void remove_all(struct imap *im, struct imap_context *it, const struct buf *gone)
{
	if (gone->n > 0 && it->order.n > 0) {
		shrink_sorted(im, it, gone);
	} else if (gone->n > 0) {
		put_set(im, it, "REMOVEFROM", gone);
		subtract(&it->uids, gone);
	}
}

/* --- what has come --- */

/* Two lists that rise and have nothing in common. */
static void unite(struct buf *with, const struct buf *more)
{
	struct buf both = { 0 };
	size_t i = 0, j = 0;

	while (i < imap_uids_count(with) || j < imap_uids_count(more)) {
		bool first = j == imap_uids_count(more) ||
		    (i < imap_uids_count(with) && imap_uids_of(with)[i] < imap_uids_of(more)[j]);

		imap_uids_push(&both, first ? imap_uids_of(with)[i++] : imap_uids_of(more)[j++]);
	}
	buf_done(with);
	*with = both;
}

/* Where among the sorted ones the message belongs; c has taken it up. */
static size_t place_of(struct imap_context *it, struct imap_candidate *c)
{
	union imap_order_value its[IMAP_CRITERIA_MAX], others[IMAP_CRITERIA_MAX];
	size_t low = 0, high = imap_uids_count(&it->uids);
	struct pool pool = { 0 };
	struct buf scratch = { 0 };
	uint32_t seq = c->seq;

	imap_order_read(&it->order, c, &pool, &scratch, its);
	while (low < high) {
		size_t mid = (low + high) / 2;
		uint32_t other = box_snap_find(c->snap, imap_uids_of(&it->uids)[mid], false);

		imap_candidate_next(c, other);
		imap_order_read(&it->order, c, &pool, &scratch, others);
		int way = imap_order_compare(&it->order, its, others);
		if (way > 0 || (way == 0 && seq > other))
			low = mid + 1;
		else
			high = mid;
	}
	pool_done(&pool);
	buf_done(&scratch);
	return low;
}

static void insert(struct buf *uids, size_t at, uint32_t uid)
{
	imap_uids_push(uids, uid);
	uint32_t *p = imap_uids_of(uids);
	memmove(&p[at + 1], &p[at], (imap_uids_count(uids) - 1 - at) * sizeof *p);
	p[at] = uid;
}

static void grow_sorted(
    struct imap *im, struct imap_context *it, struct imap_candidate *c, const struct buf *more)
{
	const char *what = " ADDTO (";

	for (size_t i = 0; i < imap_uids_count(more); i++) {
		uint32_t uid = imap_uids_of(more)[i];

		imap_candidate_next(c, box_snap_find(c->snap, uid, false));
		size_t at = place_of(it, c);
		insert(&it->uids, at, uid);
		put_pair(im, it, &what, at + 1, uid);
	}
	put_end(im, what);
}

static void add_all(
    struct imap *im, struct imap_context *it, struct imap_candidate *c, const struct buf *more)
{
	if (more->n > 0 && it->order.n > 0) {
		grow_sorted(im, it, c, more);
	} else if (more->n > 0) {
		put_set(im, it, "ADDTO", more);
		unite(&it->uids, more);
	}
}

void imap_context_tell(struct imap *im, struct imap_context *it, struct imap_candidate *c,
    const struct buf *gone, const struct buf *more)
{
	begin_answer(im, it);
	remove_all(im, it, gone);
	add_all(im, it, c, more);
	buf_addz(sess_out(im->sess), "\r\n");
}
