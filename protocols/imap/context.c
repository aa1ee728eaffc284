/* context.c - tell how the result of a search changes (RFC 5267 §4.3) */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "protocols/imap/context.h"
#include "protocols/imap/order.h"

enum {
	CONTEXTS_MAX = 8,
	UIDS_MAX = 200000,  /* of all but the first */
	SORTED_MAX = 20000, /* of one that is sorted */
	READ_MAX = 1000,    /* messages that are read for one at once */
};

struct imap_context {
	struct imap_context *next;
	struct slice tag;
	bool uid;
	struct pool pool; /* of the query */
	struct imap_query query;
	struct imap_order order; /* empty: that of the mailbox */
	struct buf uids;	 /* uint32_t */
};

static uint32_t *uids_of(const struct buf *buf)
{
	return (uint32_t *)(void *)buf->p;
}

static size_t count(const struct buf *uids)
{
	return uids->n / sizeof(uint32_t);
}

static void push(struct buf *uids, uint32_t uid)
{
	buf_add(uids, &uid, sizeof uid);
}

/* Of those that rise. */
static bool has(const struct buf *uids, uint32_t uid)
{
	return uids->n > 0 &&
	    bsearch(&uid, uids->p, count(uids), sizeof uid, imap_by_number) != NULL;
}

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
		all += count(&it->uids);
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
	it->next = im->contexts;
	im->contexts = it;
	if (!read_query(im, it, search)) {
		imap_context_cancel(im, im->tag);
		return;
	}
	while ((seq = imap_found_next(&walk)))
		push(&it->uids, box_snap_nth(im->shown, seq)->uid);
}

/* --- telling --- */

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
	for (size_t i = 0; i < count(uids); i++)
		push(&numbers, number_of(it, im->shown, uids_of(uids)[i]));
	buf_printf(out, " %s (0 ", what);
	imap_put_uids(out, uids_of(&numbers), count(&numbers));
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
	uint32_t *uids = uids_of(&it->uids);
	size_t n = count(&it->uids);

	for (size_t i = n; i-- > 0;) {
		if (!has(gone, uids[i]))
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
	uint32_t *uids = uids_of(from);
	size_t kept = 0;

	for (size_t i = 0, j = 0; i < count(from); i++) {
		while (j < count(gone) && uids_of(gone)[j] < uids[i])
			j++;
		if (j == count(gone) || uids_of(gone)[j] != uids[i])
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

void imap_contexts_shrink(struct imap *im, const struct box_snap *now)
{
	for (struct imap_context *it = im->contexts; it; it = it->next) {
		struct buf gone = { 0 };

		for (size_t i = 0; i < count(&it->uids); i++)
			if (!box_snap_find(now, uids_of(&it->uids)[i], false))
				push(&gone, uids_of(&it->uids)[i]);
		if (gone.n > 0) {
			qsort(gone.p, count(&gone), sizeof(uint32_t), imap_by_number);
			begin_answer(im, it);
			remove_all(im, it, &gone);
			buf_addz(sess_out(im->sess), "\r\n");
		}
		buf_done(&gone);
	}
}

/* --- what has come --- */

/* Two lists that rise and have nothing in common. */
static void unite(struct buf *with, const struct buf *more)
{
	struct buf both = { 0 };
	size_t i = 0, j = 0;

	while (i < count(with) || j < count(more)) {
		bool first =
		    j == count(more) || (i < count(with) && uids_of(with)[i] < uids_of(more)[j]);

		push(&both, first ? uids_of(with)[i++] : uids_of(more)[j++]);
	}
	buf_done(with);
	*with = both;
}

/* Where among the sorted ones the message belongs; c has taken it up. */
static size_t place_of(struct imap_context *it, struct imap_candidate *c)
{
	union imap_order_value its[IMAP_CRITERIA_MAX], others[IMAP_CRITERIA_MAX];
	size_t low = 0, high = count(&it->uids);
	struct pool pool = { 0 };
	struct buf scratch = { 0 };
	uint32_t seq = c->seq;

	imap_order_read(&it->order, c, &pool, &scratch, its);
	while (low < high) {
		size_t mid = (low + high) / 2;
		uint32_t other = box_snap_find(c->snap, uids_of(&it->uids)[mid], false);

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
	push(uids, uid);
	uint32_t *p = uids_of(uids);
	memmove(&p[at + 1], &p[at], (count(uids) - 1 - at) * sizeof *p);
	p[at] = uid;
}

static void grow_sorted(
    struct imap *im, struct imap_context *it, struct imap_candidate *c, const struct buf *more)
{
	const char *what = " ADDTO (";

	for (size_t i = 0; i < count(more); i++) {
		uint32_t uid = uids_of(more)[i];

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

/* --- asking again --- */

struct judging {
	struct imap_context *it;
	struct imap_candidate c;
	struct buf known;      /* the UIDs, rising */
	struct buf gone, more; /* rising */
};

static void judge(struct judging *j, uint32_t seq)
{
	imap_candidate_next(&j->c, seq);
	uint32_t uid = j->c.entry->uid;
	bool was = has(&j->known, uid);
	bool is = imap_terms_match(&j->c, j->it->query.first);

	if (was != is)
		push(is ? &j->more : &j->gone, uid);
}

static bool must_read(const struct imap_context *it)
{
	for (const struct imap_term *term = it->query.first; term; term = term->next)
		if (term->cost != IMAP_COST_SNAP)
			return true;
	return it->order.n > 0;
}

static void tell(struct imap *im, struct judging *j)
{
	if (j->gone.n == 0 && j->more.n == 0)
		return;
	begin_answer(im, j->it);
	remove_all(im, j->it, &j->gone);
	add_all(im, j->it, &j->c, &j->more);
	buf_addz(sess_out(im->sess), "\r\n");
}

/* False: something could not be read, so the result is not known any more. */
static bool update(
    struct imap *im, struct imap_context *it, const struct buf *changed, uint32_t from)
{
	struct judging j = { .it = it, .c = { .box = im->box, .snap = im->shown } };
	const struct imap_view view = { .pool = &it->pool, .snap = im->shown };

	j.c.now = (int64_t)time(NULL);
	imap_terms_prepare(it->query.first, &view);
	buf_adds(&j.known, buf_slice(&it->uids));
	if (it->order.n > 0 && j.known.n > 0)
		qsort(j.known.p, count(&j.known), sizeof(uint32_t), imap_by_number);
	for (size_t i = 0; i < count(changed); i++)
		judge(&j, uids_of(changed)[i]);
	for (uint32_t seq = from; seq <= box_snap_count(im->shown); seq++)
		judge(&j, seq);
	tell(im, &j);
	bool good = !j.c.failed;
	imap_candidate_done(&j.c);
	buf_done(&j.known);
	buf_done(&j.gone);
	buf_done(&j.more);
	return good;
}

void imap_contexts_change(struct imap *im, const struct buf *changed, uint32_t from)
{
	size_t n = count(changed) + box_snap_count(im->shown) + 1 - from;

	for (struct imap_context *it = im->contexts, *next; n > 0 && it; it = next) {
		next = it->next;
		if ((n <= READ_MAX || !must_read(it)) && update(im, it, changed, from))
			continue;
		refuse(im, it->tag, "It is not kept up to date any more");
		imap_context_cancel(im, it->tag);
	}
}
