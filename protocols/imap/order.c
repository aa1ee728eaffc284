/* order.c - the criteria of SORT (RFC 5256 §3, RFC 5957), and the base subject */
#include "core/msg.h"
#include "core/text.h"
#include "protocols/imap/order.h"

struct slice imap_order_field(struct imap_candidate *c, struct slice name)
{
	struct msg_field field;
	struct slice header;

	if (!imap_candidate_fields(c, name, &header) || !msg_field_find(header, name, &field))
		return (struct slice){ 0 };
	return field.value;
}

int64_t imap_order_date(struct imap_candidate *c)
{
	return imap_candidate_summary(c) ? c->summary.date : c->entry->internal_date;
}

/* Append text in the form in which it is compared (RFC 5051, as far as case
   goes). */
static void imap_order_text(struct buf *out, struct slice utf8)
{
	size_t begin = out->n;

	text_fold(out, utf8, true);
	for (size_t i = begin; i < out->n; i++) /* RFC 5051 compares titles, not small letters */
		if (out->p[i] >= 'a' && out->p[i] <= 'z')
			out->p[i] = (char)(out->p[i] - ('a' - 'A'));
}

/* --- the base subject --- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct slice skip_blanks(struct slice s)
{
	while (s.n > 0 && is_blank(*s.p))
		s = slice_from(s, 1);
	return s;
}

/* subj-blob: "[" anything but brackets "]" *WSP. False: there is none. */
static bool skip_blob(struct slice *s)
{
	if (s->n == 0 || *s->p != '[')
		return false;
	for (size_t i = 1; i < s->n && s->p[i] != '['; i++) {
		if (s->p[i] == ']') {
			*s = skip_blanks(slice_from(*s, i + 1));
			return true;
		}
	}
	return false;
}

/* subj-refwd: ("re" / "fw" / "fwd") *WSP [subj-blob] ":" */
static bool skip_refwd(struct slice *s)
{
	static const char *const words[] = { "re", "fwd", "fw" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		struct slice word = slice_str(words[i]);

		if (!slice_istarts(*s, word))
			continue;
		struct slice rest = skip_blanks(slice_from(*s, word.n));
		skip_blob(&rest);
		if (rest.n == 0 || *rest.p != ':')
			continue;
		*s = slice_from(rest, 1);
		return true;
	}
	return false;
}

/* subj-leader: *subj-blob subj-refwd */
static bool skip_leader(struct slice *s)
{
	struct slice rest = *s;

	while (skip_blob(&rest))
		;
	if (!skip_refwd(&rest))
		return false;
	*s = rest;
	return true;
}

/* §2.1 (2): trailing "(fwd)" and blanks. */
static bool drop_trailers(struct slice *s)
{
	bool forwarded = false;

	for (;;) {
		if (s->n > 0 && is_blank(s->p[s->n - 1])) {
			s->n--;
		} else if (slice_iends(*s, SLICE("(fwd)"))) {
			s->n -= 5;
			forwarded = true;
		} else {
			return forwarded;
		}
	}
}

/* §2.1 (3) to (5): leaders, and blobs that are not all of it. */
static bool drop_leaders(struct slice *s)
{
	bool reply = false;

	for (;;) {
		struct slice rest;

		*s = rest = skip_blanks(*s);
		if (skip_leader(s)) {
			reply = true;
			continue;
		}
		/* No blob has a leader behind it: none needs to be looked for again. */
		while (skip_blob(&rest) && rest.n > 0)
			*s = rest;
		return reply;
	}
}

/* §2.1 (6): "[fwd: ... ]" */
static bool unwrap(struct slice *s)
{
	if (!slice_istarts(*s, SLICE("[fwd:")) || s->p[s->n - 1] != ']')
		return false;
	*s = slice_head(slice_from(*s, 5), s->n - 6);
	return true;
}

/* §2.1 (1): one blank for many. */
static struct slice squeeze(struct pool *pool, struct slice s)
{
	struct buf out = { 0 };

	for (size_t i = 0; i < s.n; i++)
		if (!is_blank(s.p[i]))
			buf_addc(&out, s.p[i]);
		else if (out.n == 0 || out.p[out.n - 1] != ' ')
			buf_addc(&out, ' ');
	s = pool_slice(pool, buf_slice(&out));
	buf_done(&out);
	return s;
}

bool imap_order_subject(struct pool *pool, struct slice subject, struct buf *out)
{
	struct slice s = squeeze(pool, msg_decode_text(pool, subject));
	bool reply = false, wrapped;

	do {
		reply |= drop_trailers(&s);
		reply |= drop_leaders(&s);
		wrapped = unwrap(&s);
		reply |= wrapped;
	} while (wrapped);
	imap_order_text(out, s);
	return reply;
}

/* --- the criteria --- */

static int64_t arrival(struct imap_candidate *c)
{
	return c->entry->internal_date;
}

static int64_t size(struct imap_candidate *c)
{
	return c->entry->size;
}

static void subject(struct imap_candidate *c, struct buf *out)
{
	imap_order_subject(&c->pool, imap_order_field(c, SLICE("Subject")), out);
}

/* The first address that has a mailbox, group names left out; NULL: none. */
static const struct msg_address *first_address(struct imap_candidate *c, struct slice name)
{
	const struct msg_address *it = msg_addresses(&c->pool, imap_order_field(c, name));

	while (it && it->kind != MSG_MAILBOX)
		it = it->next;
	return it;
}

static void mailbox(struct imap_candidate *c, struct slice name, struct buf *out)
{
	const struct msg_address *it = first_address(c, name);

	if (it)
		imap_order_text(out, it->mailbox);
}

/* RFC 5957 §3: the name, else the address. */
static void display(struct imap_candidate *c, struct slice name, struct buf *out)
{
	const struct msg_address *it = first_address(c, name);

	if (it && it->name.n > 0) {
		imap_order_text(out, msg_decode_text(&c->pool, it->name));
	} else if (it) {
		imap_order_text(out, it->mailbox);
		buf_addc(out, '@');
		imap_order_text(out, it->host);
	}
}

static void cc(struct imap_candidate *c, struct buf *out)
{
	mailbox(c, SLICE("Cc"), out);
}

static void from(struct imap_candidate *c, struct buf *out)
{
	mailbox(c, SLICE("From"), out);
}

static void to(struct imap_candidate *c, struct buf *out)
{
	mailbox(c, SLICE("To"), out);
}

static void display_from(struct imap_candidate *c, struct buf *out)
{
	display(c, SLICE("From"), out);
}

static void display_to(struct imap_candidate *c, struct buf *out)
{
	display(c, SLICE("To"), out);
}

IMAP_SORT_KEY(arrival) = { .name = "ARRIVAL", .number = arrival };
IMAP_SORT_KEY(cc) = { .name = "CC", .text = cc };
IMAP_SORT_KEY(date) = { .name = "DATE", .number = imap_order_date };
IMAP_SORT_KEY(displayfrom) = { .name = "DISPLAYFROM", .text = display_from };
IMAP_SORT_KEY(displayto) = { .name = "DISPLAYTO", .text = display_to };
IMAP_SORT_KEY(from) = { .name = "FROM", .text = from };
IMAP_SORT_KEY(size) = { .name = "SIZE", .number = size };
IMAP_SORT_KEY(subject) = { .name = "SUBJECT", .text = subject };
IMAP_SORT_KEY(to) = { .name = "TO", .text = to };
