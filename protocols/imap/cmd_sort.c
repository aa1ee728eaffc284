/* cmd_sort.c - SORT (RFC 5256), with RETURN (RFC 5267), by displayed names (RFC 5957)
 *
 * First the search, then what the criteria need is read of each message that
 * was found, by turns as the search; then they are put in order at once. */
#include <stdlib.h>

#include "core/loop.h"
#include "protocols/imap/order.h"

enum { TURN_MS = 20, CRITERIA_MAX = 16 };

struct criterion {
	const struct imap_sort_key *key;
	bool reverse;
};

union value {
	int64_t number;
	struct slice text;
};

struct item {
	uint32_t seq;
	union value values[]; /* one for each criterion */
};

struct sort {
	struct imap_search search; /* first */
	struct criterion criteria[CRITERIA_MAX];
	size_t n;
	struct pool pool; /* texts and items */
	const struct item **items;
	uint32_t n_items;
	struct buf scratch;
};

/* --- the order --- */

static int compare_value(const struct criterion *by, const union value *a, const union value *b)
{
	int way;

	if (by->key->text)
		way = slice_cmp(a->text, b->text);
	else
		way = (a->number > b->number) - (a->number < b->number);
	return by->reverse ? -way : way;
}

/* What is equal stays in the order of the mailbox. */
static int compare(const void *x, const void *y, void *arg)
{
	const struct sort *sort = arg;
	const struct item *a = *(const struct item *const *)x, *b = *(const struct item *const *)y;

	for (size_t i = 0; i < sort->n; i++) {
		int way = compare_value(&sort->criteria[i], &a->values[i], &b->values[i]);

		if (way != 0)
			return way;
	}
	return (a->seq > b->seq) - (a->seq < b->seq);
}

/* --- the answer --- */

static enum imap_done answer(struct imap *im)
{
	struct sort *sort = im->work;
	struct imap_found *found = &sort->search.found;

	buf_clear(&found->runs);
	found->n = 0;
	if (sort->n_items > 0)
		qsort_r(sort->items, sort->n_items, sizeof *sort->items, compare, sort);
	for (uint32_t i = 0; i < sort->n_items; i++)
		imap_found_add(found, sort->items[i]->seq);
	return imap_returns_answer(im, "SORT");
}

/* --- reading --- */

static union value read_value(struct sort *sort, const struct imap_sort_key *key)
{
	struct imap_candidate *c = &sort->search.candidate;

	if (key->number)
		return (union value){ .number = key->number(c) };
	buf_clear(&sort->scratch);
	key->text(c, &sort->scratch);
	return (union value){ .text = pool_slice(&sort->pool, buf_slice(&sort->scratch)) };
}

static void read_item(struct sort *sort, uint32_t seq)
{
	struct item *item = pool_get(&sort->pool, sizeof *item + sort->n * sizeof *item->values);

	imap_candidate_next(&sort->search.candidate, seq);
	item->seq = seq;
	for (size_t i = 0; i < sort->n; i++)
		item->values[i] = read_value(sort, sort->criteria[i].key);
	sort->items[sort->n_items++] = item;
}

static enum imap_done read_items(struct imap *im)
{
	struct sort *sort = im->work;
	uint64_t began = loop_now();
	uint32_t seq;

	while ((seq = imap_found_next(&sort->search.walk))) {
		read_item(sort, seq);
		if (loop_now() - began > TURN_MS) {
			imap_progress(im, sort->n_items, sort->search.found.n);
			return IMAP_LATER;
		}
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

static const struct imap_sort_key *find(struct slice name)
{
	for (size_t i = 0; i < imap_sort_key_table_n; i++)
		if (slice_ieq(name, slice_str(imap_sort_key_table[i]->name)))
			return imap_sort_key_table[i];
	return NULL;
}

/* "(" ["REVERSE" SP] key *(SP ["REVERSE" SP] key) ")" SP */
static bool read_criteria(struct slice *in, struct sort *sort)
{
	if (!imap_take(in, '('))
		return false;
	do {
		struct criterion *by = &sort->criteria[sort->n];
		struct slice name;

		if (sort->n++ == CRITERIA_MAX || !imap_word(in, &name))
			return false;
		by->reverse = slice_ieq(name, SLICE("REVERSE"));
		if (by->reverse && (!imap_take(in, ' ') || !imap_word(in, &name)))
			return false;
		by->key = find(name);
		if (!by->key)
			return false;
	} while (imap_take(in, ' '));
	return imap_take(in, ')') && imap_take(in, ' ');
}

static enum imap_done run(struct imap *im, struct slice args)
{
	struct sort *sort = pool_get(sess_cmd_pool(im->sess), sizeof *sort);

	sort->search.query.pool = sess_cmd_pool(im->sess);
	sort->search.then = found;
	sort->search.release = release;
	if (!imap_returns_parse(&args, &sort->search.returns) || !read_criteria(&args, sort))
		return IMAP_BAD;
	if (!imap_query_parse_behind_charset(&sort->search.query, &args))
		return imap_query_refused(im, &sort->search.query);
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
