/* accept.c - the whole message has come: trace lines, delivery, the 250 or why not */
#include <time.h>

#include "core/log.h"
#include "core/loop.h"
#include "core/msg.h"
#include "core/text.h"
#include "protocols/smtp/origin.h"
#include "protocols/smtp/smtp.h"

CONF_KEY(smtp_max_hops) = {
	.name = "smtp.max-hops",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_LISTENER | CONF_POLICY,
	.def = "50", /* RFC 5321 §6.3: at least 100 Received or a lower, sensible number */
	.min = 5,
	.max = 1000,
	.help = "Received lines from which on a message is taken to run in circles",
};

enum { TRACE_USUAL = 512 }; /* bytes */

/* RFC 3848: ESMTP or LMTP, with S for TLS and A for a login; RFC 6531 §4.3: UTF8. */
static void with_protocol(const struct smtp *smtp, struct buf *out)
{
	bool lmtp = smtp_is_lmtp(smtp);

	buf_addz(out, smtp->mail->smtputf8 ? "UTF8" : smtp->esmtp && !lmtp ? "E" : "");
	buf_addz(out, lmtp ? "LMTP" : "SMTP");
	if (sess_is_tls(smtp->sess))
		buf_addc(out, 'S');
	if (smtp->login)
		buf_addc(out, 'A');
}

/* Machines have names that are none (RFC 6531 3.7.1: A-labels). They are heard all the same,
   but the field stays ASCII, and its one ';' is ours. */
static void write_helo(const char *helo, struct buf *out)
{
	for (; *helo; helo++)
		buf_addc(out, *helo > ' ' && *helo < 0x7f && *helo != ';' ? *helo : '?');
}

static void write_path(const struct smtp *smtp, struct buf *out)
{
	buf_addz(out, "Return-Path: <");
	buf_adds(out, smtp->mail->reverse_path);
	buf_addz(out, ">\r\nReceived: from ");
	write_helo(smtp->helo, out);
	buf_addz(out, " ([");
	buf_addz(out, sess_peer_text(smtp->sess));
	buf_addz(out, "])\r\n\tby ");
}

static void write_tls(const struct smtp *smtp, struct buf *out)
{
	struct tls_info tls;

	if (sess_tls_info(smtp->sess, &tls))
		buf_printf(out, "\r\n\t(%s %s)", tls.version, tls.cipher);
}

/* Return-Path and Received (RFC 5321 §4.4). Written for each message: without printf. */
static void write_trace(struct smtp *smtp, uint64_t mid, time_t now, struct buf *out)
{
	const struct smtp_mail *mail = smtp->mail;
	char date[40];

	buf_room(out, TRACE_USUAL);
	write_path(smtp, out);
	smtp_host_name(smtp, out);
	buf_addz(out, " (Signet) with ");
	with_protocol(smtp, out);
	buf_addz(out, " id ");
	buf_addu(out, mid);
	write_tls(smtp, out);
	if (mail->n_rcpts == 1) { /* more would tell one recipient of another */
		buf_addz(out, "\r\n\tfor <");
		buf_adds(out, mail->rcpts->original);
		buf_addc(out, '>');
	}
	buf_addz(out, "; ");
	buf_addz(out, date_rfc5322(now, date));
	buf_addz(out, "\r\n");
	buf_adds(out, buf_slice(&mail->fields));
}

/* RFC 8689 §3: its sender would rather have it delivered than secret. The first field
   counts. */
static void read_tls_required(struct smtp_head *head, struct slice value)
{
	head->tls_optional = !head->says_tls && slice_ieq(slice_trim(value), SLICE("No"));
	head->says_tls = true;
}

void smtp_read_head(struct smtp *smtp, struct slice message)
{
	struct smtp_head head = { 0 };
	struct msg_field field;

	while (msg_field_next(&message, &field)) {
		head.hops += slice_ieq(field.name, SLICE("Received"));
		head.results |= slice_ieq(field.name, SLICE("Authentication-Results"));
		if (slice_ieq(field.name, SLICE("TLS-Required")))
			read_tls_required(&head, field.value);
	}
	smtp->mail->head = head;
}

/* NULL, or why this text can't be taken. */
static const char *judge(const struct smtp_text *text, bool binary)
{
	if (text->size > text->max)
		return "552 5.3.4 Message too large";
	if (binary)
		return NULL;
	if (text->bare)
		return "554 5.6.0 CR or LF alone in the message: lines end in CR LF";
	if (text->nul)
		return "554 5.6.0 NUL in the message";
	if (text->long_line)
		return "554 5.6.0 Line too long in the message";
	return NULL;
}

const char *smtp_delivery_failed(const struct err *err)
{
	log_event(err->kind == ERR_TEMP ? LOG_ERROR : LOG_INFO, "not-delivered",
	    log_z("reason", err->text));
	return err->kind == ERR_LIMIT ? "452 4.2.2 A mailbox is full"
				      : "451 4.3.0 Cannot be stored now, try again later";
}

/* The first of them speaks for all; NULL when somebody has taken it. */
static const struct deliver_rcpt *find_rejection(const struct deliver_rcpt *rcpts)
{
	for (const struct deliver_rcpt *rcpt = rcpts; rcpt; rcpt = rcpt->next)
		if (rcpt->fate != DELIVER_REJECTED)
			return NULL;
	return rcpts;
}

/* What is delivered, to these recipients. */
static struct deliver *describe(struct smtp *smtp, struct slice message, struct deliver_rcpt *rcpts)
{
	struct smtp_mail *mail = smtp->mail;
	uint64_t mid = smtp_is_lmtp(smtp) ? log_id() : smtp_mail_id(smtp);

	sess_mid(smtp->sess, mid);
	buf_clear(&mail->trace);
	write_trace(smtp, mid, time(NULL), &mail->trace);
	mail->deliver = (struct deliver){ .mid = mid,
		.reverse_path = mail->reverse_path,
		.trace = buf_slice(&mail->trace),
		.message = message,
		.rcpts = rcpts,
		.envid = mail->envid,
		.ret = mail->ret,
		.smtputf8 = mail->smtputf8,
		.body8 = mail->body8,
		.junk = slice_str(mail->junk),
		.sender = smtp->account,
		.require_tls = mail->require_tls,
		.tls_optional = !mail->require_tls && mail->head.tls_optional,
		.priority = smtp_priority(smtp),
		.release = mail->release,
		.each_answers = smtp_is_lmtp(smtp),
		.login = smtp->login,
		.pool = &mail->pool };
	return &mail->deliver;
}

static void log_message(const struct smtp *smtp)
{
	if (!smtp->mail->asks_chain) /* else it was said before */
		log_event(LOG_INFO, "message", log_s("from", smtp->mail->reverse_path));
}

static void count_delivered(struct smtp *smtp, const struct deliver *d)
{
	smtp->messages++;
	log_event(LOG_INFO, find_rejection(d->rcpts) ? "rejected" : "accepted",
	    log_s("from", d->reverse_path), log_n("recipients", smtp->mail->n_rcpts),
	    log_n("size", (int64_t)d->message.n), log_z("login", smtp->login ? smtp->login : ""));
}

int smtp_deliver(struct smtp *smtp, struct slice message, struct deliver_rcpt *rcpts, uint64_t *mid,
    struct err *err)
{
	struct deliver *d = describe(smtp, message, rcpts);

	*mid = d->mid;
	log_message(smtp);
	if (deliver(d, err) != 0)
		return -1;
	count_delivered(smtp, d);
	return 0;
}

/* --- without a thread that waits for the disk --- */

static void on_stored(void *arg)
{
	const struct smtp *smtp = arg;

	sess_resume(smtp->sess);
}

static int begin(struct smtp *smtp, struct err *err)
{
	return deliver_begin(&smtp->mail->deliver, on_stored, smtp, &smtp->mail->delivery, err);
}

/* A copy that is passed on is sealed, which needs to know of the seals before: on a thread
   that may ask the DNS; elsewhere mail->asks_chain says so. */
static int begin_sealed(struct smtp *smtp, struct err *err)
{
	struct deliver *d = &smtp->mail->deliver;
	bool *asks = d->asks_chain = &smtp->mail->asks_chain;

	smtp_chain_known(smtp, d);
	*asks = false;
	int rc = begin(smtp, err);
	if (rc == 0 || !*asks || !network_thread())
		return rc;
	smtp_chain_find(smtp, d);
	*asks = false;
	return begin(smtp, err);
}

static enum sess_next store(struct smtp *smtp, struct slice message)
{
	struct err err = { 0 };

	if (smtp_is_lmtp(smtp))
		return lmtp_deliver(smtp, message);
	describe(smtp, message, smtp->mail->rcpts);
	log_message(smtp);
	if (begin_sealed(smtp, &err) != 0)
		return smtp->mail->asks_chain ? SESS_NETWORK
					      : smtp_reply(smtp, smtp_delivery_failed(&err));
	return SESS_WAIT;
}

static enum sess_next answer_stored(struct smtp *smtp)
{
	const struct deliver *d = &smtp->mail->deliver;
	const struct deliver_rcpt *rejection;
	struct err err = { 0 };

	if (deliver_end(&smtp->mail->delivery, &err) != 0)
		return smtp_reply(smtp, smtp_delivery_failed(&err));
	count_delivered(smtp, d);
	rejection = find_rejection(d->rcpts);
	if (rejection)
		return smtp_rejected(smtp, rejection->why);
	if (smtp_priority(smtp) != smtp->mail->priority) /* RFC 6710 §4.1 */
		return smtp_replyf(smtp, "250 2.3.6 %d is the new priority, stored as %llu",
		    smtp_priority(smtp), (unsigned long long)d->mid);
	buf_addz(sess_out(smtp->sess), "250 2.0.0 Stored as ");
	buf_addu(sess_out(smtp->sess), d->mid);
	return smtp_reply(smtp, "");
}

enum sess_next smtp_stored(struct smtp *smtp)
{
	if (loop_thread() && deliver_end_waits(smtp->mail->delivery))
		return SESS_LATER;
	smtp->mode = SMTP_COMMANDS;
	enum sess_next next = answer_stored(smtp);
	smtp_mail_end(smtp);
	return next;
}

/* RFC 2033 §4.2: LMTP has a reply for each recipient that was taken. */
static enum sess_next answer(struct smtp *smtp, const char *reply)
{
	for (unsigned i = 1; smtp_is_lmtp(smtp) && i < smtp->mail->n_rcpts; i++)
		smtp_reply(smtp, reply);
	smtp_reply(smtp, reply);
	return strncmp(reply, "421", 3) == 0 ? SESS_CLOSE : SESS_NEXT; /* RFC 5321 3.8 */
}

/* The message as it came, or the reply by which it is refused. */
static const char *read_message(struct smtp *smtp, struct slice *message)
{
	struct err err = { 0 };
	const char *why = judge(&smtp->text, smtp->mail->binary);
	bool checked = smtp->mail->asks_chain;

	if (!why && spool_map(smtp->mail->text, message, &err) != 0)
		return smtp_delivery_failed(&err);
	if (checked)
		return why;
	if (!why)
		smtp_read_head(smtp, *message);
	if (!why && smtp->mail->head.hops >= (unsigned)smtp_num(smtp, &conf_key_smtp_max_hops))
		why = "554 5.4.6 Too many hops: the message runs in circles";
	if (!why)
		why = smtp_check_text(smtp, message);
	if (why && why != smtp_later && why != smtp_network)
		smtp_refused(smtp, why, smtp->mail->reverse_path);
	return why;
}

/* A check wants it so; who sent it shall not learn that. */
static enum sess_next discard(struct smtp *smtp)
{
	log_event(LOG_INFO, "discarded", log_s("from", smtp->mail->reverse_path),
	    log_n("recipients", smtp->mail->n_rcpts));
	return smtp_reply(smtp, "250 2.0.0 Taken");
}

enum sess_next smtp_accept(struct smtp *smtp)
{
	struct slice message;

	const char *why = read_message(smtp, &message);
	if (why == smtp_later || why == smtp_network) {
		smtp->mode = SMTP_ACCEPT; /* here again, also when a chunk has led here */
		return why == smtp_later ? SESS_LATER : SESS_NETWORK;
	}
	smtp->mode = SMTP_COMMANDS;
	enum sess_next next = why ? answer(smtp, why)
	    : smtp->mail->discard ? discard(smtp)
				  : store(smtp, message);
	if (next == SESS_NETWORK || next == SESS_WAIT)
		smtp->mode = next == SESS_WAIT ? SMTP_STORING : SMTP_ACCEPT;
	else
		smtp_mail_end(smtp);
	return next;
}
