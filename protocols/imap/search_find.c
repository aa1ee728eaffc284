/* search_find.c - the search index answers for terms that look for text
 *
 * Before a mailbox is gone through the index is asked about each such term. What it
 * can't tell of a message is read, as everywhere without an index. */
#include <string.h>

#include "core/conf.h"
#include "core/metric.h"
#include "protocols/imap/search.h"

CONF_KEY(search_index) = {
	.name = "search.index",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "on",
	.help = "index the mail of who searches for words, so that searching stays fast",
};

METRIC(searches) = {
	.name = "signet_imap_text_searches_total",
	.type = METRIC_COUNTER,
	.help = "searches for words, by what they could ask",
	.label = "by",
	.values = METRIC_VALUES("index", "reading"),
	.cells = METRIC_CELLS(2),
};

/* The first one that is to be asked about. */
static struct imap_term *unasked(struct imap_term *term)
{
	struct imap_term *within = NULL;

	for (; term && !within; term = term->next) {
		if (term->key->in_index && !term->asked)
			return term;
		within = unasked(term->a);
		within = within ? within : unasked(term->b);
	}
	return within;
}

static void forget(struct imap_term *term)
{
	for (; term; term = term->next) {
		find_answer_free(&term->found);
		imap_fuzzy_forget(term);
		term->asked = false;
		forget(term->a);
		forget(term->b);
	}
}

void imap_find_begin(struct imap_candidate *c, struct imap_term *first, const char *who)
{
	const char *at_sign = strrchr(who, '@');
	const struct conf_at at = { .domain = at_sign ? at_sign + 1 : NULL };

	forget(first);
	if (!unasked(first) || box_snap_count(c->snap) == 0)
		return;
	if (conf_num_at(&conf_key_search_index, &at))
		c->find = find_look(c->box, c->snap);
	metric_add(&metric_searches, c->find ? 0 : 1, 1);
}

bool imap_find_ask(struct imap_candidate *c, struct imap_term *first)
{
	struct imap_term *term = c->find ? unasked(first) : NULL;

	if (!term) {
		find_view_free(&c->find);
		return false;
	}
	term->asked = true;
	if (term->fuzzy)
		imap_fuzzy_ask(c->find, term);
	else
		term->found = find_ask(c->find, term->key->where, term->field, term->text);
	return true;
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
