/* milter_edit.c - a message while filters change it: its fields in a list, its body
 *
 * Whatever a filter brings, the message stays one: lines end in CR LF, a field's
 * further lines begin with a blank, there are no NULs. */
#include "core/msg.h"
#include "protocols/smtp/milter.h"

static struct edit_field *field_new(struct pool *pool, const struct msg_field *from)
{
	struct edit_field *field = pool_get(pool, sizeof(*field));

	*field = (struct edit_field){ .name = from->name, .value = from->value, .raw = from->raw };
	return field;
}

void edit_begin(struct milter_edit *edit, struct slice message)
{
	struct edit_field **last = &edit->first;
	struct msg_field field;

	*edit = (struct milter_edit){ 0 };
	while (msg_field_next(&message, &field)) {
		*last = field_new(&edit->pool, &field);
		last = &(*last)->next;
	}
	edit->body = message;
}

void edit_done(struct milter_edit *edit)
{
	buf_done(&edit->new_body);
	pool_done(&edit->pool);
}

/* --- fields --- */

static bool count_change(struct milter_edit *edit, size_t bytes)
{
	edit->changes++;
	edit->bytes += bytes;
	edit->changed = true;
	return edit->changes <= EDIT_CHANGES_MAX && edit->bytes <= EDIT_BYTES_MAX;
}

/* Lines of a value, however they end, as lines of a field. */
static void put_value(struct buf *out, struct slice value)
{
	bool first = true;

	while (value.n > 0) {
		struct slice line = slice_cut(&value, '\n');

		while (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (!first && line.n == 0)
			continue; /* an empty line would end the header */
		if (!first)
			buf_addz(out, line.p[0] == ' ' || line.p[0] == '\t' ? "\r\n" : "\r\n\t");
		for (size_t i = 0; i < line.n; i++)
			buf_addc(out, line.p[i] == '\r' ? ' ' : line.p[i]);
		first = false;
	}
	buf_addz(out, "\r\n");
}

static struct edit_field *make_field(
    struct pool *pool, struct slice name, struct slice value, bool spaced)
{
	struct buf text = { 0 };
	struct msg_field made;

	buf_printf(&text, "%.*s:%s", SLICE_ARG(name), spaced ? "" : " ");
	put_value(&text, value);
	struct slice rest = pool_slice(pool, buf_slice(&text));
	buf_done(&text);
	msg_field_next(&rest, &made);
	return field_new(pool, &made);
}

bool edit_insert(
    struct milter_edit *edit, uint32_t index, struct slice name, struct slice value, bool spaced)
{
	struct edit_field **at = &edit->first;

	while (*at && index-- > 0)
		at = &(*at)->next;
	struct edit_field *field = make_field(&edit->pool, name, value, spaced);
	field->next = *at;
	*at = field;
	return count_change(edit, field->raw.n);
}

bool edit_add(struct milter_edit *edit, struct slice name, struct slice value, bool spaced)
{
	return edit_insert(edit, UINT32_MAX, name, value, spaced);
}

bool edit_change(struct milter_edit *edit, const struct milter_header *header, bool spaced)
{
	struct edit_field **at = &edit->first;
	uint32_t nth = header->index > 0 ? header->index : 1;

	while (*at && !(slice_ieq((*at)->name, header->name) && --nth == 0))
		at = &(*at)->next;
	if (header->value.n == 0) {
		if (*at)
			*at = (*at)->next;
		return count_change(edit, 0);
	}
	if (!*at)
		return edit_add(edit, header->name, header->value, spaced);
	struct edit_field *field = make_field(&edit->pool, header->name, header->value, spaced);
	field->next = (*at)->next;
	*at = field;
	return count_change(edit, field->raw.n);
}

/* --- the body --- */

/* The first piece of a filter's takes the place of what was there. */
bool edit_body(struct milter_edit *edit, struct slice piece, size_t max)
{
	struct buf *body = &edit->new_body;

	if (!edit->replaced)
		buf_clear(body);
	edit->replaced = edit->changed = true;
	if (piece.n > max || body->n > max - piece.n)
		return false;
	for (size_t i = 0; i < piece.n; i++) {
		bool after_cr = body->n > 0 && body->p[body->n - 1] == '\r';

		if (after_cr != (piece.p[i] == '\n'))
			buf_addc(body, after_cr ? '\n' : '\r');
		if (piece.p[i] != '\0')
			buf_addc(body, piece.p[i]);
	}
	return true;
}

void edit_settle(struct milter_edit *edit)
{
	struct buf *body = &edit->new_body;

	if (!edit->replaced)
		return;
	if (body->n > 0 && body->p[body->n - 1] == '\r')
		buf_addc(body, '\n');
	edit->body = pool_slice(&edit->pool, buf_slice(body));
	edit->replaced = false;
	buf_clear(body);
}

/* --- all of it --- */

static int add(struct spool *spool, struct slice data, struct err *err)
{
	return spool_add(spool, data) ? spool_spill(spool, err) : 0;
}

int edit_write(const struct milter_edit *edit, struct spool **out, struct err *err)
{
	int rc = 0;

	*out = spool_new();
	for (const struct edit_field *f = edit->first; rc == 0 && f; f = f->next)
		rc = add(*out, f->raw, err);
	if (rc == 0)
		rc = add(*out, SLICE("\r\n"), err);
	for (struct slice rest = edit->body; rc == 0 && rest.n > 0;
	     rest = slice_from(rest, MILTER_CHUNK))
		rc = add(*out, slice_head(rest, MILTER_CHUNK), err);
	if (rc != 0)
		spool_free(out);
	return rc;
}
