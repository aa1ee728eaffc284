/* report_text.c - a delivery status notification as text (RFC 3464, RFC 6522, RFC 6533) */
#include <stdio.h>
#include <time.h>

#include "core/conf.h"
#include "core/text.h"
#include "protocols/relay/body.h"
#include "protocols/relay/job.h"

CONF_KEY(relay_report_size) = {
	.name = "relay.report-size",
	.type = CONF_SIZE,
	.def = "1M",
	.max = INT64_C(1) << 30,
	.help = "messages up to this size are sent back whole to who asks for it (RET=FULL); of "
		"others the header is",
};

enum { HEADER_MAX_BYTES = 64 * 1024, BLOCK_BYTES = 16 * 1024 };

struct report {
	struct buf *out;
	uint64_t mid;
	const struct queue_entry *entry;
	struct slice domain;
	enum queue_state state;
	struct body *body;
	struct pool pool;
	struct slice host; /* ours */
	char boundary[64];
	bool utf8;
	unsigned words; /* that fit the first recipient, for all */
};

enum { HERE = QUEUE_FAILED + 1 }; /* more than passed on (RFC 3464 2.3.3) */

static const struct {
	const char *action, *subject, *text;
} words[] = {
	[QUEUE_WAITING] = { "delayed", "Your mail is delayed",
	    "Your message could not be delivered yet. It is still being tried; there is\r\n"
	    "nothing that you need to do." },
	[QUEUE_DELIVERED] = { "relayed", "Your mail was passed on",
	    "Your message was taken by the server of its recipient, which does not tell\r\n"
	    "what becomes of it from there." },
	[QUEUE_FAILED] = { "failed", "Your mail could not be delivered",
	    "Your message could not be delivered, and is not tried any more." },
	[HERE] = { "delivered", "Your mail was delivered",
	    "Your message was delivered into the mailbox of its recipient." },
};

static bool is_printable(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return true;
}

static bool is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

static const struct queue_rcpt *nth(const struct report *r, size_t i)
{
	const struct queue_rcpt *rcpt = &r->entry->rcpts[i];
	bool ours = rcpt->owed && rcpt->state == r->state && slice_eq(rcpt->domain, r->domain);

	return ours ? rcpt : NULL;
}

static unsigned words_of(const struct report *r, const struct queue_rcpt *rcpt)
{
	return r->state == QUEUE_DELIVERED && rcpt->here ? (unsigned)HERE : (unsigned)r->state;
}

/* --- xtext (RFC 3461 4) --- */

static int xtext_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decoded, as the fields want it; but left as it is when it would break a line. */
static void put_xtext(struct buf *out, struct slice s)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < s.n; i++) {
		bool coded = s.p[i] == '+' && i + 2 < s.n && xtext_digit(s.p[i + 1]) >= 0 &&
		    xtext_digit(s.p[i + 2]) >= 0;
		if (coded) {
			buf_addc(
			    &text, (char)(xtext_digit(s.p[i + 1]) * 16 + xtext_digit(s.p[i + 2])));
			i += 2;
		} else
			buf_addc(&text, s.p[i]);
	}
	buf_adds(out, is_printable(buf_slice(&text)) ? buf_slice(&text) : s);
	buf_done(&text);
}

/* --- header, and the part for people --- */

static void put_header(struct report *r)
{
	char date[40];

	buf_printf(r->out, "From: Mail Delivery <postmaster@%.*s>\r\n", SLICE_ARG(r->host));
	buf_printf(r->out, "To: <%.*s>\r\n", SLICE_ARG(r->entry->reverse_path));
	buf_printf(r->out, "Subject: %s\r\n", words[r->words].subject);
	buf_printf(r->out, "Date: %s\r\n", date_rfc5322(time(NULL), date));
	buf_printf(r->out, "Message-ID: <%llu.report@%.*s>\r\n", (unsigned long long)r->mid,
	    SLICE_ARG(r->host));
	buf_addz(r->out, "Auto-Submitted: auto-replied\r\n"); /* RFC 3834 5 */
	buf_addz(r->out, "MIME-Version: 1.0\r\n");
	buf_printf(r->out,
	    "Content-Type: multipart/report; report-type=%s;\r\n\tboundary=\"%s\"\r\n\r\n",
	    r->utf8 ? "global-delivery-status" : "delivery-status", r->boundary);
}

static void begin_part(struct report *r, const char *type, bool is_8bit)
{
	buf_printf(r->out, "--%s\r\nContent-Type: %s\r\n", r->boundary, type);
	if (is_8bit)
		buf_addz(r->out, "Content-Transfer-Encoding: 8bit\r\n");
	buf_addz(r->out, "\r\n");
}

static void put_words(struct report *r)
{
	char date[40];

	begin_part(r, "text/plain; charset=utf-8", r->utf8);
	buf_printf(r->out, "This is the mail server of %.*s.\r\n\r\n%s\r\n", SLICE_ARG(r->host),
	    words[r->words].text);
	buf_printf(
	    r->out, "\r\nIt came here on %s.\r\n", date_rfc5322((time_t)r->entry->queued, date));
	for (size_t i = 0; i < r->entry->n_rcpts; i++) {
		const struct queue_rcpt *rcpt = nth(r, i);

		if (!rcpt)
			continue;
		buf_printf(r->out, "\r\n<%.*s>\r\n", SLICE_ARG(rcpt->address));
		if (rcpt->host.n > 0)
			buf_printf(r->out, "    %.*s said:\r\n", SLICE_ARG(rcpt->host));
		buf_printf(r->out, "    %.*s\r\n", SLICE_ARG(rcpt->reply));
	}
	buf_addz(r->out, "\r\n");
}

/* --- the part for programs --- */

static const char *address_type(struct slice address)
{
	return is_ascii(address) ? "rfc822" : "utf-8"; /* RFC 6533 3 */
}

/* "mx.partner.test" of "mx.partner.test[192.0.2.1]:25" */
static struct slice host_name(struct slice host)
{
	ptrdiff_t end = slice_chr(host, '[');

	return end < 0 ? host : slice_head(host, (size_t)end);
}

static void put_original(struct report *r, const struct queue_rcpt *rcpt)
{
	struct slice address = rcpt->orcpt;

	if (rcpt->orcpt.n == 0)
		return;
	struct slice type = slice_cut(&address, ';');
	buf_printf(r->out, "Original-Recipient: %.*s;", SLICE_ARG(type));
	put_xtext(r->out, address);
	buf_addz(r->out, "\r\n");
}

static void put_recipient(struct report *r, const struct queue_rcpt *rcpt)
{
	char status[12], date[40];

	buf_addz(r->out, "\r\n");
	put_original(r, rcpt);
	buf_printf(r->out, "Final-Recipient: %s; %.*s\r\n", address_type(rcpt->address),
	    SLICE_ARG(rcpt->address));
	buf_printf(r->out, "Action: %s\r\n", words[words_of(r, rcpt)].action);
	buf_printf(
	    r->out, "Status: %s\r\n", reply_status(rcpt->reply, r->state == QUEUE_FAILED, status));
	if (rcpt->host.n > 0)
		buf_printf(r->out, "Remote-MTA: dns; %.*s\r\n", SLICE_ARG(host_name(rcpt->host)));
	if (reply_code(rcpt->reply))
		buf_printf(r->out, "Diagnostic-Code: smtp; %.*s\r\n", SLICE_ARG(rcpt->reply));
	else
		buf_printf(r->out, "Diagnostic-Code: x-signet; %.*s\r\n", SLICE_ARG(rcpt->reply));
	buf_printf(r->out, "Last-Attempt-Date: %s\r\n", date_rfc5322((time_t)rcpt->tried, date));
}

static void put_status(struct report *r)
{
	char date[40];

	begin_part(
	    r, r->utf8 ? "message/global-delivery-status" : "message/delivery-status", r->utf8);
	buf_printf(r->out, "Reporting-MTA: dns; %.*s\r\n", SLICE_ARG(r->host));
	if (r->entry->envid.n > 0) {
		buf_addz(r->out, "Original-Envelope-Id: ");
		put_xtext(r->out, r->entry->envid);
		buf_addz(r->out, "\r\n");
	}
	buf_printf(r->out, "Arrival-Date: %s\r\n", date_rfc5322((time_t)r->entry->queued, date));
	for (size_t i = 0; i < r->entry->n_rcpts; i++)
		if (nth(r, i))
			put_recipient(r, nth(r, i));
	buf_addz(r->out, "\r\n");
}

/* --- the message that it is about --- */

static void read_all(struct body *body, uint64_t from, uint64_t max, struct buf *out)
{
	ssize_t n = 1;

	while (n > 0 && out->n < max) {
		n = body_read(body, from, buf_room(out, BLOCK_BYTES), BLOCK_BYTES);
		if (n > 0) {
			out->n += (size_t)n;
			from += (uint64_t)n;
		}
	}
}

static void cut_to_header(struct buf *text)
{
	ptrdiff_t end = slice_find(buf_slice(text), SLICE("\r\n\r\n"));

	if (end >= 0)
		text->n = (size_t)end + 2;
	else if (text->n > HEADER_MAX_BYTES)
		text->n = HEADER_MAX_BYTES;
}

static void put_original_message(struct report *r)
{
	struct buf text = { 0 };

	if (!r->body)
		return;
	int64_t from = body_start(r->body);
	uint64_t most = (uint64_t)conf_num(&conf_key_relay_report_size);
	bool whole = r->state == QUEUE_FAILED && slice_ieq(r->entry->ret, SLICE("FULL")) &&
	    !r->entry->require_tls && body_size(r->body) <= most; /* RFC 8689 5 */

	if (from < 0)
		return;
	read_all(r->body, (uint64_t)from, whole ? body_size(r->body) : HEADER_MAX_BYTES, &text);
	if (!whole)
		cut_to_header(&text);
	bool is_8bit = !is_ascii(buf_slice(&text));
	if (whole)
		begin_part(r, is_8bit ? "message/global" : "message/rfc822", is_8bit);
	else
		begin_part(r, is_8bit ? "message/global-headers" : "text/rfc822-headers", is_8bit);
	buf_adds(r->out, buf_slice(&text));
	buf_addz(r->out, "\r\n");
	buf_done(&text);
}

void report_write(struct buf *out, uint64_t mid, const struct queue_entry *entry,
    struct slice domain, enum queue_state state, struct body *body)
{
	struct report r = { .out = out,
		.mid = mid,
		.entry = entry,
		.domain = domain,
		.state = state,
		.body = body,
		.utf8 = !is_ascii(entry->reverse_path) };

	for (size_t i = 0; i < entry->n_rcpts; i++)
		r.utf8 = r.utf8 || !is_ascii(entry->rcpts[i].address) ||
		    !is_ascii(entry->rcpts[i].orcpt);
	r.words = state;
	for (size_t i = entry->n_rcpts; i-- > 0;)
		if (nth(&r, i))
			r.words = words_of(&r, nth(&r, i));
	r.host = relay_own_name(&r.pool);
	snprintf(r.boundary, sizeof(r.boundary), "report-%llu-%lld", (unsigned long long)mid,
	    (long long)entry->queued);
	put_header(&r);
	put_words(&r);
	put_status(&r);
	put_original_message(&r);
	buf_printf(out, "--%s--\r\n", r.boundary);
	pool_done(&r.pool);
}
