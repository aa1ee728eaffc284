/* header.c - the header of a message, parted */
#include "smime/header.h"

#include "core/msg.h"

static const struct slice structural = { "Content-", 8 };

/* A field with its lines, the last of which may lack its end. */
static void put_field(struct buf *out, struct slice raw)
{
	while (raw.n > 0) {
		struct slice line = slice_cut(&raw, '\n');
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		buf_adds(out, line);
		buf_add(out, "\r\n", 2);
	}
}

/* --- hidden (RFC 9788) --- */

/* What servers wrote on the way is not the sender's. */
static bool is_trace(struct slice name)
{
	static const char *const trace[] = { "Received", "Return-Path", "Delivered-To",
		"DKIM-Signature", "Authentication-Results", "Received-SPF" };

	for (size_t i = 0; i < sizeof(trace) / sizeof(*trace); i++)
		if (slice_ieq(name, slice_str(trace[i])))
			return true;
	return slice_istarts(name, SLICE("ARC-"));
}

/* RFC 9788 3.2.1: the subject is made of three dots, comments and keywords go.
   Says what is left of the field in sight; empty: nothing. */
static struct slice obscured(const struct msg_field *field)
{
	if (slice_ieq(field->name, SLICE("Subject")))
		return SLICE("Subject: [...]\r\n");
	if (slice_ieq(field->name, SLICE("Comments")) || slice_ieq(field->name, SLICE("Keywords")))
		return (struct slice){ 0 };
	return field->raw;
}

/* RFC 9788 2.2: HP-Outer: NAME: VALUE */
static void hide_field(const struct msg_field *field, struct buf *outer, struct buf *inner)
{
	struct slice shown = obscured(field);

	put_field(inner, field->raw);
	if (shown.n == 0)
		return;
	buf_addz(inner, "HP-Outer: ");
	put_field(inner, shown);
	put_field(outer, shown);
}

/* RFC 9788 2.1.1: the parameter that says that header fields are inside. */
static void put_type(struct buf *inner, struct slice raw)
{
	put_field(inner, slice_trim(raw));
	inner->n -= 2;
	buf_addz(inner, ";\r\n\thp=\"cipher\"\r\n");
}

/* --- the whole --- */

static void part_field(
    const struct msg_field *field, bool hide, struct buf *outer, struct buf *inner)
{
	if (slice_istarts(field->name, structural))
		put_field(inner, field->raw);
	else if (slice_ieq(field->name, SLICE("MIME-Version")))
		return;
	else if (hide && field->name.n > 0 && !is_trace(field->name))
		hide_field(field, outer, inner);
	else
		put_field(outer, field->raw);
}

void smime_part_header(struct slice *message, bool hide, struct buf *outer, struct buf *inner)
{
	struct msg_field field;
	bool typed = !hide;

	while (msg_field_next(message, &field)) {
		if (!typed && slice_ieq(field.name, SLICE("Content-Type"))) {
			put_type(inner, field.raw);
			typed = true;
		} else {
			part_field(&field, hide, outer, inner);
		}
	}
	if (!typed) /* RFC 2045 5.2: what a message without the field is */
		put_type(inner, SLICE("Content-Type: text/plain; charset=us-ascii"));
	buf_add(inner, "\r\n", 2);
}
