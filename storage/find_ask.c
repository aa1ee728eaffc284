/* find_ask.c - what an index says about a text
 *
 * A needle without a gap between words is a part of a word: who has a word that
 * contains it has the needle, nobody else. One with gaps has words that a message
 * must have, each as a whole but for the two at the ends: those that have all are
 * read to see. */
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "storage/find_look.h"
#include "storage/find_text.h"
#include "storage/find_words.h"

struct find_answer {
	uint32_t count;
	unsigned char says[]; /* enum find_says, by sequence number */
};

/* Messages in which a word is. */
struct gather {
	unsigned char *bits;
	uint32_t base, limit, n; /* n: of this segment, how many there are so far */
};

static bool add_post(void *arg, struct find_post *post)
{
	struct gather *gather = arg;
	uint32_t doc;

	while (find_post_next(post, gather->limit, &doc))
		if (!find_bit(gather->bits, gather->base + doc)) {
			find_bit_set(gather->bits, gather->base + doc);
			gather->n++;
		}
	return gather->n < gather->limit;
}

/* A word in any of the kinds. False: damaged. */
static bool gather_word(
    const struct find_view *view, unsigned kinds, struct find_match *match, unsigned char *bits)
{
	for (size_t i = 0; i < view->index->n; i++) {
		struct find_segment *segment = view->index->pieces[i]->segment;
		struct gather gather = { bits, view->bases[i], segment->n, 0 };

		match->visit = add_post;
		match->arg = &gather;
		for (unsigned kind = 0; kind < FIND_KINDS; kind++) {
			if (!(kinds >> kind & 1))
				continue;
			if (!find_kind_good(&segment->kinds[kind]))
				return false;
			find_kind_match(&segment->kinds[kind], match);
		}
	}
	return true;
}

/* Of those in `all` the ones that have the word as well. */
static bool narrow(
    const struct find_view *view, unsigned kinds, struct find_match match, unsigned char *all)
{
	size_t n = find_bits_size(view->total);
	unsigned char *bits = mem_get(n);
	bool good = gather_word(view, kinds, &match, bits);

	for (size_t i = 0; i < n; i++)
		all[i] &= bits[i];
	free(bits);
	return good;
}

static bool narrow_needle(const struct find_view *view, unsigned kinds,
    const struct find_needle *needle, unsigned char *all)
{
	bool good = true;

	for (size_t i = 0; i < needle->n && good; i++) {
		struct find_match match = { .text = needle->words[i],
			.begins = i > 0 || !needle->open_left,
			.ends = i + 1 < needle->n || !needle->open_right };
		good = narrow(view, kinds, match, all);
	}
	return good;
}

/* --- where --- */

/* What is asked: of these kinds the needle; those that have it, surely or perhaps. */
struct question {
	unsigned kinds;
	bool exact;
	bool named; /* and a field of that name */
	struct find_needle needle, name;
};

static bool ask_name(struct question *q, struct slice field, struct buf *folded)
{
	find_text_name(field, folded);
	q->named = find_needle_read(buf_slice(folded), &q->name);
	q->name.open_left = q->name.open_right = false;
	return q->named;
}

static bool ask_field(struct question *q, struct slice field, struct buf *folded)
{
	enum find_kind kind = find_kind_of(field);

	q->kinds = 1U << kind;
	if (kind != FIND_OTHER)
		return q->needle.n > 0;
	q->exact = false; /* it may be in another field */
	return ask_name(q, field, folded) || q->needle.n > 0;
}

/* False: the index can say nothing. */
static bool make_question(struct question *q, enum find_where where, struct slice field,
    struct slice needle, struct buf *folded)
{
	*q = (struct question){ 0 };
	find_needle_read(needle, &q->needle);
	q->exact = q->needle.exact;
	if (where == FIND_IN_FIELD)
		return ask_field(q, field, folded);
	q->kinds = where == FIND_IN_BODY ? 1U << FIND_BODY : (1U << FIND_KINDS) - 1;
	return q->needle.n > 0;
}

/* --- the answer --- */

static struct find_answer *answer_of(
    const struct find_view *view, const unsigned char *hits, bool exact)
{
	struct find_answer *answer = mem_get(sizeof(*answer) + (size_t)view->count + 1);

	answer->count = view->count;
	for (uint32_t seq = 1; seq <= view->count; seq++) {
		uint32_t place = view->places[seq];

		if (place == FIND_NOWHERE)
			answer->says[seq] = FIND_MAYBE;
		else if (find_bit(hits, place))
			answer->says[seq] = exact ? FIND_YES : FIND_MAYBE;
		else
			answer->says[seq] = find_bit(view->partial, place) ? FIND_MAYBE : FIND_NO;
	}
	return answer;
}

struct find_answer *find_ask(
    struct find_view *view, enum find_where where, struct slice field, struct slice needle)
{
	size_t n = find_bits_size(view->total);
	struct find_answer *answer = NULL;
	struct buf folded = { 0 };
	struct question q;

	if (make_question(&q, where, field, needle, &folded)) {
		unsigned char *hits = memset(mem_get(n), 0xff, n);
		bool good = (!q.named || narrow_needle(view, 1U << FIND_NAMES, &q.name, hits)) &&
		    narrow_needle(view, q.kinds, &q.needle, hits);
		if (good)
			answer = answer_of(view, hits, q.exact);
		else
			find_damaged(view->index->shard, view->index->account, "checksum");
		free(hits);
	}
	buf_done(&folded);
	return answer;
}

void find_answer_free(struct find_answer **answer)
{
	free(*answer);
	*answer = NULL;
}

enum find_says find_says(const struct find_answer *answer, uint32_t seq)
{
	return seq <= answer->count ? (enum find_says)answer->says[seq] : FIND_MAYBE;
}

uint32_t find_answer_next(const struct find_answer *answer, uint32_t seq)
{
	while (seq <= answer->count && answer->says[seq] == FIND_NO)
		seq++;
	return seq;
}
