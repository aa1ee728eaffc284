/* cmd_append.c - APPEND (RFC 3501 §6.3.11), of several messages (RFC 3502), answered with UIDs (RFC
 * 4315)
 *
 * The messages wait in a spool, one behind the other; in the text only their
 * sizes stand. All are stored, or none. */
#include <time.h>

#include "core/log.h"
#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"
#include "protocols/imap/place.h"

/* One message of it: [flags] [date] literal. */
struct item {
	struct imap_flags flags;
	int64_t date;
	uint64_t size;
	bool binary; /* a literal8, which may hold NUL (RFC 3516) */
	struct item *next;
};

/* "{5}", "~{5}" or "UTF8 (~{5})" (RFC 3516 §7, RFC 6855 §4). */
static bool read_data(struct slice *in, struct item *item)
{
	bool utf8 = imap_is_word(in, "UTF8");

	if (utf8 && (!imap_take(in, ' ') || !imap_take(in, '(')))
		return false;
	item->binary = imap_take(in, '~');
	if (!imap_literal_size(in, &item->size))
		return false;
	return !utf8 || (item->binary && imap_take(in, ')'));
}

/* SP [flag-list SP] [date-time SP] literal */
static bool read_item(struct pool *pool, struct slice *in, struct item *item)
{
	item->date = (int64_t)time(NULL);
	if (!imap_take(in, ' '))
		return false;
	if (in->n > 0 && *in->p == '(' &&
	    (!imap_flag_list(pool, in, true, &item->flags) || !imap_take(in, ' ')))
		return false;
	if (in->n > 0 && *in->p == '"' && (!imap_date_time(in, &item->date) || !imap_take(in, ' ')))
		return false;
	return read_data(in, item);
}

static bool read_items(struct pool *pool, struct slice in, struct item **items, size_t *n)
{
	do {
		*items = pool_get(pool, sizeof **items);
		if (!read_item(pool, &in, *items))
			return false;
		items = &(*items)->next;
		++*n;
	} while (in.n > 0);
	return true;
}

/* Cut the spool into messages. NULL: all is well, or what is wrong. */
static const char *cut(struct slice all, const struct item *item, struct box_append *out)
{
	for (; item; item = item->next, out++) {
		*out = (struct box_append){
			.message = slice_head(all, (size_t)item->size),
			.flags = item->flags.system,
			.keywords = item->flags.keywords,
			.n_keywords = item->flags.n_keywords,
			.internal_date = item->date,
		};
		all = slice_from(all, (size_t)item->size);
		if (item->size == 0)
			return "A message is empty";
		/* RFC 3501 §4.3: no literal has it; RFC 3516 §4.4: of one that may,
		   what is stored here could not be fetched as text. */
		if (slice_chr(out->message, '\0') >= 0)
			return item->binary ? "[UNKNOWN-CTE] A message with NUL is not kept"
					    : "A message has NUL in it";
	}
	return NULL;
}

/* RFC 4314 §4: flags that may not be set are left out. */
static void allow(struct box_append *messages, size_t n, unsigned rights)
{
	for (size_t i = 0; i < n; i++) {
		messages[i].flags &= imap_flags_allowed(rights);
		if (!(rights & RIGHT_WRITE))
			messages[i].n_keywords = 0;
	}
}

static enum imap_done stored(
    struct imap *im, struct slice name, const struct box_added *added, uint64_t bytes)
{
	struct buf text = { 0 };

	im->appended += added->n;
	log_event(LOG_INFO, "append", log_s("mailbox", name), log_n("messages", (int64_t)added->n),
	    log_n("size", (int64_t)bytes));
	buf_printf(&text, "[APPENDUID %u ", added->uidvalidity);
	imap_put_uids(&text, added->uids, added->n);
	buf_addz(&text, "] Stored");
	imap_reply(im, IMAP_OK, pool_str(sess_cmd_pool(im->sess), buf_slice(&text)));
	buf_done(&text);
	return IMAP_OK;
}

static enum imap_done run(struct imap *im, struct slice args)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct slice name, all;
	struct item *items = NULL;
	struct box_added added;
	struct err err;
	size_t n = 0;

	if (!imap_take_name(im, &args, &name) || !read_items(pool, args, &items, &n) ||
	    !im->messages)
		return IMAP_BAD;
	if (spool_map(im->messages, &all, &err) != 0)
		return imap_failed(im, &err);
	struct box_append *messages = pool_get(pool, n * sizeof *messages);
	const char *why = cut(all, items, messages);
	if (why)
		return imap_reply(im, IMAP_NO, why);
	struct imap_place *place = imap_find(im, name, RIGHT_INSERT, &err);
	if (!place)
		return imap_failed_target(im, &err);
	allow(messages, n, place->rights);
	if (box_append(place->acct, place->name, messages, n, pool, &added, &err) != 0)
		return imap_failed_target(im, &err);
	return stored(im, name, &added, all.n);
}

IMAP_COMMAND(append) = {
	.name = "APPEND",
	.states = IMAP_KNOWN,
	.capability = "MULTIAPPEND",
	.ref = "RFC 3501 6.3.11, RFC 3502",
	.messages = true,
	.run = run,
};
