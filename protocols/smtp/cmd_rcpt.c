/* cmd_rcpt.c - RCPT TO: local users, and with a login everybody else */
#include "core/ban.h"
#include "core/loop.h"
#include "core/text.h"
#include "protocols/smtp/check.h"
#include "protocols/smtp/milter.h"

CONF_KEY(smtp_max_recipients) = {
	.name = "smtp.max-recipients",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_LISTENER | CONF_POLICY,
	.def = "1000", /* RFC 5321 §4.5.3.1.8: at least 100; fewer for who is not trusted */
	.min = 1,
	.max = 100000,
	.help = "recipients of one message",
};

static const char full[] = "452 4.5.3 Too many recipients";
static const char unknown[] = "550 5.1.1 No such user here";
static const char no_answer[] = "451 4.3.0 Cannot look that up now, try again later";

/* RFC 5321 §4.1.1.3: <postmaster> without a domain is ours. */
static const char *complete(struct pool *pool, struct slice *path)
{
	struct dir_domain domain;

	if (!slice_ieq(*path, SLICE("postmaster")))
		return NULL;
	int found = dir_main_domain(pool, &domain);
	if (found < 0)
		return loop_thread() ? smtp_later : no_answer;
	if (found == 1)
		*path = slice_str(pool_printf(pool, "postmaster@%s", domain.name));
	return NULL;
}

static const char *check_room(const struct dir_target *target, uint64_t size)
{
	for (; target; target = target->next) {
		if (!target->account || target->quota == 0)
			continue;
		if (loop_thread())
			return smtp_later;
		switch (deliver_room(target, size)) {
		case 1:
			continue;
		case 0:
			return "452 4.2.2 The mailbox is full";
		default:
			return no_answer;
		}
	}
	return NULL;
}

/* An address of somebody else's domain: a target of its own. */
static const char *relay(const struct smtp *smtp, struct slice path, struct dir_target **target)
{
	if (!smtp->login && !smtp_relays(smtp))
		return "550 5.7.1 Not a domain of this server, and you did not log in";
	*target = pool_get(&smtp->mail->pool, sizeof **target);
	(*target)->address = pool_str(&smtp->mail->pool, path);
	return NULL;
}

static const char *route(struct smtp *smtp, struct slice path, struct dir_target **target)
{
	struct smtp_mail *mail = smtp->mail;

	switch (dir_route(path, &mail->pool, target)) {
	case DIR_LOCAL:
		return check_room(*target, mail->declared);
	case DIR_REMOTE:
		return relay(smtp, path, target);
	case DIR_UNKNOWN:
		return unknown;
	case DIR_LATER:
		return smtp_later;
	default:
		return no_answer;
	}
}

static const char *add(struct smtp *smtp, struct slice args, struct deliver_rcpt *asked)
{
	struct smtp_mail *mail = smtp->mail;
	struct dir_target *target = NULL;
	struct slice path, params;
	struct address address;
	const char *why;

	if (!slice_istarts(args, SLICE("TO:")))
		return "501 5.5.4 RCPT TO:<address>";
	if (mail->n_rcpts >= (unsigned)smtp_num(smtp, &conf_key_smtp_max_recipients))
		return full;
	why = smtp_path(slice_from(args, 3), &path, &params);
	if (!why)
		why = smtp_params(smtp, asked, params, SMTP_RCPT);
	if (why)
		return why;
	why = complete(&mail->pool, &path);
	if (why)
		return why;
	if (!address_parse(&mail->pool, path, &address))
		return "553 5.1.3 That is no address";
	if (!mail->smtputf8 && !slice_is_ascii(path)) /* RFC 6531 3.5 */
		return smtp_needs_utf8;
	asked->original = pool_slice(&mail->pool, path);
	why = route(smtp, path, &target);
	if (why)
		return why;
	asked->target = target;
	why = smtp_check_rcpt(smtp, asked);
	if (why)
		return why;
	smtp_add_recipients(mail, target, asked);
	return NULL;
}

/* Of what is refused filters may want to know; offences are counted once that is settled. */
static const char *judge(struct smtp *smtp, struct slice args)
{
	struct deliver_rcpt asked = { 0 };
	const char *why = add(smtp, args, &asked), *wait;

	if (!why || why == smtp_later || why == smtp_network)
		return why;
	wait = milters_refused(smtp, asked.original, why);
	if (wait)
		return wait;
	if (why == unknown)
		ban_offence(sess_peer(smtp->sess), BAN_RECIPIENT);
	return why;
}

static enum sess_next run(struct smtp *smtp, struct slice args)
{
	if (smtp->mail->text) /* RFC 3030 §2 */
		return smtp_fault(smtp, "503 5.5.1 The message has begun by BDAT");
	const char *why = judge(smtp, args);
	if (why == full && smtp->mail->full_said)
		return smtp_reply(smtp, why);
	smtp->mail->full_said = why == full;
	if (why)
		return smtp_refuse_or_wait(smtp, why, args);
	smtp->phase = SMTP_RCPT;
	return smtp_reply(smtp, "250 2.1.5 Recipient fine");
}

SMTP_COMMAND(rcpt) = { .name = "RCPT",
	.phases = SMTP_MAIL | SMTP_RCPT,
	.instant = true,
	.help = "RCPT TO:<address> [parameters]: one more recipient",
	.run = run };
