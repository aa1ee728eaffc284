/* cmd_append.c - APPEND (RFC 3501 §6.3.11), of several messages (RFC 3502), put together of pieces
 * (RFC 4469), answered with UIDs (RFC 4315); all are stored, or none */
#include "core/log.h"
#include "protocols/imap/append.h"
#include "protocols/imap/event.h"
#include "protocols/imap/place.h"

static enum imap_done stored(struct imap *im, struct slice name, const struct box_added *added,
    const struct box_append *messages)
{
	struct buf text = { 0 };
	uint64_t bytes = 0;

	for (size_t i = 0; i < added->n; i++)
		bytes += messages[i].message.n;
	im->appended += added->n;
	log_event(LOG_INFO, "append", log_s("mailbox", name), log_n("messages", (int64_t)added->n),
	    log_n("size", (int64_t)bytes));
	imap_put_appenduid(&text, added);
	buf_addz(&text, " Stored");
	imap_reply(im, IMAP_OK, pool_str(sess_cmd_pool(im->sess), buf_slice(&text)));
	buf_done(&text);
	return IMAP_OK;
}

static enum imap_done store(struct imap *im, struct slice name, struct imap_item *items, size_t n)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct box_append *messages = pool_get(pool, n * sizeof *messages);
	struct box_added added;
	struct err err;
	struct imap_place *place = imap_find(im, name, RIGHT_INSERT, &err);

	if (!place)
		return imap_failed_target(im, &err);
	enum imap_done done = imap_items_make(im, items, place->rights, messages);
	if (done != IMAP_OK)
		return done;
	if (box_append(place->acct, place->name, messages, n, pool, &added, &err) != 0)
		return imap_failed_target(im, &err);
	return imap_event_new(
	    im, stored(im, name, &added, messages), place, IMAP_EVENT_APPEND, &added);
}

static enum imap_done run(struct imap *im, struct slice args)
{
	struct imap_item *items = NULL;
	struct slice name;
	size_t n;

	if (!imap_take_name(im, &args, &name) || !imap_items_read(im, args, &items, &n))
		return IMAP_BAD;
	enum imap_done done = imap_save_allowed(im, n, NULL) ? store(im, name, items, n) : IMAP_NO;
	imap_items_done(items);
	return done;
}

IMAP_COMMAND(append) = {
	.name = "APPEND",
	.states = IMAP_KNOWN,
	.capability = "CATENATE MULTIAPPEND",
	.ref = "RFC 3501 6.3.11, RFC 3502, RFC 4469",
	.messages = 1,
	.run = run,
};
