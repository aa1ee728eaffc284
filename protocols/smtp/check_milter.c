/* check_milter.c - filters are asked: at MAIL, at each RCPT, and about the whole message
 *
 * A filter hears of the connection and of HELO when the first MAIL comes: of who
 * sends no mail it need not know, and by then TLS and login are as they will be. */
#include "protocols/smtp/milter.h"

#include <stdlib.h>

/* --- the connection, HELO, MAIL --- */

static void put_peer(struct smtp *smtp, struct buf *out)
{
	const struct sockaddr *peer = sess_peer(smtp->sess);
	const char *text = sess_peer_text(smtp->sess);
	bool ip = peer->sa_family == AF_INET || peer->sa_family == AF_INET6;
	struct buf name = { 0 };

	buf_printf(&name, "[%s]", text);
	milter_put_text(out, buf_slice(&name));
	buf_done(&name);
	if (!ip) {
		buf_addc(out, 'U');
		return;
	}
	buf_addc(out, strchr(text, ':') ? '6' : '4');
	buf_add(out, peer->sa_data, 2); /* the port, as both families have it */
	milter_put_text(out, slice_str(text));
}

static const char *say_connect(struct smtp *smtp, struct milter_link *link)
{
	struct buf data = { 0 };

	put_peer(smtp, &data);
	const char *why = milter_tell(smtp, link, TELL_CONNECT, buf_slice(&data), NULL, NULL);
	buf_done(&data);
	return why;
}

static const char *say_helo(struct smtp *smtp, struct milter_link *link)
{
	struct buf data = { 0 };

	if (link->helo && strcmp(link->helo, smtp->helo) == 0)
		return NULL;
	link->helo = pool_str(&link->pool, slice_str(smtp->helo));
	milter_put_text(&data, slice_str(smtp->helo));
	const char *why = milter_tell(smtp, link, TELL_HELO, buf_slice(&data), NULL, NULL);
	buf_done(&data);
	return why;
}

static const char *say_mail(struct smtp *smtp, struct milter_link *link)
{
	const struct smtp_mail *mail = smtp->mail;
	struct buf data = { 0 }, size = { 0 };

	milter_put_path(mail->reverse_path, &data);
	if (mail->declared > 0) {
		buf_printf(&size, "SIZE=%llu", (unsigned long long)mail->declared);
		milter_put_text(&data, buf_slice(&size));
	}
	if (mail->body8)
		milter_put_text(&data, SLICE("BODY=8BITMIME"));
	if (mail->smtputf8)
		milter_put_text(&data, SLICE("SMTPUTF8"));
	link->in_message = true;
	const char *why = milter_tell(smtp, link, TELL_MAIL, buf_slice(&data), NULL, NULL);
	buf_done(&data);
	buf_done(&size);
	return why;
}

/* Of the message before, which came to no end, the filter is told first. */
static void begin_message(struct milter_link *link)
{
	if (link->in_message && link->state == MILTER_OPEN)
		milter_put(&link->out, MILTER_ABORT, (struct slice){ 0 });
	link->in_message = link->message_is_fine = false;
}

static const char *ask_mail(struct smtp *smtp, struct milter_link *link)
{
	const char *why = NULL;
	bool fresh = link->state == MILTER_CLOSED || link->state == MILTER_LOST;

	if (link->refusal)
		return link->refusal;
	if (fresh)
		milter_close(link);
	link->helo = fresh ? NULL : link->helo;
	if (fresh && !milter_open(link))
		return milter_without(link);
	begin_message(link);
	if (fresh)
		why = say_connect(smtp, link);
	if (!why)
		why = say_helo(smtp, link);
	return why ? why : say_mail(smtp, link);
}

static struct milters *milters_of(struct smtp *smtp)
{
	struct milter_spec specs[MILTERS_MAX];
	struct buf text = { 0 };
	struct err err;

	if (smtp->milters)
		return smtp->milters;
	struct milters *m = smtp->milters = mem_get(sizeof(*m));
	smtp_conf_text(smtp, &conf_key_milter_use, &text);
	int n = milter_specs(buf_slice(&text), &m->pool, specs, &err);
	buf_done(&text);
	m->n = n > 0 ? (size_t)n : 0;
	for (size_t i = 0; i < m->n; i++)
		m->link[i].spec = specs[i];
	return m;
}

static const char *check_mail(struct smtp *smtp)
{
	struct milters *m = milters_of(smtp);
	const char *why = NULL;

	for (size_t i = 0; !why && i < m->n; i++)
		why = ask_mail(smtp, &m->link[i]);
	return why;
}

/* --- RCPT --- */

static const char *check_rcpt(struct smtp *smtp, const struct deliver_rcpt *rcpt)
{
	struct milters *m = milters_of(smtp);
	struct buf data = { 0 };
	const char *why = NULL;

	m->refused_by = NULL;
	milter_put_path(rcpt->original, &data);
	for (size_t i = 0; !why && i < m->n; i++) {
		struct milter_link *link = &m->link[i];

		why = link->state == MILTER_LOST
		    ? milter_without(link)
		    : milter_tell(smtp, link, TELL_RCPT, buf_slice(&data), rcpt, NULL);
		if (why)
			m->refused_by = link;
	}
	buf_done(&data);
	return why;
}

static const char *check_text(struct smtp *smtp, struct slice message)
{
	milters_of(smtp);
	return milters_ask_text(smtp, message);
}

static bool wanted(const struct smtp *smtp)
{
	return smtp->milters || smtp_names_any(smtp, &conf_key_milter_use);
}

void milters_free(struct milters **milters)
{
	struct milters *m = *milters;

	*milters = NULL;
	if (!m)
		return;
	for (size_t i = 0; i < m->n; i++)
		milter_close(&m->link[i]);
	pool_done(&m->pool);
	free(m);
}

SMTP_CHECK(milter) = {
	.name = "milter",
	.order = SMTP_CHECK_MILTER,
	.needs = SMTP_NEEDS_NETWORK,
	.wanted = wanted,
	.mail = check_mail,
	.rcpt = check_rcpt,
	.text = check_text,
};
