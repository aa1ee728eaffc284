/* search_read.c - read of a message what a search asks for, and no more than once */
#include "core/log.h"
#include "core/msg.h"
#include "core/text.h"
#include "protocols/imap/search.h"

static bool failed(struct imap_candidate *c, const char *what)
{
	c->failed = true;
	log_event(LOG_ERROR, "unreadable", log_n("uid", c->entry->uid), log_z("what", what));
	return false;
}

bool imap_candidate_summary(struct imap_candidate *c)
{
	if (c->has_summary)
		return true;
	int rc = box_summary(c->box, c->entry, &c->record, NULL, &c->summary);
	if (rc < 0)
		return failed(c, "summary");
	c->has_summary = rc == 1; /* else it was expunged */
	return c->has_summary;
}

static bool read_whole(struct imap_candidate *c)
{
	struct err err;

	if (c->whole.p)
		return true;
	int rc = box_body(c->box, c->entry, &c->body, &err);
	if (rc < 0 || (rc == 1 && body_map(c->body, &c->whole, &err) != 0))
		return failed(c, err.text);
	return rc == 1;
}

/* --- header fields --- */

/* A folded value is looked at as people read it. */
static void add_value(struct imap_candidate *c, struct slice value, struct buf *out)
{
	text_fold(out, msg_decode_text(&c->pool, value), c->unicode);
	buf_addc(out, '\n');
}

/* The values of the fields of that name, into c->fields; whether there are any. */
static bool gather(struct imap_candidate *c, struct slice header, struct slice name)
{
	struct msg_field field;
	bool found = false;

	buf_clear(&c->fields);
	while (msg_field_next(&header, &field)) {
		if (!slice_ieq(field.name, name))
			continue;
		found = true;
		add_value(c, field.value, &c->fields);
	}
	return found;
}

bool imap_candidate_fields(struct imap_candidate *c, struct slice name, struct slice *header)
{
	if (summary_has_field(name) && !imap_candidate_summary(c))
		return false;
	if (summary_has_field(name) && c->summary.fields_complete)
		*header = c->summary.fields;
	else if (read_whole(c))
		*header = c->whole; /* no further than its empty line */
	else
		return false;
	return true;
}

bool imap_candidate_has(struct imap_candidate *c, struct slice field, struct slice text)
{
	struct slice header;

	if (!imap_candidate_fields(c, field, &header))
		return false;
	return gather(c, header, field) && slice_find(buf_slice(&c->fields), text) >= 0;
}

bool imap_candidate_header(struct imap_candidate *c, struct slice text)
{
	struct msg_field field;

	if (!read_whole(c))
		return false;
	if (!c->has_header) {
		struct slice header = c->whole; /* no further than its empty line */

		while (msg_field_next(&header, &field)) {
			text_fold(&c->header, field.name, c->unicode);
			buf_addz(&c->header, ": ");
			add_value(c, field.value, &c->header);
		}
		c->has_header = true;
	}
	return slice_find(buf_slice(&c->header), text) >= 0;
}

bool imap_candidate_sent(struct imap_candidate *c, int64_t *day)
{
	if (!imap_candidate_summary(c))
		return false;
	/* RFC 9051 §6.4.4: without time and zone, so as it was written. */
	int64_t when = c->summary.date + (int64_t)c->summary.zone * 60;
	*day = when / 86400 - (when % 86400 < 0);
	return true;
}

/* --- bodies --- */

/* The texts of a part and of those in it; a message in a message with its
   header. */
static void add_texts(struct imap_candidate *c, const struct msg_part *part, struct buf *out)
{
	struct msg_field field;

	for (; part; part = part->next) {
		if (part->parent && msg_is_message(part->parent)) {
			struct slice header = msg_header(part, c->whole);

			while (msg_field_next(&header, &field)) {
				buf_adds(out, msg_decode_text(&c->pool, field.value));
				buf_addc(out, '\n');
			}
		}
		msg_text(part, c->whole, out);
		buf_addc(out, '\n');
		add_texts(c, part->children, out);
	}
}

bool imap_candidate_text(struct imap_candidate *c, struct slice text)
{
	struct buf plain = { 0 };

	if (!c->has_text) {
		if (!read_whole(c))
			return false;
		add_texts(c, msg_parse(&c->pool, c->whole), &plain);
		text_fold(&c->text, buf_slice(&plain), c->unicode);
		buf_done(&plain);
		c->has_text = true;
	}
	return slice_find(buf_slice(&c->text), text) >= 0;
}

/* --- on --- */

void imap_candidate_next(struct imap_candidate *c, uint32_t seq)
{
	body_close(&c->body);
	if (c->pool.used > 0)
		pool_reset(&c->pool);
	c->whole = (struct slice){ 0 };
	c->has_summary = c->has_header = c->has_text = false;
	buf_clear(&c->header);
	buf_clear(&c->text);
	c->seq = seq;
	c->entry = box_snap_nth(c->snap, seq);
}

void imap_candidate_done(struct imap_candidate *c)
{
	body_close(&c->body);
	pool_done(&c->pool);
	buf_done(&c->record);
	buf_done(&c->header);
	buf_done(&c->fields);
	buf_done(&c->text);
}
