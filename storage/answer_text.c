/* answer_text.c - the text of an automatic answer (RFC 3834 3, RFC 5230 5) */
#include <time.h>

#include "core/msg.h"
#include "core/text.h"
#include "storage/answer.h"
#include "storage/dir.h"

enum { SUBJECT_MAX = 400, REFERENCES_MAX = 2000, LINE_MAX_BYTES = 900 };

/* Where a text may be cut so that no character of UTF-8 is. */
static size_t cut_at(struct slice text, size_t most)
{
	size_t n = text.n < most ? text.n : most;

	while (n < text.n && n > 0 && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

static void put_subject(const struct answer *answer, struct pool *pool, struct buf *out)
{
	struct slice text = answer->vacation.subject;
	struct msg_field field;

	if (text.n == 0) {
		text = SLICE("Automatic answer");
		if (msg_field_find(answer->message, SLICE("Subject"), &field))
			text = slice_str(pool_printf(
			    pool, "Auto: %.*s", SLICE_ARG(msg_decode_text(pool, field.value))));
	}
	text = slice_head(text, cut_at(text, SUBJECT_MAX));
	char *line = pool_str(pool, text);
	for (char *p = line; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	buf_addz(out, "Subject: ");
	if (slice_is_ascii(slice_str(line)) && text.n < 70)
		buf_addz(out, line);
	else
		msg_put_words(out, "utf-8", slice_str(line));
	buf_addz(out, "\r\n");
}

/* RFC 5230 5.8: what is answered; only what is made of message ids goes in. */
static struct slice ids_of(const struct answer *answer, const char *name, struct pool *pool)
{
	struct msg_field field;
	struct slice ids = { 0 };

	if (msg_field_find(answer->message, slice_str(name), &field))
		ids = slice_trim(msg_unfold(pool, field.value));
	for (size_t i = 0; i < ids.n; i++)
		if ((unsigned char)ids.p[i] < ' ' || (unsigned char)ids.p[i] > 0x7e)
			return (struct slice){ 0 };
	return ids.n <= REFERENCES_MAX ? ids : (struct slice){ 0 };
}

static void put_words(struct buf *out, struct slice words)
{
	for (struct slice word; (word = slice_word(&words)).n > 0;)
		buf_printf(out, "\r\n %.*s", SLICE_ARG(word));
}

static void put_references(const struct answer *answer, struct pool *pool, struct buf *out)
{
	struct slice id = ids_of(answer, "Message-ID", pool),
		     before = ids_of(answer, "References", pool);

	if (id.n == 0)
		return;
	buf_printf(out, "In-Reply-To: %.*s\r\nReferences:", SLICE_ARG(id));
	put_words(out, before);
	put_words(out, id);
	buf_addz(out, "\r\n");
}

/* With :from an address of the account's own; else that of the account. */
static struct slice from_of(const struct answer *answer, struct pool *pool)
{
	struct dir_target *target;
	struct slice from = answer->vacation.from;

	if (from.n > 0 && dir_route(from, pool, &target) == DIR_LOCAL &&
	    target->account == answer->account)
		return from;
	return answer->address;
}

/* --- the body --- */

static bool is_plain(struct slice text)
{
	while (text.n > 0)
		if (slice_cut(&text, '\n').n > LINE_MAX_BYTES)
			return false;
	return true;
}

static void put_lines(struct buf *out, struct slice text)
{
	while (text.n > 0) {
		struct slice line = slice_cut(&text, '\n');
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		buf_printf(out, "%.*s\r\n", SLICE_ARG(line));
	}
}

static void put_base64(struct buf *out, struct slice text)
{
	enum { BYTES = 57 };

	for (; text.n > 0; text = slice_from(text, BYTES)) {
		base64_put(out, slice_head(text, BYTES));
		buf_addz(out, "\r\n");
	}
}

static void put_text(struct buf *out, struct slice text)
{
	bool plain = slice_is_ascii(text) && is_plain(text);

	buf_printf(out,
	    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n",
	    plain ? "7bit" : "base64");
	if (plain)
		put_lines(out, text);
	else
		put_base64(out, text);
}

void answer_write(const struct answer *answer, uint64_t mid, struct pool *pool, struct buf *out)
{
	struct slice from = from_of(answer, pool);
	char date[40];

	buf_printf(
	    out, "From: <%.*s>\r\nTo: <%.*s>\r\n", SLICE_ARG(from), SLICE_ARG(answer->sender));
	put_subject(answer, pool, out);
	buf_printf(out, "Date: %s\r\nMessage-ID: <%llu.answer@%.*s>\r\n",
	    date_rfc5322(time(NULL), date), (unsigned long long)mid,
	    SLICE_ARG(slice_from(from, (size_t)slice_rchr(from, '@') + 1)));
	put_references(answer, pool, out);
	buf_addz(out,
	    "Auto-Submitted: auto-replied\r\nPrecedence: bulk\r\n"
	    "X-Auto-Response-Suppress: All\r\nMIME-Version: 1.0\r\n");
	if (answer->vacation.mime)
		put_lines(out, answer->text);
	else
		put_text(out, answer->text);
}
