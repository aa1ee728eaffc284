/* find_text.c - the text of a message as it is searched */
#include "storage/find_text.h"

#include "core/text.h"

void find_text_value(struct pool *pool, struct slice value, struct buf *out)
{
	text_fold(out, msg_decode_text(pool, value), true);
	buf_addc(out, '\n');
}

void find_text_name(struct slice name, struct buf *out)
{
	text_fold(out, name, true);
}

bool find_text_field(struct pool *pool, struct slice header, struct slice name, struct buf *out)
{
	struct msg_field field;
	bool found = false;

	while (msg_field_next(&header, &field)) {
		/* A line without a name is no field. */
		if (name.n == 0 || !slice_ieq(field.name, name))
			continue;
		found = true;
		find_text_value(pool, field.value, out);
	}
	return found;
}

static void add_fields(struct pool *pool, struct slice header, struct buf *out)
{
	struct msg_field field;

	while (msg_field_next(&header, &field)) {
		find_text_name(field.name, out);
		buf_addz(out, ": ");
		find_text_value(pool, field.value, out);
	}
}

static void add_parts(
    struct pool *pool, const struct msg_part *part, struct slice whole, struct buf *out)
{
	for (; part; part = part->next) {
		add_fields(pool, msg_header(part, whole), out);
		add_parts(pool, part->children, whole, out);
	}
}

void find_text_parts(struct pool *pool, struct slice whole, struct buf *out)
{
	add_parts(pool, msg_parse(pool, whole)->children, whole, out);
}

void find_text_header(struct pool *pool, struct slice whole, struct buf *out)
{
	add_fields(pool, whole, out);
	find_text_parts(pool, whole, out);
}

/* --- names of attachments --- */

static void add_percent(struct slice text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		int high = text.p[i] == '%' && i + 2 < text.n ? hex_digit(text.p[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(text.p[i + 2]) : -1;

		if (low >= 0)
			i += 2;
		buf_addc(out, low >= 0 ? (char)(high * 16 + low) : text.p[i]);
	}
}

/* RFC 2231 §4: charset'language'text with %XX. */
static void add_extended(struct slice value, struct buf *out)
{
	struct buf plain = { 0 };
	struct slice charset = slice_cut(&value, '\'');

	slice_cut(&value, '\'');
	add_percent(value, &plain);
	msg_utf8(out, charset, buf_slice(&plain));
	buf_done(&plain);
}

static void add_name(struct pool *pool, const struct msg_param *params, const char *plain,
    const char *extended, struct buf *out)
{
	struct slice value = msg_param(params, slice_str(extended));

	if (value.n > 0) {
		add_extended(value, out);
	} else {
		value = msg_param(params, slice_str(plain));
		if (value.n == 0)
			return;
		/* Not by the standard, but many send RFC 2047 words here. */
		buf_adds(out, msg_decode_text(pool, value));
	}
	buf_addc(out, '\n');
}

/* --- parts --- */

static void add_header(
    struct pool *pool, const struct msg_part *part, struct slice whole, struct buf *out)
{
	struct slice header = msg_header(part, whole);
	struct msg_field field;

	while (msg_field_next(&header, &field)) {
		buf_adds(out, msg_decode_text(pool, field.value));
		buf_addc(out, '\n');
	}
}

/* A report's machine-readable half, a part of a message in pieces, what is too deep: lines for
   a human's eye, too (RFC 3464 2.1, RFC 2046 5.2.2). */
static void add_lines(const struct msg_part *part, struct slice whole, struct buf *out)
{
	struct buf plain = { 0 };

	msg_content(part, slice_head(msg_body(part, whole), MSG_TEXT_MAX), &plain);
	msg_utf8(out, SLICE("utf-8"), buf_slice(&plain));
	buf_done(&plain);
}

static void add_texts(
    struct pool *pool, const struct msg_part *part, struct slice whole, struct buf *out)
{
	for (; part; part = part->next) {
		if (part->parent && msg_is_message(part->parent))
			add_header(pool, part, whole, out);
		add_name(pool, part->disposition_params, "filename", "filename*", out);
		add_name(pool, part->params, "name", "name*", out);
		if (!part->children && slice_eq(part->type, SLICE("message")))
			add_lines(part, whole, out);
		else
			msg_text(part, whole, out);
		buf_addc(out, '\n');
		add_texts(pool, part->children, whole, out);
	}
}

void find_text_body(struct pool *pool, struct slice whole, struct buf *out)
{
	struct buf plain = { 0 };

	add_texts(pool, msg_parse(pool, whole), whole, &plain);
	text_fold(out, buf_slice(&plain), true);
	buf_done(&plain);
}
