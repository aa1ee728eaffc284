/* summary_structure.c - BODYSTRUCTURE and BODY (RFC 9051 §7.5.2) */
#include "storage/summary_private.h"

struct writer {
	struct summary_out out;
	struct slice message;
	bool extended;
};

static void blank(struct writer *w)
{
	buf_addc(w->out.buf, ' ');
}

static void nil(struct writer *w)
{
	buf_adds(w->out.buf, SLICE("NIL"));
}

static void put_nstring(struct writer *w, struct slice s)
{
	blank(w);
	summary_nstring(&w->out, s.n > 0 ? s : slice_of(NULL, 0));
}

static void put_number(struct writer *w, uint64_t n)
{
	blank(w);
	buf_addu(w->out.buf, n);
}

static void put_params(struct writer *w, const struct msg_param *p)
{
	const struct msg_param *first = p;

	blank(w);
	if (!p || summary_full(&w->out)) {
		nil(w);
		return;
	}
	buf_addc(w->out.buf, '(');
	for (; p && !summary_full(&w->out); p = p->next) {
		if (p != first)
			blank(w);
		summary_upper(&w->out, p->name);
		blank(w);
		summary_string(&w->out, p->value);
	}
	buf_addc(w->out.buf, ')');
}

static void put_disposition(struct writer *w, const struct msg_part *part)
{
	blank(w);
	if (part->disposition.n == 0 || summary_full(&w->out)) {
		nil(w);
		return;
	}
	buf_addc(w->out.buf, '(');
	summary_upper(&w->out, part->disposition);
	put_params(w, part->disposition_params);
	buf_addc(w->out.buf, ')');
}

/* The tag alone, without a comment behind it. */
static struct slice language_tag(struct slice item)
{
	struct slice tag = slice_trim(item);
	size_t n = 0;

	while (n < tag.n && !memchr(" \t\r\n(", tag.p[n], 5))
		n++;
	return slice_head(tag, n);
}

/* RFC 3282: tags with commas between them */
static void put_language(struct writer *w, struct slice value)
{
	size_t n = 0;

	blank(w);
	while (value.n > 0 && !summary_full(&w->out)) {
		struct slice tag = language_tag(slice_cut(&value, ','));

		if (tag.n == 0)
			continue;
		buf_addc(w->out.buf, n++ ? ' ' : '(');
		summary_string(&w->out, tag);
	}
	if (n > 0)
		buf_addc(w->out.buf, ')');
	else
		nil(w);
}

static void put_extension(struct writer *w, const struct msg_part *part)
{
	put_disposition(w, part);
	put_language(w, part->language);
	put_nstring(w, part->location);
}

static void put_part(struct writer *w, const struct msg_part *part);

static void put_multipart(struct writer *w, const struct msg_part *part)
{
	for (const struct msg_part *p = part->children; p; p = p->next)
		put_part(w, p);
	blank(w);
	summary_upper(&w->out, part->subtype);
	if (!w->extended)
		return;
	put_params(w, part->params);
	put_extension(w, part);
}

static void put_single(struct writer *w, const struct msg_part *part)
{
	summary_upper(&w->out, part->type);
	blank(w);
	summary_upper(&w->out, part->subtype);
	put_params(w, part->params);
	put_nstring(w, part->id);
	put_nstring(w, part->description);
	blank(w);
	summary_upper(&w->out, part->encoding);
	put_number(w, part->end - part->body);
	if (msg_is_message(part)) {
		blank(w);
		summary_put_envelope(&w->out, msg_header(part->children, w->message));
		blank(w);
		put_part(w, part->children);
	}
	if (msg_is_message(part) || slice_eq(part->type, SLICE("text")))
		put_number(w, part->lines);
	if (!w->extended)
		return;
	put_nstring(w, part->md5);
	put_extension(w, part);
}

static void put_part(struct writer *w, const struct msg_part *part)
{
	buf_addc(w->out.buf, '(');
	if (msg_is_multipart(part))
		put_multipart(w, part);
	else
		put_single(w, part);
	buf_addc(w->out.buf, ')');
}

void summary_structure(
    const struct msg_part *root, struct slice message, bool extended, struct buf *out)
{
	struct writer w = {
		.out = { out, out->n + SUMMARY_STRUCTURE_MAX },
		.message = message,
		.extended = extended,
	};

	put_part(&w, root);
}

void summary_body(struct slice message, struct buf *out)
{
	struct pool pool = { 0 };

	summary_structure(msg_parse(&pool, message), message, false, out);
	pool_done(&pool);
}
