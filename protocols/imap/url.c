/* url.c - what an imap:// address names, read */
#include "core/msg.h"
#include "protocols/imap/fetch.h"
#include "protocols/imap/place.h"
#include "protocols/imap/url.h"

/* A message in hand, and where what is wanted lies in it. */
struct reading {
	const struct imap_url *url;
	struct imap_url_text *text;
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

static const char *add(const struct reading *r, struct slice piece)
{
	cut(r->url, &piece);
	if (r->text->out->n + piece.n > r->text->most)
		return "That is too much";
	buf_adds(r->text->out, piece);
	return NULL;
}

static const char *put_fields(const struct reading *r, struct slice header)
{
	struct buf fields = { 0 };

	imap_section_fields(&r->section, header, &fields);
	const char *why = add(r, buf_slice(&fields));
	buf_done(&fields);
	return why;
}

/* RFC 5524 §3.2: with BINARY the structure is that of what is sent. */
static void put_structure(const struct reading *r, struct msg_part part, const struct buf *plain)
{
	if (plain) {
		part.encoding = SLICE("binary");
		part.body = 0;
		part.end = plain->n;
		part.lines = 0;
		for (size_t i = 0; i < plain->n; i++)
			part.lines += plain->p[i] == '\n';
	}
	summary_structure(&part, r->whole, true, r->text->structure);
}

/* A part in another form, or with its structure. What holds other parts has no encoding. */
static const char *put_part(struct reading *r, struct slice raw, uint64_t from)
{
	const struct msg_part *part = msg_parse(&r->pool, r->whole);
	struct buf plain = { 0 };

	if (r->section.depth > 0)
		part = imap_section_part(part, from);
	if (!part || r->section.text != IMAP_ALL)
		return "That is no part";
	bool decoded = r->text->binary && r->section.depth > 0 && !part->children;
	r->text->undecoded = decoded && !msg_decode(part->encoding, raw, &plain);
	decoded &= !r->text->undecoded;
	if (r->text->structure)
		put_structure(r, *part, decoded ? &plain : NULL);
	const char *why = r->text->undecoded ? NULL : add(r, decoded ? buf_slice(&plain) : raw);
	buf_done(&plain);
	return why;
}

static const char *put(struct reading *r)
{
	uint64_t from, end;

	if (!imap_section_find(&r->section, &r->summary, r->whole.n, &from, &end))
		return "There is no such part";
	struct slice raw = slice_head(slice_from(r->whole, (size_t)from), (size_t)(end - from));
	if (r->text->binary || r->text->structure)
		return put_part(r, raw, from);
	return imap_section_is_fields(&r->section) ? put_fields(r, raw) : add(r, raw);
}

static const char *read_message(struct reading *r, struct box *box)
{
	struct box_snap *snap = box_snap(box);
	const struct box_entry *entry = box_snap_nth(snap, box_snap_find(snap, r->url->uid, false));
	const char *why = "There is no such message";

	if (r->url->uidvalidity && r->url->uidvalidity != box_uidvalidity(box))
		why = "The UIDVALIDITY is another";
	else if (entry && box_summary(box, entry, &r->record, &r->pool, &r->summary) == 1 &&
	    box_body(box, entry, &r->body, NULL) == 1 && body_map(r->body, &r->whole, NULL) == 0)
		why = read_section(r) ? put(r) : "There is no such part";
	box_snap_free(&snap);
	return why;
}

static const char *read_from(
    struct box *box, const struct imap_url *url, struct imap_url_text *text)
{
	struct reading r = { .url = url, .text = text };
	const char *why = read_message(&r, box);

	body_close(&r.body);
	buf_done(&r.record);
	pool_done(&r.pool);
	return why;
}

const char *imap_url_take(
    const struct imap_url *url, struct acct *acct, struct slice name, struct imap_url_text *text)
{
	struct err err;
	struct box *box = box_open(acct, name, &err);

	if (!box)
		return "There is no such mailbox";
	const char *why = read_from(box, url, text);
	box_close(&box);
	return why;
}

/* RFC 4469 §4: of this user, on this server. */
static bool is_here(struct imap *im, const struct imap_url *url)
{
	return url->user.n == 0 ||
	    strcmp(imap_url_user(sess_cmd_pool(im->sess), url->user, im->who), im->who) == 0;
}

const char *imap_url_read(struct imap *im, struct slice address, struct imap_url_text *text)
{
	struct imap_url url;
	struct err err;

	if (!imap_url_parse(sess_cmd_pool(im->sess), address, &url) || url.access.n > 0)
		return "That is no address of a message";
	if (!is_here(im, &url))
		return "That is not yours";
	if (url.mailbox.n == 0)
		return im->state == IMAP_SELECTED ? read_from(im->box, &url, text)
						  : "No mailbox is selected";
	struct imap_place *place = imap_find(im, url.mailbox, RIGHT_READ, &err);
	if (!place)
		return "There is no such mailbox";
	return imap_url_take(&url, place->acct, place->name, text);
}
