/* context.c - find out how the results of searches change (RFC 5267 §4.3) */
#include "protocols/imap/context.h"

#include <stdlib.h>
#include <time.h>

#include "protocols/imap/context_private.h"
#include "protocols/imap/fetch.h"

enum {
	CONTEXTS_MAX = 8,
	UIDS_MAX = 200000,  /* of all but the first */
	SORTED_MAX = 20000, /* of one that is sorted */
	READ_MAX = 1000,    /* messages that are read for one at once */
};

/* --- beginning and end --- */

bool imap_context_has(const struct imap *im, struct slice tag)
{
	for (const struct imap_context *it = im->contexts; it; it = it->next)
		if (slice_eq(it->tag, tag))
			return true;
	return false;
}

static void free_context(struct imap_context *it)
{
	pool_done(&it->pool);
	buf_done(&it->uids);
	buf_done(&it->fresh);
	free(it);
}

void imap_context_cancel(struct imap *im, struct slice tag)
{
	struct imap_context **at = &im->contexts;

	while (*at && !slice_eq((*at)->tag, tag))
		at = &(*at)->next;
	struct imap_context *it = *at;
	if (!it)
		return;
	*at = it->next;
	free_context(it);
}

void imap_contexts_free(struct imap *im)
{
	while (im->contexts)
		imap_context_cancel(im, im->contexts->tag);
}

/* §4.3.1 */
static void refuse(struct imap *im, struct slice tag, const char *why)
{
	struct buf *out = sess_out(im->sess);

	buf_addz(out, "* NO [NOUPDATE ");
	imap_put_string(out, tag);
	buf_printf(out, "] %s\r\n", why);
}

static bool has_room(const struct imap *im, const struct imap_search *search)
{
	size_t n = 0, all = search->found.n;

	for (const struct imap_context *it = im->contexts; it; it = it->next, n++)
		all += imap_uids_count(&it->uids);
	if (search->order &&
	    (search->found.n > SORTED_MAX || imap_order_has(search->order, "RELEVANCY")))
		return false;
	return n == 0 || (n < CONTEXTS_MAX && all <= UIDS_MAX);
}

/* The query, which lives no longer than its command, is read once more. */
static bool read_query(struct imap *im, struct imap_context *it, const struct imap_search *search)
{
	struct slice keys = pool_slice(&it->pool, search->keys);
	struct imap_view view = *imap_view(im);

	it->query.pool = view.pool = &it->pool;
	if (search->order)
		it->order = *search->order;
	if (!(search->order ? imap_query_parse_behind_charset(&it->query, &keys)
			    : imap_query_parse(&it->query, &keys)))
		return false;
	imap_terms_prepare(it->query.first, &view);
	imap_terms_pin(it->query.first, &view);
	return true;
}

void imap_context_start(struct imap *im, const struct imap_search *search)
{
	struct imap_found_walk walk = imap_found_from(&search->found, 0);
	uint32_t seq;

	if (!(search->returns.what & IMAP_RETURN_UPDATE) || search->candidate.snap != im->shown)
		return;
	if (search->candidate.failed || !has_room(im, search)) {
		refuse(im, im->tag, "This is not kept up to date");
		return;
	}
	struct imap_context *it = mem_get(sizeof *it);
	it->tag = pool_slice(&it->pool, im->tag);
	it->uid = im->uid;
	it->fetch = pool_slice(&it->pool, search->returns.fetch);
	it->next = im->contexts;
	im->contexts = it;
	if (!read_query(im, it, search)) {
		imap_context_cancel(im, im->tag);
		return;
	}
	while ((seq = imap_found_next(&walk)))
		imap_uids_push(&it->uids, box_snap_nth(im->shown, seq)->uid);
}

/* --- what is gone, and what is asked again --- */

void imap_contexts_shrink(struct imap *im, const struct box_snap *now)
{
	for (struct imap_context *it = im->contexts; it; it = it->next) {
		struct buf gone = { 0 };

		for (size_t i = 0; i < imap_uids_count(&it->uids); i++)
			if (!box_snap_find(now, imap_uids_of(&it->uids)[i], false))
				imap_uids_push(&gone, imap_uids_of(&it->uids)[i]);
		if (gone.n > 0) {
			qsort(gone.p, imap_uids_count(&gone), sizeof(uint32_t), imap_by_number);
			imap_context_tell(im, it, NULL, &gone, &(struct buf){ 0 });
		}
		buf_done(&gone);
	}
}

struct judging {
	struct imap_context *it;
	uint32_t from; /* what is new */
	struct imap_candidate c;
	struct buf known;      /* the UIDs, rising */
	struct buf gone, more; /* rising */
};

static void judge(struct judging *j, uint32_t seq)
{
	imap_candidate_next(&j->c, seq);
	uint32_t uid = j->c.entry->uid;
	bool was = imap_uids_have(&j->known, uid);
	bool is = imap_terms_match(&j->c, j->it->query.first);

	if (was != is)
		imap_uids_push(is ? &j->more : &j->gone, uid);
	/* RFC 5465 §7: not of those that only got other flags. */
	if (is && seq >= j->from && j->it->fetch.n > 0)
		buf_add(&j->it->fresh, &(struct imap_range){ seq, seq }, sizeof(struct imap_range));
}

static bool must_read(const struct imap_context *it)
{
	for (const struct imap_term *term = it->query.first; term; term = term->next)
		if (term->cost != IMAP_COST_SNAP)
			return true;
	return it->order.n > 0;
}

/* False: something could not be read, so the result is not known any more. */
static bool update(
    struct imap *im, struct imap_context *it, const struct buf *changed, uint32_t from)
{
	struct judging j = { .it = it, .from = from, .c = { .box = im->box, .snap = im->shown } };
	const struct imap_view view = { .pool = &it->pool, .snap = im->shown };

	j.c.now = (int64_t)time(NULL);
	imap_terms_prepare(it->query.first, &view);
	buf_adds(&j.known, buf_slice(&it->uids));
	if (it->order.n > 0 && j.known.n > 0)
		qsort(j.known.p, imap_uids_count(&j.known), sizeof(uint32_t), imap_by_number);
	for (size_t i = 0; i < imap_uids_count(changed); i++)
		judge(&j, imap_uids_of(changed)[i]);
	for (uint32_t seq = from; seq <= box_snap_count(im->shown); seq++)
		judge(&j, seq);
	if (j.gone.n > 0 || j.more.n > 0)
		imap_context_tell(im, it, &j.c, &j.gone, &j.more);
	bool good = !j.c.failed;
	imap_candidate_done(&j.c);
	buf_done(&j.known);
	buf_done(&j.gone);
	buf_done(&j.more);
	return good;
}

/* RFC 5465 §5.2: behind all ADDTO. */
static void fetch_fresh(struct imap *im)
{
	for (struct imap_context *it = im->contexts; it; it = it->next) {
		struct imap_set set = { .ranges = (struct imap_range *)(void *)it->fresh.p,
			.n = it->fresh.n / sizeof(struct imap_range) };

		if (set.n > 0)
			imap_fetch_new(im, &set, it->fetch);
		buf_clear(&it->fresh);
	}
}

void imap_contexts_change(struct imap *im, const struct buf *changed, uint32_t from)
{
	size_t n = imap_uids_count(changed) + box_snap_count(im->shown) + 1 - from;

	for (struct imap_context *it = im->contexts, *next; n > 0 && it; it = next) {
		next = it->next;
		if ((n <= READ_MAX || !must_read(it)) && update(im, it, changed, from))
			continue;
		refuse(im, it->tag, "It is not kept up to date any more");
		imap_context_cancel(im, it->tag);
	}
	fetch_fresh(im);
}
