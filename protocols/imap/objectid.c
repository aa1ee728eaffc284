/* objectid.c - ids that stay when a mailbox is renamed or a message copied (RFC 8474) */
#include "protocols/imap/fetch.h"
#include "protocols/imap/search.h"
#include "protocols/imap/status.h"

static void words(const struct imap *im, struct buf *out)
{
	(void)im;
	buf_addz(out, " OBJECTID");
}

IMAP_EXTENSION(objectid) = { .words = words };

/* --- mailboxes --- */

static uint64_t mailbox(const struct box_status *status)
{
	return status->id;
}

IMAP_STATUS_ITEM(mailboxid) = {
	.name = "MAILBOXID",
	.value = mailbox,
	.before = "(F",
	.behind = ")",
};

/* --- messages: copies within an account are one --- */

static void put_email(struct imap_fetch *fetch, const struct imap_att *att, struct buf *out)
{
	(void)att;
	buf_addz(out, "EMAILID (M");
	buf_addu(out, fetch->entry->message);
	buf_addc(out, ')');
}

/* §5.2: a server that does not know conversations says so. */
static void put_thread(struct imap_fetch *fetch, const struct imap_att *att, struct buf *out)
{
	(void)fetch;
	(void)att;
	buf_addz(out, "THREADID NIL");
}

IMAP_FETCH_ITEM(emailid) = { .name = "EMAILID", .put = put_email };
IMAP_FETCH_ITEM(threadid) = { .name = "THREADID", .put = put_thread };

/* Of an id that can't be one of ours nothing is found. */
static bool parse_id(struct imap_query *query, struct imap_term *term, struct slice *in)
{
	struct slice id;

	if (!imap_take(in, ' ') || !imap_astring(query->pool, in, &id))
		return false;
	if (!imap_take(&id, 'M') || !imap_number64(&id, &term->num) || id.n > 0)
		term->num = UINT64_MAX;
	return true;
}

static bool match_email(struct imap_candidate *c, const struct imap_term *term)
{
	return c->entry->message == term->num;
}

static bool match_none(struct imap_candidate *c, const struct imap_term *term)
{
	(void)c;
	(void)term;
	return false;
}

IMAP_SEARCH_KEY(emailid) = { .name = "EMAILID", .parse = parse_id, .match = match_email };
IMAP_SEARCH_KEY(threadid) = { .name = "THREADID", .parse = parse_id, .match = match_none };
