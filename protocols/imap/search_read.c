/* search_read.c - read of a message what a search asks for, and no more than once */
#include "core/log.h"
#include "core/msg.h"
#include "protocols/imap/search.h"
#include "storage/find_text.h"

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
	buf_clear(&c->fields);
	return find_text_field(&c->pool, header, field, &c->fields) &&
	    slice_find(buf_slice(&c->fields), text) >= 0;
}

bool imap_candidate_header(struct imap_candidate *c, struct slice text)
{
	if (!read_whole(c))
		return false;
	if (!c->has_header) {
		find_text_header(&c->pool, c->whole, &c->header);
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

bool imap_candidate_text(struct imap_candidate *c, struct slice text)
{
	if (!c->has_text) {
		if (!read_whole(c))
			return false;
		find_text_body(&c->pool, c->whole, &c->text);
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
	c->scores = c->n_scores = 0;
	c->seq = seq;
	c->entry = box_snap_nth(c->snap, seq);
}

void imap_candidate_done(struct imap_candidate *c)
{
	body_close(&c->body);
	find_view_free(&c->find);
	pool_done(&c->pool);
	buf_done(&c->record);
	buf_done(&c->header);
	buf_done(&c->fields);
	buf_done(&c->text);
}
