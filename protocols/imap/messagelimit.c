/* messagelimit.c - MESSAGELIMIT and SAVELIMIT (RFC 9738): how many messages one command comes to
 *
 * Long commands work by turns, so there is no limit unless an admin sets one. COPY,
 * APPEND, SORT and THREAD are all or nothing: of too many they are refused. The others
 * do the newest of them, and the tagged line says where they stopped. */
#include "protocols/imap/search.h"

CONF_KEY(imap_message_limit) = {
	.name = "imap.message-limit",
	.type = CONF_INT,
	.def = "0",
	.max = 10000000,
	.help = "messages to which one IMAP command may come, at least 1000; 0: any number",
};

CONF_KEY(imap_save_limit) = {
	.name = "imap.save-limit",
	.type = CONF_INT,
	.def = "0",
	.max = 10000000,
	.help = "messages that one COPY or APPEND may store, at least 1000; 0: any number; without "
		"effect when imap.message-limit is set",
};

enum {
	LEAST = 1000,	/* RFC 9738 §3 */
	SETS_LOOKED = 8 /* of a query: a thousand would be slow */
};

static uint64_t at_least(uint64_t most)
{
	return most > 0 && most < LEAST ? LEAST : most;
}

static uint64_t message_limit(void)
{
	return at_least((uint64_t)conf_num(&conf_key_imap_message_limit));
}

static uint64_t save_limit(void)
{
	uint64_t most = message_limit();

	return most > 0 ? most : at_least((uint64_t)conf_num(&conf_key_imap_save_limit));
}

/* RFC 9738 §3: never both. */
static void words(const struct imap *im, struct buf *out)
{
	uint64_t messages = message_limit(), saved = save_limit();

	(void)im;
	if (messages > 0)
		buf_printf(out, " MESSAGELIMIT=%llu", (unsigned long long)messages);
	else if (saved > 0)
		buf_printf(out, " SAVELIMIT=%llu", (unsigned long long)saved);
}

IMAP_EXTENSION(messagelimit) = { .words = words };

/* --- refused --- */

/* lowest: the UID from which on it could be done, or 0. */
static enum imap_done refuse(struct imap *im, uint64_t most, uint32_t lowest)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	const char *from = lowest > 0 ? pool_printf(pool, " %u", lowest) : "";

	return imap_reply(im, IMAP_NO,
	    pool_printf(pool, "[MESSAGELIMIT %llu%s] So many at once are too many",
		(unsigned long long)most, from));
}

bool imap_save_allowed(struct imap *im, size_t n, const uint32_t *uids)
{
	uint64_t most = save_limit();

	if (most == 0 || n <= most)
		return true;
	refuse(im, most, uids ? uids[n - most] : 0);
	return false;
}

bool imap_fetch_allowed(struct imap *im, uint64_t n)
{
	uint64_t most = message_limit();

	if (most == 0 || n <= most)
		return true;
	refuse(im, most, 0);
	return false;
}

/* --- done in part --- */

void imap_limit_set(struct imap *im, struct imap_set *set)
{
	uint64_t most = message_limit();

	size_t all = imap_set_count(set);
	if (most == 0 || all <= most)
		return;
	uint32_t seq = imap_set_nth(set, (uint32_t)(all - most + 1));
	imap_set_cut(set, seq, UINT32_MAX);
	im->limited = box_snap_nth(im->shown, seq)->uid;
}

void imap_limit_uids(struct imap *im, const uint32_t **uids, size_t *n)
{
	uint64_t most = message_limit();

	if (most == 0 || *n <= most)
		return;
	*uids += *n - most;
	*n = most;
	im->limited = **uids;
}

/* What counts are the messages that are looked at, not those that are found. */
static bool is_looked_at(const struct imap_term *term, uint32_t seq)
{
	for (int looked = 0; term && looked < SETS_LOOKED; term = term->next, looked++)
		if (!imap_term_allows(term, seq))
			return false;
	return true;
}

uint32_t imap_limit_search(
    struct imap *im, const struct imap_term *first, const struct box_snap *snap)
{
	uint64_t most = message_limit(), n = 0;
	uint32_t seq = box_snap_count(snap), lowest = seq + 1;

	if (most == 0 || seq <= most)
		return 1;
	for (; seq > 0; seq--) {
		if (!is_looked_at(first, seq))
			continue;
		if (n++ == most) {
			im->limited = box_snap_nth(snap, lowest)->uid;
			return lowest;
		}
		lowest = seq;
	}
	return 1;
}

enum imap_done imap_limit_refused(struct imap *im)
{
	return refuse(im, message_limit(), im->limited);
}

/* --- and told --- */

void imap_limit_tell(struct imap *im)
{
	struct buf *out = sess_out(im->sess);
	const char *text = im->reply ? im->reply : "Done, of the newest ones";
	struct buf code = { 0 };

	buf_printf(
	    &code, "[MESSAGELIMIT %llu %u] ", (unsigned long long)message_limit(), im->limited);
	if (*text == '[') { /* RFC 9738 §3.1: the tagged line has its code */
		buf_addz(out, "* NO ");
		buf_adds(out, buf_slice(&code));
		buf_addz(out, "Of the newest ones only\r\n");
	} else {
		buf_addz(&code, text);
		im->reply = pool_str(sess_cmd_pool(im->sess), buf_slice(&code));
	}
	buf_done(&code);
}
