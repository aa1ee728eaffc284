/* set.c - sets of message numbers: read, resolved against a mailbox, walked
 *
 * A resolved set is rising and without overlap, so a hostile "1:*,1:*,1:*" costs
 * no more than "1:*". */
#include <stdlib.h>

#include "protocols/imap/parse.h"

/* --- reading --- */

/* RFC 9051 §9: seq-number. 0 stands for '*'. */
static bool read_number(struct slice *in, uint32_t *out)
{
	if (imap_take(in, '*')) {
		*out = 0;
		return true;
	}
	return imap_nz_number(in, out);
}

static bool read_range(struct slice *in, struct imap_range *range)
{
	if (!read_number(in, &range->from))
		return false;
	range->to = range->from;
	return !imap_take(in, ':') || read_number(in, &range->to);
}

static size_t count_commas(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && s.p[i] != ' ' && s.p[i] != ')'; i++)
		n += s.p[i] == ',';
	return n;
}

bool imap_set(struct pool *pool, struct slice *in, struct imap_set *out)
{
	size_t max = count_commas(*in) + 1;

	*out = (struct imap_set){ .saved = imap_take(in, '$') };
	if (out->saved)
		return true;
	out->ranges = pool_get(pool, max * sizeof *out->ranges);
	do {
		if (out->n == max || !read_range(in, &out->ranges[out->n]))
			return false;
		out->n++;
	} while (imap_take(in, ','));
	return true;
}

bool imap_page_parse(struct slice *in, struct imap_page *out)
{
	uint32_t a, b;

	if (!imap_take(in, ' '))
		return false;
	out->said = *in;
	out->backwards = imap_take(in, '-');
	if (!imap_nz_number(in, &a) || !imap_take(in, ':') ||
	    imap_take(in, '-') != out->backwards || !imap_nz_number(in, &b))
		return false;
	out->said.n -= in->n;
	out->from = a < b ? a : b;
	out->to = a < b ? b : a;
	return true;
}

struct imap_span imap_page_span(const struct imap_page *page, uint32_t all)
{
	uint32_t from = page->from, to = page->to < all ? page->to : all;

	if (from > all)
		return (struct imap_span){ 0, 0 };
	return (struct imap_span){ page->backwards ? all - to : from - 1, to - from + 1 };
}

/* --- resolving --- */

static int by_start(const void *a, const void *b)
{
	const struct imap_range *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

/* Of two numbers in any order, '*' being the highest that there is. */
static struct imap_range ordered(struct imap_range r, uint32_t highest)
{
	uint32_t a = r.from ? r.from : highest, b = r.to ? r.to : highest;

	return (struct imap_range){ a < b ? a : b, a < b ? b : a };
}

/* UIDs to sequence numbers; {1, 0} when none is there. */
static struct imap_range resolve_uids(struct imap_range r, const struct box_snap *snap)
{
	uint32_t count = box_snap_count(snap);
	uint32_t highest = box_snap_nth(snap, count)->uid;

	/* RFC 9051 §6.4.9: "559:*" has the last message, also when 559 is above it. */
	r = ordered(r, highest);
	uint32_t from = box_snap_find(snap, r.from, true);
	uint32_t to = r.to >= highest ? count : box_snap_find(snap, r.to + 1, true) - 1;
	return (struct imap_range){ from, to };
}

static void merge(struct imap_set *set)
{
	size_t n = 0;

	if (set->n == 0)
		return;
	qsort(set->ranges, set->n, sizeof *set->ranges, by_start);
	for (size_t i = 0; i < set->n; i++) {
		struct imap_range r = set->ranges[i], *last = n ? &set->ranges[n - 1] : NULL;

		if (!last || r.from > last->to + 1)
			set->ranges[n++] = r;
		else if (r.to > last->to)
			last->to = r.to;
	}
	set->n = n;
}

/* RFC 5182 §2.1: messages that are gone are no longer in it. */
static void take_saved(struct imap_set *set, const struct imap_view *view)
{
	set->n = view->saved.n;
	set->ranges = pool_get(view->pool, set->n * sizeof *set->ranges);
	for (size_t i = 0; i < set->n; i++)
		set->ranges[i] = view->saved.ranges[i];
}

bool imap_set_resolve(struct imap_set *set, const struct imap_view *view, bool uid)
{
	const struct box_snap *snap = view->snap;
	uint32_t count = box_snap_count(snap);
	bool all_there = true;
	size_t n = 0;

	if (set->saved)
		take_saved(set, view);
	uid |= set->saved;
	for (size_t i = 0; i < set->n; i++) {
		struct imap_range r = set->ranges[i];

		/* A number that is not there is the client's fault. But "9:*" is how
		   clients ask for what came since 8, so with '*' it means the last
		   one, as for UIDs; in an empty mailbox nothing. */
		if (!uid && r.from && r.to && (r.from > count || r.to > count))
			all_there = false;
		if (count == 0)
			continue;
		r = uid ? resolve_uids(r, snap) : ordered(r, count);
		if (r.to > count)
			r.to = count;
		if (r.from <= r.to)
			set->ranges[n++] = r;
	}
	set->n = n;
	merge(set);
	return all_there;
}

/* --- what is gone --- */

struct imap_holes *imap_holes(
    struct pool *pool, const struct imap_set *uids, const struct box_snap *snap, uint32_t above)
{
	struct imap_holes *holes = pool_get(pool, sizeof *holes);
	uint32_t highest = box_snap_uidnext(snap) - 1;

	*holes = (struct imap_holes){ .snap = snap };
	holes->uids.ranges = pool_get(pool, uids->n * sizeof *uids->ranges);
	for (size_t i = 0; highest > 0 && i < uids->n; i++) {
		struct imap_range r = ordered(uids->ranges[i], highest);

		if (r.to > highest)
			r.to = highest;
		if (r.from <= above)
			r.from = above + 1;
		if (r.from <= r.to)
			holes->uids.ranges[holes->uids.n++] = r;
	}
	merge(&holes->uids);
	return holes;
}

/* Past the UIDs from `next` on that are there. */
static void skip_present(struct imap_holes *holes)
{
	uint32_t count = box_snap_count(holes->snap);

	holes->seq = box_snap_find(holes->snap, holes->next, true);
	while (holes->seq <= count && box_snap_nth(holes->snap, holes->seq)->uid == holes->next) {
		holes->seq++;
		holes->next++;
	}
}

bool imap_holes_next(struct imap_holes *holes, struct imap_range *out)
{
	for (; holes->at < holes->uids.n; holes->at++, holes->next = 0) {
		const struct imap_range *r = &holes->uids.ranges[holes->at];

		if (holes->next < r->from)
			holes->next = r->from;
		skip_present(holes);
		if (holes->next > r->to)
			continue;
		*out = (struct imap_range){ holes->next, r->to };
		if (holes->seq <= box_snap_count(holes->snap) &&
		    box_snap_nth(holes->snap, holes->seq)->uid <= r->to)
			out->to = box_snap_nth(holes->snap, holes->seq)->uid - 1;
		holes->next = out->to + 1;
		return true;
	}
	return false;
}

/* --- using --- */

bool imap_set_has(const struct imap_set *set, uint32_t seq)
{
	size_t low = 0, high = set->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (seq < set->ranges[mid].from)
			high = mid;
		else if (seq > set->ranges[mid].to)
			low = mid + 1;
		else
			return true;
	}
	return false;
}

size_t imap_set_count(const struct imap_set *set)
{
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++)
		n += (size_t)(set->ranges[i].to - set->ranges[i].from) + 1;
	return n;
}

uint32_t imap_set_nth(const struct imap_set *set, uint32_t n)
{
	const struct imap_range *range = set->ranges;

	for (; n > range->to - range->from + 1; range++)
		n -= range->to - range->from + 1;
	return range->from + n - 1;
}

void imap_set_cut(struct imap_set *set, uint32_t from, uint32_t to)
{
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++) {
		struct imap_range r = set->ranges[i];

		if (r.from < from)
			r.from = from;
		if (r.to > to)
			r.to = to;
		if (r.from <= r.to)
			set->ranges[n++] = r;
	}
	set->n = n;
}

uint32_t *imap_set_uids(struct pool *pool, const struct imap_set *set, const struct box_snap *snap)
{
	uint32_t *uids = pool_get(pool, imap_set_count(set) * sizeof *uids);
	struct imap_walk walk = imap_set_walk(set);
	uint32_t seq;
	size_t n = 0;

	while ((seq = imap_walk_next(&walk)))
		uids[n++] = box_snap_nth(snap, seq)->uid;
	return uids;
}

struct imap_walk imap_set_walk(const struct imap_set *set)
{
	return (struct imap_walk){
		.at = set->ranges,
		.end = set->ranges + set->n,
		.next = set->n ? set->ranges->from : 0,
	};
}

uint32_t imap_walk_next(struct imap_walk *walk)
{
	uint32_t seq = walk->next;

	if (walk->at == walk->end)
		return 0;
	if (seq < walk->at->to)
		walk->next = seq + 1;
	else if (++walk->at < walk->end)
		walk->next = walk->at->from;
	return seq;
}
