/* fetch_section.c - sections of a message: "[1.2.HEADER.FIELDS (DATE)]<0.100>" (RFC 9051 §6.4.5.1)
 */
#include "core/msg.h"
#include "protocols/imap/fetch.h"

enum { DEPTH_MAX = 2 * MSG_DEPTH_MAX }; /* a message in a message takes two numbers */

static const char *const text_names[] = {
	[IMAP_ALL] = "",
	[IMAP_HEADER] = "HEADER",
	[IMAP_FIELDS] = "HEADER.FIELDS",
	[IMAP_FIELDS_NOT] = "HEADER.FIELDS.NOT",
	[IMAP_TEXT] = "TEXT",
	[IMAP_MIME] = "MIME",
};
enum { N_TEXTS = sizeof text_names / sizeof *text_names };

/* --- reading --- */

/* Numbers with '.' behind each but the last, where one stands when a word
   follows. */
static bool parse_path(struct pool *pool, struct slice *in, struct imap_section *out)
{
	uint32_t path[DEPTH_MAX];

	while (in->n > 0 && *in->p >= '0' && *in->p <= '9') {
		if (out->depth == DEPTH_MAX || !imap_nz_number(in, &path[out->depth++]))
			return false;
		if (in->n > 0 && *in->p == ']')
			break;
		if (!imap_take(in, '.'))
			return false;
	}
	if (out->depth > 0) {
		uint32_t *copy = pool_get(pool, out->depth * sizeof *copy);

		memcpy(copy, path, out->depth * sizeof *copy);
		out->path = copy;
	}
	return true;
}

static bool parse_text(struct slice *in, struct imap_section *out)
{
	struct slice word;

	if (in->n > 0 && *in->p == ']')
		return out->depth == 0 || in->p[-1] != '.';
	if (!imap_word(in, &word))
		return false;
	for (size_t i = 1; i < N_TEXTS; i++) {
		if (slice_ieq(word, slice_str(text_names[i]))) {
			out->text = (enum imap_text)i;
			return i != IMAP_MIME || out->depth > 0;
		}
	}
	return false;
}

static size_t count_blanks(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && s.p[i] != ')'; i++)
		n += s.p[i] == ' ';
	return n;
}

/* SP "(" astring *(SP astring) ")" */
static bool parse_fields(struct pool *pool, struct slice *in, struct imap_section *out)
{
	if (!imap_take(in, ' ') || !imap_take(in, '('))
		return false;
	size_t max = count_blanks(*in) + 1;
	struct slice *fields = pool_get(pool, max * sizeof *fields);
	do {
		if (out->n_fields == max || !imap_astring(pool, in, &fields[out->n_fields]))
			return false;
		out->n_fields++;
	} while (imap_take(in, ' '));
	out->fields = fields;
	return imap_take(in, ')');
}

bool imap_section_parse(struct pool *pool, struct slice *in, struct imap_section *out)
{
	if (!imap_take(in, '[') || !parse_path(pool, in, out) || !parse_text(in, out))
		return false;
	if (imap_section_is_fields(out) && !parse_fields(pool, in, out))
		return false;
	if (!imap_take(in, ']'))
		return false;
	out->partial = imap_take(in, '<');
	return !out->partial ||
	    (imap_number(in, &out->from) && imap_take(in, '.') && imap_nz_number(in, &out->count) &&
		imap_take(in, '>'));
}

/* --- writing --- */

/* As an atom where that is possible: clients look for what they sent. */
static void put_field_name(struct slice name, struct buf *out)
{
	size_t n = 0;

	while (n < name.n && imap_atom_char(name.p[n]))
		n++;
	if (n > 0 && n == name.n)
		buf_adds(out, name);
	else
		imap_put_string(out, name);
}

void imap_section_put(const struct imap_section *section, struct buf *out)
{
	buf_addc(out, '[');
	for (size_t i = 0; i < section->depth; i++) {
		if (i > 0)
			buf_addc(out, '.');
		buf_addu(out, section->path[i]);
	}
	if (section->depth > 0 && section->text != IMAP_ALL)
		buf_addc(out, '.');
	buf_addz(out, text_names[section->text]);
	for (size_t i = 0; i < section->n_fields; i++) {
		buf_addz(out, i == 0 ? " (" : " ");
		put_field_name(section->fields[i], out);
	}
	if (section->n_fields > 0)
		buf_addc(out, ')');
	buf_addc(out, ']');
	if (section->partial) {
		buf_addc(out, '<');
		buf_addu(out, section->from);
		buf_addc(out, '>');
	}
}

/* --- finding --- */

bool imap_section_find(const struct imap_section *section, const struct summary *summary,
    uint64_t size, uint64_t *from, uint64_t *end)
{
	static const enum summary_section sections[] = {
		[IMAP_ALL] = SUMMARY_WHOLE,
		[IMAP_HEADER] = SUMMARY_HEADER,
		[IMAP_FIELDS] = SUMMARY_HEADER,
		[IMAP_FIELDS_NOT] = SUMMARY_HEADER,
		[IMAP_TEXT] = SUMMARY_TEXT,
		[IMAP_MIME] = SUMMARY_MIME,
	};

	/* These need no summary; fields are looked for as far as the header goes. */
	if (section->depth == 0 && (section->text == IMAP_ALL || imap_section_is_fields(section))) {
		*from = 0;
		*end = size;
		return true;
	}
	return summary_section(
	    summary, section->path, section->depth, sections[section->text], from, end);
}

const struct msg_part *imap_section_part(const struct msg_part *part, uint64_t body)
{
	for (; part; part = part->next) {
		const struct msg_part *below =
		    part->body == body ? part : imap_section_part(part->children, body);

		if (below)
			return below;
	}
	return NULL;
}

/* --- header fields --- */

static bool is_named(const struct imap_section *section, struct slice name)
{
	for (size_t i = 0; i < section->n_fields; i++)
		if (slice_ieq(section->fields[i], name))
			return true;
	return false;
}

void imap_section_fields(const struct imap_section *section, struct slice header, struct buf *out)
{
	bool wanted = section->text == IMAP_FIELDS;
	struct msg_field field;

	while (msg_field_next(&header, &field))
		if (is_named(section, field.name) == wanted)
			buf_adds(out, field.raw);
	buf_addz(out, "\r\n");
}
