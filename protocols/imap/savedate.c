/* savedate.c - SAVEDATE (RFC 8514): when a message came into its mailbox, by delivery or by COPY */
#include "protocols/imap/fetch.h"
#include "protocols/imap/search.h"

static void words(const struct imap *im, struct buf *out)
{
	(void)im;
	buf_addz(out, " SAVEDATE");
}

IMAP_EXTENSION(savedate) = { .words = words };

/* §4.2: NIL for what came before such dates were kept. */
static void put(struct imap_fetch *fetch, const struct imap_att *att, struct buf *out)
{
	(void)att;
	buf_addz(out, "SAVEDATE ");
	if (fetch->entry->saved)
		imap_put_date_time(out, fetch->entry->saved);
	else
		buf_addz(out, "NIL");
}

IMAP_FETCH_ITEM(savedate) = { .name = "SAVEDATE", .put = put };

/* --- SEARCH (§4.3) --- */

/* Without a date of its own INTERNALDATE stands for it. */
static bool match(struct imap_candidate *c, const struct imap_term *term)
{
	int64_t t = c->entry->saved ? c->entry->saved : c->entry->internal_date;

	return imap_term_match_day(t / 86400 - (t % 86400 < 0), term);
}

static bool match_supported(struct imap_candidate *c, const struct imap_term *term)
{
	(void)c, (void)term;
	return true;
}

#define SAVED(when) .num = (when), .parse = imap_term_parse_day, .match = match

IMAP_SEARCH_KEY(savedbefore) = { .name = "SAVEDBEFORE", SAVED(IMAP_BEFORE) };
IMAP_SEARCH_KEY(savedon) = { .name = "SAVEDON", SAVED(IMAP_ON) };
IMAP_SEARCH_KEY(savedsince) = { .name = "SAVEDSINCE", SAVED(IMAP_SINCE) };
IMAP_SEARCH_KEY(savedatesupported) = { .name = "SAVEDATESUPPORTED", .match = match_supported };
