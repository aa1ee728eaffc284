/* search_fuzzy.c - FUZZY (RFC 6203): the keys that look for text find what is nearly alike
 *
 * A key within FUZZY is replaced by one that reads the same texts and compares
 * them otherwise. Of the other keys RFC 6203 §5 allows to take them as they are. */
#include <stdlib.h>

#include "protocols/imap/fuzzy.h"
#include "protocols/imap/order.h"
#include "protocols/imap/search.h"

enum { OF_BODY = 80 }; /* per cent: a word in the header says more of a message */

static void words(const struct imap *im, struct buf *out)
{
	(void)im;
	buf_addz(out, " SEARCH=FUZZY");
}

IMAP_EXTENSION(fuzzy) = { .words = words };

/* --- what the index says --- */

/* Of one text. */
struct part {
	struct find_scores *scores; /* NULL: nothing */
	struct find_answer *whole;  /* of the text as it is, or NULL */
};

struct imap_likeness {
	struct part first, body; /* of TEXT both, else the first one only */
};

static void judge(void *arg, struct slice word, unsigned char *scores)
{
	imap_fuzzy_judge(arg, word, scores);
}

static void ask_part(
    struct find_view *view, const struct imap_term *term, enum find_where where, struct part *part)
{
	const struct find_like like = {
		.n = imap_fuzzy_words(term->fuzzy),
		.judge = judge,
		.arg = (void *)(uintptr_t)term->fuzzy,
	};

	part->scores = find_ask_like(view, where, term->field, &like);
	if (part->scores && like.n > 1)
		part->whole = find_ask(view, where, term->field, term->text);
}

void imap_fuzzy_ask(struct find_view *view, struct imap_term *term)
{
	bool both = term->key->where == FIND_IN_TEXT;

	term->like = mem_get(sizeof *term->like);
	ask_part(view, term, both ? FIND_IN_HEADER : term->key->where, &term->like->first);
	if (both)
		ask_part(view, term, FIND_IN_BODY, &term->like->body);
}

void imap_fuzzy_forget(struct imap_term *term)
{
	if (!term->like)
		return;
	find_scores_free(&term->like->first.scores);
	find_answer_free(&term->like->first.whole);
	find_scores_free(&term->like->body.scores);
	find_answer_free(&term->like->body.whole);
	free(term->like);
	term->like = NULL;
}

/* False: it is to be read. */
static bool is_known(
    const struct part *part, const struct imap_term *term, uint32_t seq, unsigned *score)
{
	const unsigned char *best = part->scores ? find_scores_of(part->scores, seq) : NULL;

	if (!best)
		return false;
	*score = imap_fuzzy_sum(term->fuzzy, best, true);
	if (*score == 0 || imap_fuzzy_words(term->fuzzy) == 1)
		return true;
	enum find_says says = part->whole ? find_says(part->whole, seq) : FIND_MAYBE;
	*score = imap_fuzzy_sum(term->fuzzy, best, says == FIND_YES);
	return says != FIND_MAYBE;
}

/* --- matching --- */

static bool scored(struct imap_candidate *c, unsigned score)
{
	c->scores += score;
	c->n_scores += score > 0;
	return score > 0;
}

static unsigned score_field(struct imap_candidate *c, const struct imap_term *term)
{
	unsigned score;

	if (term->like && is_known(&term->like->first, term, c->seq, &score))
		return score;
	return imap_candidate_has(c, term->field, SLICE(""))
	    ? imap_fuzzy_score(term->fuzzy, buf_slice(&c->fields))
	    : 0;
}

static unsigned score_header(struct imap_candidate *c, const struct imap_term *term)
{
	unsigned score;

	if (term->like && is_known(&term->like->first, term, c->seq, &score))
		return score;
	return imap_candidate_header(c, SLICE(""))
	    ? imap_fuzzy_score(term->fuzzy, buf_slice(&c->header))
	    : 0;
}

static unsigned score_body(
    struct imap_candidate *c, const struct imap_term *term, const struct part *part)
{
	unsigned score;

	if (part && is_known(part, term, c->seq, &score))
		return score;
	return imap_candidate_text(c, SLICE(""))
	    ? imap_fuzzy_score(term->fuzzy, buf_slice(&c->text))
	    : 0;
}

static bool match_field(struct imap_candidate *c, const struct imap_term *term)
{
	return scored(c, score_field(c, term));
}

static bool match_body(struct imap_candidate *c, const struct imap_term *term)
{
	return scored(c, score_body(c, term, term->like ? &term->like->first : NULL));
}

static bool match_text(struct imap_candidate *c, const struct imap_term *term)
{
	unsigned header = score_header(c, term), body = 0;

	if (header < OF_BODY)
		body = score_body(c, term, term->like ? &term->like->body : NULL) * OF_BODY / 100;
	return scored(c, header > body ? header : body);
}

unsigned imap_candidate_relevancy(const struct imap_candidate *c)
{
	unsigned score = c->n_scores > 0 ? c->scores / c->n_scores : 100;

	return score > 0 ? score : 1;
}

/* --- reading --- */

static const struct imap_search_key *fuzzy_key(const struct imap_term *term)
{
	static const struct imap_search_key field = { .name = "FUZZY field",
		.match = match_field,
		.in_index = true,
		.where = FIND_IN_FIELD };
	static const struct imap_search_key body = {
		.name = "FUZZY BODY", .match = match_body, .in_index = true, .where = FIND_IN_BODY
	};
	static const struct imap_search_key text = {
		.name = "FUZZY TEXT", .match = match_text, .in_index = true, .where = FIND_IN_TEXT
	};
	struct slice name = slice_str(term->key->name);

	if (term->field.n > 0)
		return &field;
	if (slice_eq(name, SLICE("BODY")))
		return &body;
	return slice_eq(name, SLICE("TEXT")) ? &text : NULL;
}

/* In all terms of the list and in those within them. One may be loosened already: FUZZY
   stands within FUZZY. */
static void loosen(struct imap_query *query, struct imap_term *term)
{
	for (; term; term = term->next) {
		const struct imap_search_key *key = fuzzy_key(term);

		if (key && (term->fuzzy = imap_fuzzy_new(query->pool, term->text)))
			term->key = key;
		loosen(query, term->a);
		loosen(query, term->b);
	}
}

static bool parse_fuzzy(struct imap_query *query, struct imap_term *term, struct slice *in)
{
	query->fuzzy = true;
	term->a = imap_take(in, ' ') ? imap_term_parse(query, in) : NULL;
	if (!term->a)
		return false;
	loosen(query, term->a);
	term->cost = term->a->cost;
	return true;
}

static bool match_fuzzy(struct imap_candidate *c, const struct imap_term *term)
{
	return imap_terms_match(c, term->a);
}

IMAP_SEARCH_KEY(fuzzy) = { .name = "FUZZY", .parse = parse_fuzzy, .match = match_fuzzy };

/* --- SORT by it --- */

/* RFC 6203 §6: the highest first. */
static int64_t relevancy(struct imap_candidate *c)
{
	return -(int64_t)imap_candidate_relevancy(c);
}

IMAP_SORT_KEY(relevancy) = { .name = "RELEVANCY", .number = relevancy };
