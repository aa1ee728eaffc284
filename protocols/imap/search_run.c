/* search_run.c - a search goes through its mailbox, message by message
 *
 * A long one gives its worker back now and then, so that others have their
 * turn. What was found is kept as runs of numbers until all of it is known. */
#include <time.h>

#include "core/loop.h"
#include "protocols/imap/context.h"
#include "protocols/imap/search.h"

enum {
	LOOK_AT_CLOCK = 256, /* messages of which nothing was read */
	SOON_DONE = 1000,    /* messages that a loop may look at */
};

/* --- what was found --- */

static struct imap_range *nth_run(const struct imap_found *found, size_t i)
{
	return (struct imap_range *)(void *)found->runs.p + i;
}

static size_t count_runs(const struct imap_found *found)
{
	return found->runs.n / sizeof(struct imap_range);
}

void imap_found_add(struct imap_found *found, uint32_t seq, unsigned score)
{
	size_t n = count_runs(found);

	found->n++;
	if (score > 0)
		buf_addc(&found->scores, (char)score);
	if (n > 0 && nth_run(found, n - 1)->to + 1 == seq) {
		nth_run(found, n - 1)->to = seq;
		return;
	}
	const struct imap_range run = { seq, seq };
	buf_add(&found->runs, &run, sizeof run);
}

void imap_found_clear(struct imap_found *found)
{
	buf_clear(&found->runs);
	buf_clear(&found->scores);
	found->n = 0;
}

unsigned char imap_found_score(const struct imap_found *found, uint32_t nth)
{
	return nth < found->scores.n ? (unsigned char)found->scores.p[nth] : 0;
}

static uint32_t length(const struct imap_range *run)
{
	return run->to - run->from + 1;
}

uint32_t imap_found_next(struct imap_found_walk *walk)
{
	if (walk->run == count_runs(walk->found))
		return 0;
	const struct imap_range *run = nth_run(walk->found, walk->run);
	uint32_t seq = run->from + walk->next++;
	if (walk->next == length(run)) {
		walk->run++;
		walk->next = 0;
	}
	return seq;
}

struct imap_found_walk imap_found_from(const struct imap_found *found, uint32_t nth)
{
	struct imap_found_walk walk = { .found = found };

	while (walk.run < count_runs(found) && nth >= length(nth_run(found, walk.run)))
		nth -= length(nth_run(found, walk.run++));
	if (walk.run < count_runs(found))
		walk.next = nth;
	return walk;
}

/* --- the search --- */

static bool is_time_up(struct imap *im, uint64_t began)
{
	const struct imap_search *search = im->work;
	const struct imap_candidate *c = &search->candidate;
	bool was_read = c->has_summary || c->whole.p;
	uint64_t all = search->in ? 0 : box_snap_count(c->snap);

	return (was_read || search->next % LOOK_AT_CLOCK == 0) &&
	    imap_turn_over(im, began, search->before + search->next - 1, all);
}

static enum imap_done go_on(struct imap *im)
{
	struct imap_search *search = im->work;
	uint32_t count = box_snap_count(search->candidate.snap);
	uint64_t began = loop_now();

	while (imap_find_ask(&search->candidate, search->query.first))
		if (imap_turn_over(im, began, search->before, 0))
			return IMAP_LATER;
	while (search->next <= count) {
		struct imap_candidate *c = &search->candidate;

		search->next = imap_find_next(search->query.first, search->next);
		if (search->next > count)
			break;
		imap_candidate_next(c, search->next++);
		if (imap_terms_match(c, search->query.first))
			imap_found_add(&search->found, c->seq,
			    search->query.fuzzy ? imap_candidate_relevancy(c) : 0);
		if (is_time_up(im, began))
			return IMAP_LATER;
	}
	im->resume = search->then;
	return search->then(im);
}

static void release(struct imap *im)
{
	struct imap_search *search = im->work;

	imap_candidate_done(&search->candidate);
	if (search->release)
		search->release(im);
	imap_find_end(search->query.first);
	buf_done(&search->found.runs);
	buf_done(&search->found.scores);
}

/* Nothing need be read for it. */
static bool is_soon_done(const struct imap_search *search, const struct box_snap *snap)
{
	for (const struct imap_term *term = search->query.first; term; term = term->next)
		if (term->cost != IMAP_COST_SNAP)
			return false;
	return search->query.n_terms < 10 && box_snap_count(snap) <= SOON_DONE;
}

enum imap_done imap_search_in(
    struct imap *im, struct imap_search *search, struct box *box, const struct box_snap *snap)
{
	struct imap_view view = *imap_view(im);

	view.snap = snap;
	imap_terms_prepare(search->query.first, &view);
	imap_candidate_done(&search->candidate);
	search->candidate = (struct imap_candidate){
		.box = box,
		.snap = snap,
		.now = (int64_t)time(NULL),
	};
	imap_find_end(search->query.first); /* of the mailbox before */
	imap_find_begin(&search->candidate, search->query.first, im->who);
	im->work = search;
	im->resume = go_on;
	im->release = release;
	search->next = search->in ? 1 : imap_limit_search(im, search->query.first, snap);
	if (search->next > 1 && (search->whole || search->returns.what & IMAP_RETURN_UPDATE))
		return imap_limit_refused(im);
	return go_on(im);
}

enum imap_done imap_search_check(struct imap *im, const struct imap_search *search)
{
	const struct imap_query *query = &search->query;

	if ((search->returns.what & IMAP_RETURN_RELEVANCY) && !query->fuzzy)
		return IMAP_BAD; /* RFC 6203 §4 */
	if ((search->returns.what & IMAP_RETURN_UPDATE) && imap_context_has(im, im->tag))
		return imap_reply(im, IMAP_BAD, "Tag reuse"); /* RFC 5267 §4.3 */
	if ((im->enabled & IMAP_UIDONLY) && query->by_number)
		return imap_reply(im, IMAP_BAD, "[UIDREQUIRED] You wanted no message numbers");
	if (query->tells_modseq)
		imap_enable(im, IMAP_CONDSTORE);
	return IMAP_OK;
}

enum imap_done imap_search_run(struct imap *im, struct imap_search *search)
{
	enum imap_done done = imap_search_check(im, search);

	if (done != IMAP_OK)
		return done;
	if (im->here && !is_soon_done(search, im->shown))
		return IMAP_WORK;
	return imap_search_in(im, search, im->box, im->shown);
}

enum imap_done imap_search_done(struct imap *im)
{
	const struct imap_search *search = im->work;

	if (search->failed || search->candidate.failed)
		return imap_reply(im, IMAP_NO, "[SERVERBUG] Some messages could not be read");
	return IMAP_OK;
}
