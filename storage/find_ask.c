/* find_ask.c - what an index says about a text
 *
 * A needle without a gap between words is a part of a word: who has a word that
 * contains it has the needle, nobody else. One with gaps has words that a message
 * must have, each as a whole but for the two at the ends; in those that have all of
 * them it is looked whether they stand side by side (find_phrase.h). */
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "storage/find_look.h"
#include "storage/find_phrase.h"
#include "storage/find_text.h"

struct find_answer {
	uint32_t count;
	unsigned char says[]; /* enum find_says, by sequence number */
};

/* What is asked. */
struct question {
	struct find_view *view;
	unsigned kinds;
	bool spans;	   /* it may be in several fields, one behind another */
	bool any;	   /* what such a field says does not matter */
	struct slice name; /* of the field, if it has no kind of its own, or is all that is asked */
	struct find_needle needle;
	unsigned char *yes, *maybe; /* messages that have it, by number */
};

/* --- words --- */

/* Messages in which a word is. */
struct gather {
	unsigned char *bits;
	uint32_t base, limit, n; /* n: of this segment, how many there are so far */
};

static bool add_post(void *arg, struct find_cursor *word)
{
	struct gather *gather = arg;
	uint32_t doc;

	while (find_post_next(&word->post, gather->limit, &doc))
		if (!find_bit(gather->bits, gather->base + doc)) {
			find_bit_set(gather->bits, gather->base + doc);
			gather->n++;
		}
	return gather->n < gather->limit;
}

static uint32_t gather_kind(
    const struct find_kind_data *kind, struct find_match match, struct gather *gather)
{
	match.visit = add_post;
	match.arg = gather;
	find_kind_match(kind, &match);
	return gather->n;
}

/* A word in any of the kinds. */
static void gather_word(
    const struct find_view *view, unsigned kinds, struct find_match match, unsigned char *bits)
{
	for (size_t i = 0; i < view->index->n; i++) {
		struct find_segment *segment = view->index->pieces[i]->segment;
		struct gather gather = { bits, view->bases[i], segment->n, 0 };

		for (unsigned kind = 0; kind < FIND_KINDS; kind++)
			if (kinds >> kind & 1)
				gather_kind(&segment->kinds[kind], match, &gather);
	}
}

static bool keep_common(unsigned char *all, const unsigned char *bits, size_t n)
{
	unsigned char any = 0;

	for (size_t i = 0; i < n; i++)
		any |= all[i] &= bits[i];
	return any;
}

/* Those that have all words, wherever in these kinds. */
static unsigned char *have_words(
    const struct find_view *view, unsigned kinds, const struct find_needle *needle)
{
	size_t n = find_bits_size(view->total);
	unsigned char *all = memset(mem_get(n), 0xff, n), *bits = mem_get(n);

	for (size_t i = 0; i < needle->n; i++) {
		memset(bits, 0, n);
		gather_word(view, kinds, find_needle_match(needle, i), bits);
		keep_common(all, bits, n);
	}
	free(bits);
	return all;
}

/* --- words side by side, in one kind of a segment --- */

static bool has_candidates(const struct find_segment *segment, const struct find_kind_data *kind,
    const struct find_needle *needle, unsigned char *all)
{
	size_t n = find_bits_size(segment->n);
	unsigned char *bits = mem_get(n);
	bool any = true;

	memset(all, 0xff, n);
	for (size_t i = 0; i < needle->n && any; i++) {
		struct gather gather = { bits, 0, segment->n, 0 };

		memset(bits, 0, n);
		gather_kind(kind, find_needle_match(needle, i), &gather);
		any = keep_common(all, bits, n);
	}
	free(bits);
	return any;
}

static void ask_segment(struct question *q, size_t i, unsigned kind)
{
	const struct find_segment *segment = q->view->index->pieces[i]->segment;
	struct find_phrase phrase = {
		.segment = segment,
		.kind = &segment->kinds[kind],
		.needle = &q->needle,
		.fields = q->name.n > 0 ? &segment->kinds[FIND_FIELDS] : NULL,
		.name = q->name,
		.yes = q->yes,
		.maybe = q->maybe,
		.base = q->view->bases[i],
	};
	unsigned char *all = mem_get(find_bits_size(segment->n));

	phrase.candidates = all;
	if (has_candidates(segment, phrase.kind, phrase.needle, all))
		find_phrase_look(&phrase);
	free(all);
}

static void ask_phrase(struct question *q)
{
	for (size_t i = 0; i < q->view->index->n; i++)
		for (unsigned kind = 0; kind < FIND_KINDS; kind++)
			if (q->kinds >> kind & 1)
				ask_segment(q, i, kind);
}

/* --- where --- */

static bool ask_field(
    struct question *q, struct slice field, struct slice needle, struct buf *folded)
{
	enum find_kind kind = find_kind_of(field);

	q->kinds = 1U << kind;
	q->any = needle.n == 0;
	if (kind != FIND_OTHER && !q->any)
		return q->needle.n > 0;
	find_field_name(field, folded);
	q->name = buf_slice(folded);
	/* Such a name is none of a word's length: nobody is told to have it. */
	return q->name.n > 0 && q->name.n <= FIND_WORD_MAX && !memchr(q->name.p, '\n', q->name.n);
}

/* A line's end is between fields, a colon between name and value. Only what stands between
   words matters: before the first word of a value the index tells of no gap. */
static bool may_span(const struct find_needle *needle, enum find_where where)
{
	bool may = false;

	for (size_t i = 1; i < needle->n && where != FIND_IN_BODY; i++)
		may |= memchr(needle->gaps[i].p, '\n', needle->gaps[i].n) ||
		    (where != FIND_IN_FIELD && memchr(needle->gaps[i].p, ':', needle->gaps[i].n));
	return may;
}

unsigned find_kinds_of(enum find_where where)
{
	const unsigned all = ((1U << FIND_KINDS) - 1) & ~(1U << FIND_FIELDS),
		       body = 1U << FIND_BODY;

	return where == FIND_IN_BODY ? body : where == FIND_IN_HEADER ? all & ~body : all;
}

/* False: the index can say nothing. */
static bool make_question(struct question *q, enum find_where where, struct slice field,
    struct slice needle, struct buf *folded)
{
	find_needle_read(needle, &q->needle);
	q->spans = may_span(&q->needle, where);
	if (where == FIND_IN_FIELD)
		return ask_field(q, field, needle, folded);
	q->kinds = find_kinds_of(where);
	return q->needle.n > 0;
}

/* --- the answer --- */

static bool is_good(const struct question *q)
{
	const struct find_view *view = q->view;
	bool places = !q->needle.exact || q->name.n > 0;
	unsigned kinds = q->kinds | (q->name.n > 0 ? 1U << FIND_FIELDS : 0);

	for (size_t i = 0; i < view->index->n; i++)
		for (unsigned kind = 0; kind < FIND_KINDS; kind++) {
			struct find_kind_data *it = &view->index->pieces[i]->segment->kinds[kind];

			if ((kinds >> kind & 1) &&
			    !(find_kind_good(it) && (!places || find_places_good(it))))
				return false;
		}
	return true;
}

/* Those that have the words may have the needle. */
static void add_spans(struct question *q)
{
	unsigned char *all = have_words(q->view, q->kinds, &q->needle);

	for (size_t i = 0; i < find_bits_size(q->view->total); i++)
		q->maybe[i] |= all[i];
	free(all);
}

/* Those that have the field at all. With a needle of signs alone, more is not known. */
static void ask_name(struct question *q)
{
	size_t n = find_bits_size(q->view->total);
	unsigned char *named = mem_get(n);

	gather_word(q->view, 1U << FIND_FIELDS, find_name_match(q->name), named);
	unsigned char *told = q->any ? q->yes : q->maybe;
	if (!q->spans)
		memset(told, 0xff, n);
	keep_common(told, named, n);
	free(named);
}

static void ask(struct question *q)
{
	if (q->needle.exact && q->name.n == 0)
		gather_word(q->view, q->kinds, find_needle_match(&q->needle, 0), q->yes);
	else if (q->needle.n > 0)
		ask_phrase(q);
	if (q->spans)
		add_spans(q);
	if (q->name.n > 0 && (q->needle.n == 0 || q->spans))
		ask_name(q);
}

static enum find_says says_of(const struct question *q, uint32_t place)
{
	if (place == FIND_NOWHERE)
		return FIND_MAYBE;
	if (find_bit(q->yes, place))
		return FIND_YES;
	return find_bit(q->maybe, place) || find_bit(q->view->partial, place) ? FIND_MAYBE
									      : FIND_NO;
}

static struct find_answer *answer_of(const struct question *q)
{
	uint32_t count = q->view->count;
	struct find_answer *answer = mem_get(sizeof(*answer) + (size_t)count + 1);

	answer->count = count;
	for (uint32_t seq = 1; seq <= count; seq++)
		answer->says[seq] = (unsigned char)says_of(q, q->view->places[seq]);
	return answer;
}

struct find_answer *find_ask(
    struct find_view *view, enum find_where where, struct slice field, struct slice needle)
{
	struct find_answer *answer = NULL;
	struct question q = { .view = view };
	struct buf folded = { 0 };

	if (make_question(&q, where, field, needle, &folded)) {
		if (is_good(&q)) {
			q.yes = mem_get(find_bits_size(view->total));
			q.maybe = mem_get(find_bits_size(view->total));
			ask(&q);
			answer = answer_of(&q);
		} else {
			find_damaged(view->index->shard, view->index->account, "checksum");
		}
	}
	free(q.yes);
	free(q.maybe);
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
