/* url.c - what an imap:// address names, read */
#include "protocols/imap/fetch.h"
#include "protocols/imap/place.h"
#include "protocols/imap/url.h"

/* A message in hand, and where what is wanted lies in it. */
struct reading {
	const struct imap_url *url;
	struct pool pool;
	struct buf record;
	struct summary summary;
	struct body *body;
	struct slice whole;
	struct imap_section section;
};

static bool read_section(struct reading *r)
{
	struct slice text = slice_str(pool_printf(&r->pool, "[%.*s]", SLICE_ARG(r->url->section)));

	return imap_section_parse(&r->pool, &text, &r->section) && text.n == 0;
}

static void cut(const struct imap_url *url, struct slice *text)
{
	if (!url->partial)
		return;
	*text = slice_from(*text, url->from);
	if (url->count)
		*text = slice_head(*text, url->count);
}

static const char *put(struct reading *r, uint64_t most, struct buf *out)
{
	struct buf fields = { 0 };
	uint64_t from, end;
	const char *why = NULL;

	if (!imap_section_find(&r->section, &r->summary, r->whole.n, &from, &end))
		return "There is no such part";
	struct slice text = slice_head(slice_from(r->whole, (size_t)from), (size_t)(end - from));
	if (imap_section_is_fields(&r->section)) {
		imap_section_fields(&r->section, text, &fields);
		text = buf_slice(&fields);
	}
	cut(r->url, &text);
	if (out->n + text.n > most)
		why = "That is too much";
	else
		buf_adds(out, text);
	buf_done(&fields);
	return why;
}

static const char *read_message(struct reading *r, struct box *box, uint64_t most, struct buf *out)
{
	struct box_snap *snap = box_snap(box);
	const struct box_entry *entry = box_snap_nth(snap, box_snap_find(snap, r->url->uid, false));
	const char *why = "There is no such message";

	if (r->url->uidvalidity && r->url->uidvalidity != box_uidvalidity(box))
		why = "The UIDVALIDITY is another";
	else if (entry && box_summary(box, entry, &r->record, &r->pool, &r->summary) == 1 &&
	    box_body(box, entry, &r->body, NULL) == 1 && body_map(r->body, &r->whole, NULL) == 0)
		why = read_section(r) ? put(r, most, out) : "There is no such part";
	box_snap_free(&snap);
	return why;
}

static const char *read_from(
    struct box *box, const struct imap_url *url, uint64_t most, struct buf *out)
{
	struct reading r = { .url = url };
	const char *why = read_message(&r, box, most, out);

	body_close(&r.body);
	buf_done(&r.record);
	pool_done(&r.pool);
	return why;
}

const char *imap_url_take(const struct imap_url *url, struct acct *acct, struct slice name,
    uint64_t most, struct buf *out)
{
	struct err err;
	struct box *box = box_open(acct, name, &err);

	if (!box)
		return "There is no such mailbox";
	const char *why = read_from(box, url, most, out);
	box_close(&box);
	return why;
}

/* RFC 4469 §4: of this user, on this server. */
static bool is_here(struct imap *im, const struct imap_url *url)
{
	return url->user.n == 0 ||
	    strcmp(imap_url_user(sess_cmd_pool(im->sess), url->user, im->who), im->who) == 0;
}

const char *imap_url_read(struct imap *im, struct slice text, uint64_t most, struct buf *out)
{
	struct imap_url url;
	struct err err;

	if (!imap_url_parse(sess_cmd_pool(im->sess), text, &url) || url.access.n > 0)
		return "That is no address of a message";
	if (!is_here(im, &url))
		return "That is not yours";
	if (url.mailbox.n == 0)
		return im->state == IMAP_SELECTED ? read_from(im->box, &url, most, out)
						  : "No mailbox is selected";
	struct imap_place *place = imap_find(im, url.mailbox, RIGHT_READ, &err);
	if (!place)
		return "There is no such mailbox";
	return imap_url_take(&url, place->acct, place->name, most, out);
}
