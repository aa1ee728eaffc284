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

/* The nth message of those that are told, counted from 1; *n becomes how many there
   are when it is more. */
static uint32_t nth(const struct imap_fetch *fetch, uint32_t *n)
{
	struct imap_walk walk = imap_set_walk(&fetch->set);
	uint32_t seq, told = 0, last = 0;

	while (told < *n && (seq = imap_walk_next(&walk))) {
		if (box_snap_nth(fetch->im->shown, seq)->modseq <= fetch->since)
			continue;
		last = seq;
		told++;
	}
	*n = told;
	return last;
}

/* RFC 9394 §3.3: places count what would be told without it. */
static void take_page(struct imap_fetch *fetch)
{
	uint32_t all = UINT32_MAX;

	nth(fetch, &all);
	struct imap_span span = imap_page_span(&fetch->page, all);
	if (span.n == 0) {
		fetch->set.n = 0;
		return;
	}
	uint32_t from = span.first + 1, to = span.first + span.n;
	uint32_t first = nth(fetch, &from), last = nth(fetch, &to);
	imap_set_cut(&fetch->set, first, last);
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
	take_page(fetch);
	return true;
}
