/* check_milter.c - filters are asked: at MAIL, at each RCPT, and about the whole message
 *
 * A filter hears of the connection and of HELO when the first MAIL comes: of who
 * sends no mail it need not know, and by then TLS and login are as they will be. */
#include "core/log.h"
#include "core/msg.h"
#include "protocols/smtp/milter.h"

#include <stdlib.h>

/* --- one command to one filter --- */

struct step {
	char command;
	enum milter_stage stage;
	enum milter_step left_out, mute;
};

static const struct step step_connect = {
	MILTER_CONNECT,
	MILTER_AT_CONNECT,
	MILTER_NO_CONNECT,
	MILTER_MUTE_CONNECT,
};
static const struct step step_helo = {
	MILTER_HELO,
	MILTER_AT_HELO,
	MILTER_NO_HELO,
	MILTER_MUTE_HELO,
};
static const struct step step_mail = {
	MILTER_MAIL,
	MILTER_AT_MAIL,
	MILTER_NO_MAIL,
	MILTER_MUTE_MAIL,
};
static const struct step step_rcpt = {
	MILTER_RCPT,
	MILTER_AT_RCPT,
	MILTER_NO_RCPT,
	MILTER_MUTE_RCPT,
};
static const struct step step_data = {
	MILTER_DATA,
	MILTER_AT_DATA,
	MILTER_NO_DATA,
	MILTER_MUTE_DATA,
};
static const struct step step_header = {
	MILTER_HEADER,
	MILTER_STAGES,
	MILTER_NO_HEADERS,
	MILTER_MUTE_HEADER,
};
static const struct step step_headers_end = {
	MILTER_HEADERS_END,
	MILTER_AT_HEADERS_END,
	MILTER_NO_HEADERS_END,
	MILTER_MUTE_HEADERS_END,
};
static const struct step step_body = {
	MILTER_BODY,
	MILTER_STAGES,
	MILTER_NO_BODY,
	MILTER_MUTE_BODY,
};

/* What becomes of mail without this filter. */
static const char *without(const struct milter_link *link)
{
	switch (link->spec.away) {
	case MILTER_AWAY_ACCEPT:
		return NULL;
	case MILTER_AWAY_REJECT:
		return "550 5.7.1 It cannot be checked";
	default:
		return "451 4.7.1 It cannot be checked now, try again later";
	}
}

static bool is_asked(const struct smtp *smtp, const struct milter_link *link)
{
	return link->state == MILTER_OPEN && !link->message_is_fine && !smtp->mail->discard;
}

/* NULL: go on, perhaps without asking this one any more. */
static const char *obey(struct smtp *smtp, struct milter_link *link, enum milter_stage stage,
    enum milter_verdict verdict, const char *reply)
{
	switch (verdict) {
	case MILTER_SAYS_FINE:
		if (stage < MILTER_AT_MAIL)
			link->state = MILTER_DONE;
		link->message_is_fine = true;
		return NULL;
	case MILTER_SAYS_DISCARD:
		smtp->mail->discard = true;
		return NULL;
	case MILTER_SAYS_NO:
		if (stage < MILTER_AT_MAIL)
			link->refusal = pool_str(&link->pool, slice_str(reply));
		return reply;
	case MILTER_SAYS_CLOSE:
		link->refusal = reply;
		return reply;
	case MILTER_SAYS_NOTHING:
		return without(link);
	default:
		return NULL;
	}
}

/* Say what data is, and obey. skip: that it wants no more of these; may be NULL. */
static const char *take(struct smtp *smtp, struct milter_link *link, const struct step *step,
    struct slice data, const struct deliver_rcpt *rcpt, bool *skip)
{
	const char *reply = NULL;

	if (!is_asked(smtp, link) || link->options.steps & (uint32_t)step->left_out)
		return NULL;
	if (step->stage < MILTER_STAGES)
		milter_put_macros(smtp, link, step->stage, step->command, rcpt);
	milter_put(&link->out, step->command, data);
	if (link->options.steps & (uint32_t)step->mute)
		return milter_say(link) ? NULL : without(link);
	enum milter_verdict verdict =
	    milter_ask(link, milter_timeout(link), NULL, NULL, &smtp->mail->pool, &reply);
	if (skip && verdict == MILTER_SAYS_SKIP)
		*skip = true;
	return obey(smtp, link, step->stage, verdict, reply);
}

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
	const char *why = take(smtp, link, &step_connect, buf_slice(&data), NULL, NULL);
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
	const char *why = take(smtp, link, &step_helo, buf_slice(&data), NULL, NULL);
	buf_done(&data);
	return why;
}

static void put_path(struct slice address, struct buf *out)
{
	struct buf path = { 0 };

	buf_printf(&path, "<%.*s>", SLICE_ARG(address));
	milter_put_text(out, buf_slice(&path));
	buf_done(&path);
}

static const char *say_mail(struct smtp *smtp, struct milter_link *link)
{
	const struct smtp_mail *mail = smtp->mail;
	struct buf data = { 0 }, size = { 0 };

	put_path(mail->reverse_path, &data);
	if (mail->declared > 0) {
		buf_printf(&size, "SIZE=%llu", (unsigned long long)mail->declared);
		milter_put_text(&data, buf_slice(&size));
	}
	if (mail->body8)
		milter_put_text(&data, SLICE("BODY=8BITMIME"));
	if (mail->smtputf8)
		milter_put_text(&data, SLICE("SMTPUTF8"));
	link->in_message = true;
	const char *why = take(smtp, link, &step_mail, buf_slice(&data), NULL, NULL);
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
		return without(link);
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

	put_path(rcpt->original, &data);
	for (size_t i = 0; !why && i < m->n; i++)
		why = m->link[i].state == MILTER_LOST
		    ? without(&m->link[i])
		    : take(smtp, &m->link[i], &step_rcpt, buf_slice(&data), rcpt, NULL);
	buf_done(&data);
	return why;
}

/* --- the message --- */

static void put_field(
    const struct milter_link *link, const struct edit_field *field, struct buf *out)
{
	struct slice value = field->value;

	if (!(link->options.steps & MILTER_LEADING_SPACE) && value.n > 0 && value.p[0] == ' ')
		value = slice_from(value, 1);
	milter_put_text(out, field->name);
	for (struct slice rest = value; rest.n > 0;) {
		struct slice line = slice_cut(&rest, '\n');
		bool more = rest.p != NULL;

		if (more && line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		buf_adds(out, line);
		if (more)
			buf_addc(out, '\n');
	}
	buf_addc(out, '\0');
}

static const char *say_fields(
    struct smtp *smtp, struct milter_link *link, const struct milter_edit *edit)
{
	const char *why = NULL;
	struct buf data = { 0 };

	for (const struct edit_field *f = edit->first; !why && f; f = f->next) {
		buf_clear(&data);
		put_field(link, f, &data);
		if (f->name.n > 0 && data.n <= MILTER_CHUNK)
			why = take(smtp, link, &step_header, buf_slice(&data), NULL, NULL);
	}
	buf_done(&data);
	return why;
}

static const char *say_body(
    struct smtp *smtp, struct milter_link *link, const struct milter_edit *edit)
{
	const char *why = NULL;
	bool skip = false;

	for (struct slice rest = edit->body; !why && !skip && rest.n > 0;
	     rest = slice_from(rest, MILTER_CHUNK))
		why = take(smtp, link, &step_body, slice_head(rest, MILTER_CHUNK), NULL, &skip);
	return why;
}

/* All of it was seen: what is its verdict, and what is to be changed? */
static const char *say_end(struct smtp *smtp, struct milter_link *link, struct milter_edit *edit)
{
	struct milter_changing changing = { .smtp = smtp, .link = link, .edit = edit };
	const char *reply = NULL;

	if (!is_asked(smtp, link))
		return NULL;
	milter_put_macros(smtp, link, MILTER_AT_END, MILTER_END, NULL);
	milter_put(&link->out, MILTER_END, (struct slice){ 0 });
	enum milter_verdict verdict = milter_ask(
	    link, milter_end_timeout(), milter_do_change, &changing, &smtp->mail->pool, &reply);
	link->in_message = false;
	const char *why = obey(smtp, link, MILTER_AT_END, verdict, reply);
	if (why || verdict == MILTER_SAYS_NOTHING || smtp->mail->discard)
		return why;
	edit_settle(edit);
	return milter_quarantine(&changing);
}

static const char *ask_text(struct smtp *smtp, struct milter_link *link, struct milter_edit *edit)
{
	const char *why;

	if (link->state == MILTER_LOST)
		return without(link);
	why = take(smtp, link, &step_data, (struct slice){ 0 }, NULL, NULL);
	if (!why)
		why = say_fields(smtp, link, edit);
	if (!why)
		why = take(smtp, link, &step_headers_end, (struct slice){ 0 }, NULL, NULL);
	if (!why)
		why = say_body(smtp, link, edit);
	return why ? why : say_end(smtp, link, edit);
}

static const char *finish(struct smtp *smtp, const struct milter_edit *edit)
{
	struct spool *text = NULL;
	struct err err = { 0 };

	if (smtp->mail->n_rcpts == 0)
		smtp->mail->discard = true; /* the filters left nobody */
	if (!edit->changed || smtp->mail->discard)
		return NULL;
	if (edit_write(edit, &text, &err) != 0)
		return smtp_delivery_failed(&err);
	smtp_replace_text(smtp, &text);
	return NULL;
}

static const char *check_text(struct smtp *smtp, struct slice message)
{
	struct milters *m = milters_of(smtp);
	struct milter_edit edit;
	const char *why = NULL;

	edit_begin(&edit, message);
	for (size_t i = 0; !why && i < m->n; i++)
		why = ask_text(smtp, &m->link[i], &edit);
	if (!why)
		why = finish(smtp, &edit);
	edit_done(&edit);
	return why;
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
