/* check_fix.c - what a submitted message lacks, or should not have (RFC 6409 8)
 *
 * Date and Message-ID are added, Bcc is taken out, and Sender says who sent what is From
 * somebody else. */
#include <time.h>

#include "core/log.h"
#include "core/msg.h"
#include "core/text.h"
#include "protocols/smtp/check.h"

CONF_KEY(smtp_fix_submitted) = {
	.name = "smtp.fix-submitted",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_POLICY,
	.def = "on",
	.help = "give submitted messages the Date and Message-ID that they lack, and take out Bcc",
};

enum from { FROM_ANY, FROM_SENDER, FROM_OWN };
static const char *const from_names[] = { "any", "sender", "own", NULL };

CONF_KEY(smtp_from) = {
	.name = "smtp.from",
	.type = CONF_CHOICE,
	.scopes = CONF_SERVER | CONF_POLICY,
	.def = "sender",
	.choices = from_names,
	.help = "a submitted message is From an address that its sender may not use: any lets it "
		"be, sender names the account in a Sender field, own refuses it",
};

/* What is in the header. */
struct header {
	bool date, id, from;
	bool foreign; /* a From address that is not the sender's */
	bool drop;    /* a field that goes */
};

static bool goes(struct slice name, bool foreign)
{
	return slice_ieq(name, SLICE("Bcc")) || slice_ieq(name, SLICE("Resent-Bcc")) ||
	    slice_ieq(name, SLICE("Return-Path")) || (foreign && slice_ieq(name, SLICE("Sender")));
}

/* NULL, or the wish to be asked elsewhere, or that nothing can be looked up now. */
static const char *read_from(struct smtp *smtp, struct slice value, struct header *header)
{
	struct pool *pool = &smtp->mail->pool;

	for (struct msg_address *a = msg_addresses(pool, value); a; a = a->next) {
		if (a->kind != MSG_MAILBOX || header->foreign)
			continue;
		header->from = true;
		const char *address =
		    pool_printf(pool, "%.*s@%.*s", SLICE_ARG(a->mailbox), SLICE_ARG(a->host));
		const char *why = smtp_check_own(smtp, slice_str(address));
		if (why && why != smtp_not_yours)
			return why;
		header->foreign = why != NULL;
	}
	return NULL;
}

static const char *read_header(struct smtp *smtp, struct slice message, struct header *header)
{
	bool ask = smtp_num(smtp, &conf_key_smtp_from) != FROM_ANY;
	const char *why = NULL;
	struct msg_field field;

	while (!why && msg_field_next(&message, &field)) {
		header->date |= slice_ieq(field.name, SLICE("Date"));
		header->id |= slice_ieq(field.name, SLICE("Message-ID"));
		header->drop |= goes(field.name, true);
		if (ask && slice_ieq(field.name, SLICE("From")))
			why = read_from(smtp, field.value, header);
	}
	return why;
}

static void add_lacking(struct smtp *smtp, const struct header *header)
{
	struct pool *pool = &smtp->mail->pool;
	struct slice login = slice_str(smtp->login);
	struct slice domain = slice_from(login, (size_t)(slice_rchr(login, '@') + 1));
	char date[40];

	if (!header->date)
		smtp_add_field(smtp, "Date", slice_str(date_rfc5322(time(NULL), date)));
	if (!header->id)
		smtp_add_field(smtp, "Message-ID",
		    slice_str(pool_printf(pool, "<%llu.submitted@%.*s>",
			(unsigned long long)log_id(), SLICE_ARG(domain))));
}

static const char *take_out(struct smtp *smtp, struct slice message, bool foreign)
{
	struct slice rest = message;
	struct msg_field field;
	struct buf text = { 0 };

	while (msg_field_next(&rest, &field))
		if (!goes(field.name, foreign))
			buf_adds(&text, field.raw);
	if (rest.n > 0 || slice_iends(message, SLICE("\r\n\r\n")))
		buf_addz(&text, "\r\n");
	buf_adds(&text, rest);
	const char *why = smtp_replace_by(smtp, buf_slice(&text));
	buf_done(&text);
	return why;
}

static const char *check_text(struct smtp *smtp, struct slice message)
{
	struct header header = { .date = false };
	const char *why = read_header(smtp, message, &header);
	enum from from = (enum from)smtp_num(smtp, &conf_key_smtp_from);
	bool fix = smtp_on(smtp, &conf_key_smtp_fix_submitted);

	if (why)
		return why;
	if (from == FROM_OWN && (header.foreign || !header.from))
		return "550 5.7.1 The message is From an address that is not yours";
	if (header.foreign)
		smtp_add_field(
		    smtp, "Sender", slice_str(pool_printf(&smtp->mail->pool, "<%s>", smtp->login)));
	if (fix)
		add_lacking(smtp, &header);
	return header.drop && fix ? take_out(smtp, message, header.foreign) : NULL;
}

static bool wanted(const struct smtp *smtp)
{
	return smtp->login != NULL;
}

SMTP_CHECK(fix) = {
	.name = "submitted",
	.order = SMTP_CHECK_FIX,
	.needs = SMTP_NEEDS_DISK,
	.wanted = wanted,
	.text = check_text,
};
