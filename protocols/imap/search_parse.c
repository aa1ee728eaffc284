/* search_parse.c - read a query (RFC 9051 §6.4.4) */
#include "core/msg.h"
#include "core/text.h"
#include "protocols/imap/search.h"

/* A message is searched once for each text. */
enum { TERMS_MAX = 1000, TEXTS_MAX = 50, DEPTH_MAX = 32 };

static const struct imap_search_key *find(struct slice name)
{
	for (size_t i = 0; i < imap_search_key_table_n; i++)
		if (slice_ieq(name, slice_str(imap_search_key_table[i]->name)))
			return imap_search_key_table[i];
	return NULL;
}

/* A key is a word; a set of numbers and a list in brackets are keys that begin
   with a character of theirs. */
static const struct imap_search_key *read_key(struct slice *in)
{
	struct slice name;

	if (in->n == 0)
		return NULL;
	if (*in->p == '(')
		return find(SLICE("("));
	if (*in->p == '*' || *in->p == '$' || (*in->p >= '0' && *in->p <= '9'))
		return find(SLICE("*"));
	return imap_word(in, &name) ? find(name) : NULL;
}

struct imap_term *imap_term_parse(struct imap_query *query, struct slice *in)
{
	const struct imap_search_key *key = read_key(in);

	if (!key || query->n_terms == TERMS_MAX || query->depth == DEPTH_MAX)
		return NULL;
	struct imap_term *term = pool_get(query->pool, sizeof *term);
	term->key = key;
	term->cost = key->cost;
	term->num = key->num;
	query->n_terms++;
	query->depth++;
	bool good = !key->parse || key->parse(query, term, in);
	query->depth--;
	return good ? term : NULL;
}

/* Into a list that is in order of cost, behind its equals. */
static void insert(struct imap_term **list, struct imap_term *term)
{
	while (*list && (*list)->cost <= term->cost)
		list = &(*list)->next;
	term->next = *list;
	*list = term;
}

static struct imap_term *parse_list(struct imap_query *query, struct slice *in)
{
	struct imap_term *list = NULL;

	do {
		struct imap_term *term = imap_term_parse(query, in);

		if (!term)
			return NULL;
		insert(&list, term);
	} while (imap_take(in, ' '));
	return list;
}

static bool parse_charset(struct imap_query *query, struct slice *in)
{
	if (!imap_astring(query->pool, in, &query->charset) || !imap_take(in, ' '))
		return false;
	query->charset_unknown = !msg_charset_known(query->charset);
	return !query->charset_unknown;
}

static bool parse_keys(struct imap_query *query, struct slice *in)
{
	query->first = parse_list(query, in);
	return query->first && imap_end(*in);
}

bool imap_query_parse(struct imap_query *query, struct slice *in)
{
	query->charset = SLICE("UTF-8");
	if (imap_is_word(in, "CHARSET") && (!imap_take(in, ' ') || !parse_charset(query, in)))
		return false;
	return parse_keys(query, in);
}

bool imap_query_parse_behind_charset(struct imap_query *query, struct slice *in)
{
	return parse_charset(query, in) && parse_keys(query, in);
}

enum imap_done imap_query_refused(struct imap *im, const struct imap_query *query)
{
	if (!query->charset_unknown)
		return IMAP_BAD;
	return imap_reply(im, IMAP_NO, "[BADCHARSET (UTF-8 US-ASCII)] Unknown charset");
}

bool imap_needle_parse(struct imap_query *query, struct slice *in, struct slice *out)
{
	struct buf utf8 = { 0 }, folded = { 0 };
	struct slice text;

	if (query->n_texts++ == TEXTS_MAX || !imap_astring(query->pool, in, &text))
		return false;
	msg_utf8(&utf8, query->charset, text);
	text_fold(&folded, buf_slice(&utf8), true);
	*out = pool_slice(query->pool, buf_slice(&folded));
	buf_done(&utf8);
	buf_done(&folded);
	return true;
}

/* --- terms made of terms --- */

static enum imap_cost dearest(const struct imap_term *list)
{
	enum imap_cost cost = IMAP_COST_SNAP;

	for (; list; list = list->next)
		if (list->cost > cost)
			cost = list->cost;
	return cost;
}

static bool parse_all_of(struct imap_query *query, struct imap_term *term, struct slice *in)
{
	if (!imap_take(in, '('))
		return false;
	term->a = parse_list(query, in);
	term->cost = dearest(term->a);
	return term->a && imap_take(in, ')');
}

static bool parse_not(struct imap_query *query, struct imap_term *term, struct slice *in)
{
	term->a = imap_take(in, ' ') ? imap_term_parse(query, in) : NULL;
	term->cost = dearest(term->a);
	return term->a;
}

static bool parse_or(struct imap_query *query, struct imap_term *term, struct slice *in)
{
	struct imap_term *a = imap_take(in, ' ') ? imap_term_parse(query, in) : NULL;
	struct imap_term *b = a && imap_take(in, ' ') ? imap_term_parse(query, in) : NULL;

	if (!b)
		return false;
	term->a = a->cost <= b->cost ? a : b;
	term->b = term->a == a ? b : a;
	term->cost = term->b->cost;
	return true;
}

static bool match_all_of(struct imap_candidate *c, const struct imap_term *term)
{
	return imap_terms_match(c, term->a);
}

static bool match_not(struct imap_candidate *c, const struct imap_term *term)
{
	return !imap_terms_match(c, term->a);
}

static bool match_or(struct imap_candidate *c, const struct imap_term *term)
{
	return imap_terms_match(c, term->a) || imap_terms_match(c, term->b);
}

IMAP_SEARCH_KEY(all_of) = { .name = "(", .parse = parse_all_of, .match = match_all_of };
IMAP_SEARCH_KEY(none_of) = { .name = "NOT", .parse = parse_not, .match = match_not };
IMAP_SEARCH_KEY(either) = { .name = "OR", .parse = parse_or, .match = match_or };

bool imap_terms_match(struct imap_candidate *c, const struct imap_term *term)
{
	for (; term; term = term->next)
		if (!imap_term_match(c, term))
			return false;
	return true;
}

void imap_terms_prepare(struct imap_term *term, const struct imap_view *view)
{
	for (; term; term = term->next) {
		if (term->key->prepare)
			term->key->prepare(term, view);
		imap_terms_prepare(term->a, view);
		imap_terms_prepare(term->b, view);
	}
}
