/* fetch_modifier.c - of which of the messages FETCH tells: of those that have changed (RFC 7162),
 * of a page of them (RFC 9394), of as many as one command may come to (RFC 9738) */
#include "protocols/imap/fetch.h"

/* --- reading --- */

static bool read_modifier(struct imap_fetch *fetch, struct slice *in, bool *vanished)
{
	struct slice word;

	if (!imap_word(in, &word))
		return false;
	if (slice_ieq(word, SLICE("VANISHED")))
		return *vanished = true;
	if (slice_ieq(word, SLICE("PARTIAL")))
		return fetch->page.to == 0 && imap_page_parse(in, &fetch->page);
	return slice_ieq(word, SLICE("CHANGEDSINCE")) && imap_take(in, ' ') &&
	    imap_number64(in, &fetch->since) && (fetch->changes = true);
}

bool imap_fetch_modifiers(struct imap_fetch *fetch, struct slice *in)
{
	struct imap *im = fetch->im;
	bool vanished = false;

	if (!imap_take(in, ' '))
		return true;
	if (!imap_take(in, '('))
		return imap_end(*in);
	do {
		if (!read_modifier(fetch, in, &vanished))
			return false;
	} while (imap_take(in, ' '));
	if (vanished && (!im->uid || !fetch->changes || !(im->enabled & IMAP_QRESYNC)))
		return false;
	if (vanished)
		fetch->vanished = imap_holes(sess_cmd_pool(im->sess), &fetch->set, im->shown, 0);
	return imap_take(in, ')');
}

/* --- a page --- */

/* RFC 9394 §3.3, §3.4: places are those of the set; CHANGEDSINCE then takes of the page what
   has changed. */
static void take_page(struct imap_set *set, const struct imap_page *page)
{
	struct imap_span span = imap_page_span(page, (uint32_t)imap_set_count(set));

	if (span.n == 0)
		set->n = 0;
	else
		imap_set_cut(
		    set, imap_set_nth(set, span.first + 1), imap_set_nth(set, span.first + span.n));
}

bool imap_fetch_choose(struct imap_fetch *fetch)
{
	const struct imap_page *page = &fetch->page;

	if (page->to == 0) {
		imap_limit_set(fetch->im, &fetch->set);
		return true;
	}
	if (!imap_fetch_allowed(fetch->im, (uint64_t)page->to - page->from + 1))
		return false;
	take_page(&fetch->set, page);
	return true;
}
