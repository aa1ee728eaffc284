/* search_fuzzy.c - FUZZY (RFC 6203): the keys that look for text find what is nearly alike
 *
 * A key within FUZZY is replaced by one that reads the same texts and compares
 * them otherwise. Of the other keys RFC 6203 §5 allows to take them as they are. */
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

/* --- matching --- */

static bool scored(struct imap_candidate *c, unsigned score)
{
	c->scores += score;
	c->n_scores += score > 0;
	return score > 0;
}

static bool match_field(struct imap_candidate *c, const struct imap_term *term)
{
	return imap_candidate_has(c, term->field, SLICE("")) &&
	    scored(c, imap_fuzzy_score(term->fuzzy, buf_slice(&c->fields)));
}

static bool match_body(struct imap_candidate *c, const struct imap_term *term)
{
	return imap_candidate_text(c, SLICE("")) &&
	    scored(c, imap_fuzzy_score(term->fuzzy, buf_slice(&c->text)));
}

static bool match_text(struct imap_candidate *c, const struct imap_term *term)
{
	unsigned header = 0, body = 0;

	if (imap_candidate_header(c, SLICE("")))
		header = imap_fuzzy_score(term->fuzzy, buf_slice(&c->header));
	if (header < OF_BODY && imap_candidate_text(c, SLICE("")))
		body = imap_fuzzy_score(term->fuzzy, buf_slice(&c->text)) * OF_BODY / 100;
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
	static const struct imap_search_key field = { .name = "FUZZY field", .match = match_field };
	static const struct imap_search_key body = { .name = "FUZZY BODY", .match = match_body };
	static const struct imap_search_key text = { .name = "FUZZY TEXT", .match = match_text };
	struct slice name = slice_str(term->key->name);

	if (term->field.n > 0)
		return &field;
	if (slice_eq(name, SLICE("BODY")))
		return &body;
	return slice_eq(name, SLICE("TEXT")) ? &text : NULL;
}

/* In all terms of the list and in those within them. */
static void loosen(struct imap_query *query, struct imap_term *term)
{
	for (; term; term = term->next) {
		const struct imap_search_key *key = fuzzy_key(term);

		if (key)
			term->fuzzy = imap_fuzzy_new(query->pool, term->text);
		if (term->fuzzy)
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
