/* cmd_sort.c - SORT (RFC 5256), with RETURN (RFC 5267), by displayed names (RFC 5957)
 *
 * First the search, then what the criteria need is read of each message that
 * was found, by turns as the search; then they are put in order at once. */
#include <stdlib.h>

#include "core/loop.h"
#include "protocols/imap/order.h"

struct item {
	uint32_t seq;
	unsigned char score;
	union imap_order_value values[]; /* one for each criterion */
};

struct sort {
	struct imap_search search; /* first */
	struct imap_order order;
	struct pool pool; /* texts and items */
	const struct item **items;
	uint32_t n_items;
	struct buf scratch;
};

/* What is equal stays in the order of the mailbox. */
static int compare(const void *x, const void *y, void *arg)
{
	const struct sort *sort = arg;
	const struct item *a = *(const struct item *const *)x, *b = *(const struct item *const *)y;
	int way = imap_order_compare(&sort->order, a->values, b->values);

	return way != 0 ? way : (a->seq > b->seq) - (a->seq < b->seq);
}

/* --- the answer --- */

static enum imap_done answer(struct imap *im)
{
	struct sort *sort = im->work;
	struct imap_found *found = &sort->search.found;

	imap_found_clear(found);
	if (sort->n_items > 0)
		qsort_r(sort->items, sort->n_items, sizeof *sort->items, compare, sort);
	for (uint32_t i = 0; i < sort->n_items; i++)
		imap_found_add(found, sort->items[i]->seq, sort->items[i]->score);
	return imap_returns_answer(im, "SORT");
}

/* --- reading --- */

static void read_item(struct sort *sort, uint32_t seq)
{
	struct imap_candidate *c = &sort->search.candidate;
	struct item *item =
	    pool_get(&sort->pool, sizeof *item + sort->order.n * sizeof *item->values);

	imap_candidate_next(c, seq);
	item->seq = seq;
	item->score = imap_found_score(&sort->search.found, sort->n_items);
	c->scores = item->score;
	c->n_scores = 1;
	imap_order_read(&sort->order, c, &sort->pool, &sort->scratch, item->values);
	sort->items[sort->n_items++] = item;
}

static enum imap_done read_items(struct imap *im)
{
	struct sort *sort = im->work;
	uint64_t began = loop_now();
	uint32_t seq;

	while ((seq = imap_found_next(&sort->search.walk))) {
		read_item(sort, seq);
		if (imap_turn_over(im, began, sort->n_items, sort->search.found.n))
			return IMAP_LATER;
	}
	im->resume = answer;
	return answer(im);
}

static enum imap_done found(struct imap *im)
{
	struct sort *sort = im->work;

	sort->items = pool_get(&sort->pool, (size_t)sort->search.found.n * sizeof *sort->items);
	sort->search.walk = imap_found_from(&sort->search.found, 0);
	im->resume = read_items;
	return read_items(im);
}

static void release(struct imap *im)
{
	struct sort *sort = im->work;

	pool_done(&sort->pool);
	buf_done(&sort->scratch);
}

/* --- the command --- */

static enum imap_done run(struct imap *im, struct slice args)
{
	struct sort *sort = pool_get(sess_cmd_pool(im->sess), sizeof *sort);

	sort->search.query.pool = sess_cmd_pool(im->sess);
	sort->search.whole = true;
	sort->search.then = found;
	sort->search.release = release;
	if (!imap_returns_parse(&args, &sort->search.returns) ||
	    !imap_order_parse(&args, &sort->order))
		return IMAP_BAD;
	sort->search.keys = args;
	sort->search.order = &sort->order;
	if (!imap_query_parse_behind_charset(&sort->search.query, &args))
		return imap_query_refused(im, &sort->search.query);
	if (imap_order_has(&sort->order, "RELEVANCY") && !sort->search.query.fuzzy)
		return IMAP_BAD; /* RFC 6203 §6 */
	return imap_search_run(im, &sort->search);
}

IMAP_COMMAND(sort) = {
	.name = "SORT",
	.states = IMAP_SELECTED,
	.capability = "SORT SORT=DISPLAY ESORT",
	.ref = "RFC 5256, RFC 5267, RFC 5957",
	.uid = true,
	.by_number = true,
	.numbered = true,
	.run = run,
};
