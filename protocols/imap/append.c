/* append.c - messages as APPEND and REPLACE bring them */
#include "protocols/imap/append.h"

#include <time.h>

#include "protocols/imap/place.h"
#include "protocols/imap/url.h"

enum { PIECES_MAX = 200 };

struct imap_piece {
	bool is_url;
	struct slice url;
	uint64_t size; /* of a literal */
	struct imap_piece *next;
};

/* --- reading --- */

/* "{5}", "~{5}" or "UTF8 (~{5})" (RFC 3516 §7, RFC 6855 §4). */
static bool read_data(struct slice *in, struct imap_item *item, uint64_t *size)
{
	bool utf8 = imap_is_word(in, "UTF8"), binary;

	if (utf8 && (!imap_take(in, ' ') || !imap_take(in, '(')))
		return false;
	binary = imap_take(in, '~');
	item->binary |= binary;
	if (!imap_literal_size(in, size))
		return false;
	return !utf8 || (binary && imap_take(in, ')'));
}

/* "TEXT" SP literal / "URL" SP astring (RFC 4469 §5) */
static bool read_piece(
    struct pool *pool, struct slice *in, struct imap_item *item, struct imap_piece *piece)
{
	if (imap_is_word(in, "TEXT"))
		return imap_take(in, ' ') && read_data(in, item, &piece->size);
	piece->is_url = true;
	return imap_is_word(in, "URL") && imap_take(in, ' ') && imap_astring(pool, in, &piece->url);
}

static bool read_pieces(struct pool *pool, struct slice *in, struct imap_item *item)
{
	struct imap_piece **end = &item->pieces;
	unsigned n = 0;

	item->catenate = true;
	if (!imap_take(in, ' ') || !imap_take(in, '('))
		return false;
	do {
		*end = pool_get(pool, sizeof **end);
		if (++n > PIECES_MAX || !read_piece(pool, in, item, *end))
			return false;
		end = &(*end)->next;
	} while (imap_take(in, ' '));
	return imap_take(in, ')');
}

static bool read_item(struct pool *pool, struct slice *in, struct imap_item *item)
{
	item->date = (int64_t)time(NULL);
	if (!imap_take(in, ' '))
		return false;
	if (in->n > 0 && *in->p == '(' &&
	    (!imap_flag_list(pool, in, true, &item->flags) || !imap_take(in, ' ')))
		return false;
	if (in->n > 0 && *in->p == '"' && (!imap_date_time(in, &item->date) || !imap_take(in, ' ')))
		return false;
	if (imap_is_word(in, "CATENATE"))
		return read_pieces(pool, in, item);
	item->pieces = pool_get(pool, sizeof *item->pieces);
	return read_data(in, item, &item->pieces->size);
}

bool imap_items_read(struct imap *im, struct slice in, struct imap_item **items, size_t *n)
{
	struct pool *pool = sess_cmd_pool(im->sess);

	*n = 0;
	do {
		*items = pool_get(pool, sizeof **items);
		if (!read_item(pool, &in, *items))
			return false;
		items = &(*items)->next;
		++*n;
	} while (in.n > 0);
	return true;
}

/* --- making --- */

static struct slice take(struct slice *all, uint64_t size)
{
	struct slice head = slice_head(*all, (size_t)size);

	*all = slice_from(*all, (size_t)size);
	return head;
}

/* RFC 4469 §5: a piece that cannot be had is named. */
static enum imap_done bad_url(struct imap *im, struct slice url, const char *why)
{
	return imap_reply(im, IMAP_NO,
	    pool_printf(sess_cmd_pool(im->sess), "[BADURL \"%.*s\"] %s", SLICE_ARG(url), why));
}

static enum imap_done catenate(
    struct imap *im, struct imap_item *item, struct slice *all, uint64_t max)
{
	struct imap_url_text text = { .most = max, .out = &item->text };
	const char *why;

	for (const struct imap_piece *p = item->pieces; p; p = p->next) {
		if (!p->is_url)
			buf_adds(&item->text, take(all, p->size));
		else if ((why = imap_url_read(im, p->url, &text)))
			return bad_url(im, p->url, why);
	}
	return IMAP_OK;
}

static enum imap_done check(
    struct imap *im, const struct imap_item *item, const struct box_append *message)
{
	if (message->message.n == 0)
		return imap_reply(im, IMAP_NO, "A message is empty");
	/* RFC 3501 §4.3: no literal has it; RFC 3516 §4.4: of one that may, what is
	   stored here could not be fetched as text. */
	if (slice_chr(message->message, '\0') < 0)
		return IMAP_OK;
	return imap_reply(im, IMAP_NO,
	    item->binary ? "[UNKNOWN-CTE] A message with NUL is not kept"
			 : "A message has NUL in it");
}

static enum imap_done make(struct imap *im, struct imap_item *item, struct slice *all, uint64_t max,
    struct box_append *out)
{
	enum imap_done done = IMAP_OK;

	*out = (struct box_append){
		.flags = item->flags.system,
		.keywords = item->flags.keywords,
		.n_keywords = item->flags.n_keywords,
		.internal_date = item->date,
	};
	if (item->catenate) {
		done = catenate(im, item, all, max);
		out->message = buf_slice(&item->text);
	} else {
		out->message = take(all, item->pieces->size);
	}
	if (done == IMAP_OK && out->message.n > max)
		return imap_reply(im, IMAP_NO, "[TOOBIG] The message is too large");
	return done == IMAP_OK ? check(im, item, out) : done;
}

/* RFC 4314 §4: flags that may not be set are left out. */
static void allow(struct box_append *message, unsigned rights)
{
	message->flags &= imap_flags_allowed(rights);
	if (!(rights & RIGHT_WRITE))
		message->n_keywords = 0;
}

enum imap_done imap_items_make(
    struct imap *im, struct imap_item *items, unsigned rights, struct box_append *out)
{
	uint64_t left = (uint64_t)conf_num(&conf_key_imap_max_append); /* for all of them */
	struct slice all = { 0 };
	struct err err;

	if (im->messages && spool_map(im->messages, &all, &err) != 0)
		return imap_failed(im, &err);
	for (; items; items = items->next, out++) {
		enum imap_done done = make(im, items, &all, left, out);

		if (done != IMAP_OK)
			return done;
		left -= out->message.n;
		allow(out, rights);
	}
	return IMAP_OK;
}

void imap_items_done(struct imap_item *items)
{
	for (; items; items = items->next)
		buf_done(&items->text);
}

void imap_put_appenduid(struct buf *out, const struct box_added *added)
{
	buf_printf(out, "[APPENDUID %u ", added->uidvalidity);
	imap_put_uids(out, added->uids, added->n);
	buf_addz(out, "]");
}
