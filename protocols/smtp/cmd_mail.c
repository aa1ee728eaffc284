/* cmd_mail.c - MAIL FROM: a transaction begins */
#include "core/text.h"
#include "protocols/smtp/check.h"
#include "protocols/smtp/smtp.h"

const char smtp_needs_utf8[] = "553 5.6.7 That address needs SMTPUTF8";

/* Canonical reverse-path in the transaction's pool, or the reply. */
static const char *read_sender(struct smtp_mail *mail, struct slice path)
{
	struct address address;

	if (path.n == 0)
		return NULL; /* <>: a notification */
	if (!address_parse(&mail->pool, path, &address))
		return "553 5.1.7 That is no address";
	mail->reverse_path = pool_slice(&mail->pool, path);
	return NULL;
}

/* Who logged in sends in his own name. */
static const char *check_owner(struct smtp *smtp)
{
	if (!smtp->login || smtp->mail->reverse_path.n == 0)
		return NULL;
	return smtp_check_own(smtp, smtp->mail->reverse_path);
}

static const char *begin(struct smtp *smtp, struct slice args)
{
	struct slice path, params;
	const char *why;

	if (!slice_istarts(args, SLICE("FROM:")))
		return "501 5.5.4 MAIL FROM:<address>";
	smtp_mail_begin(smtp);
	why = smtp_path(slice_from(args, 5), &path, &params);
	if (!why)
		why = read_sender(smtp->mail, path);
	if (!why)
		why = smtp_params(smtp, NULL, params, SMTP_MAIL);
	if (!why && !smtp->mail->smtputf8 && !slice_is_ascii(path)) /* RFC 6531 3.5 */
		why = smtp_needs_utf8;
	if (!why && smtp->mail->declared > (uint64_t)smtp_num(smtp, &conf_key_smtp_max_size))
		why = "552 5.3.4 Message too large";
	if (!why)
		why = check_owner(smtp);
	return why ? why : smtp_check_mail(smtp);
}

static enum sess_next run(struct smtp *smtp, struct slice args)
{
	if (smtp_needs_auth(smtp) && !smtp->login)
		return smtp_refuse(smtp,
		    sess_is_tls(smtp->sess) ? "530 5.7.0 Log in first"
					    : "530 5.7.0 Say STARTTLS first",
		    args);

	const char *why = begin(smtp, args);
	if (why) {
		enum sess_next next = smtp_refuse_or_wait(smtp, why, args);
		smtp_mail_end(smtp); /* the reply may lie in its pool */
		return next;
	}
	smtp->phase = SMTP_MAIL;
	return smtp_reply(smtp, "250 2.1.0 Sender fine");
}

SMTP_COMMAND(mail) = { .name = "MAIL",
	.phases = SMTP_READY,
	.instant = true,
	.help = "MAIL FROM:<address> [parameters]: begins a message, with its sender",
	.run = run };
