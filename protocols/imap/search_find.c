/* search_find.c - the search index answers for terms that look for text
 *
 * Before a mailbox is gone through the index is asked about each such term. What it
 * can't tell of a message is read, as everywhere without an index. */
#include <string.h>

#include "core/conf.h"
#include "protocols/imap/search.h"

CONF_KEY(search_index) = {
	.name = "search.index",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "on",
	.help = "index the mail of who searches for words, so that searching stays fast",
};

static bool has_text_terms(const struct imap_term *term)
{
	for (; term; term = term->next)
		if (term->key->in_index || has_text_terms(term->a) || has_text_terms(term->b))
			return true;
	return false;
}

static void ask(struct find_view *view, struct imap_term *term)
{
	for (; term; term = term->next) {
		if (term->key->in_index)
			term->found = find_ask(view, term->key->where, term->field, term->text);
		ask(view, term->a);
		ask(view, term->b);
	}
}

static void forget(struct imap_term *term)
{
	for (; term; term = term->next) {
		find_answer_free(&term->found);
		forget(term->a);
		forget(term->b);
	}
}

void imap_find_begin(struct imap_candidate *c, struct imap_term *first, const char *who)
{
	const char *at_sign = strrchr(who, '@');
	const struct conf_at at = { .domain = at_sign ? at_sign + 1 : NULL };

	forget(first);
	if (!has_text_terms(first) || !conf_num_at(&conf_key_search_index, &at))
		return;
	struct find_view *view = find_look(c->box, c->snap);
	if (view)
		ask(view, first);
	find_view_free(&view);
}

void imap_find_end(struct imap_term *first)
{
	forget(first);
}

/* Of terms that must all be true one that the index denies is enough. */
uint32_t imap_find_next(const struct imap_term *first, uint32_t seq)
{
	uint32_t next = seq;

	for (const struct imap_term *term = first; term; term = term->next)
		if (term->found) {
			uint32_t its = find_answer_next(term->found, seq);
			next = its > next ? its : next;
		}
	return next;
}

bool imap_term_match(struct imap_candidate *c, const struct imap_term *term)
{
	enum find_says says = term->found ? find_says(term->found, c->seq) : FIND_MAYBE;

	return says == FIND_MAYBE ? term->key->match(c, term) : says == FIND_YES;
}
