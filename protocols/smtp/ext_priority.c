/* ext_priority.c - MT-PRIORITY (RFC 6710): urgent mail goes before other mail
 *
 * Who did not log in can say that his mail may wait, not that it is urgent. */
#include "core/num.h"
#include "protocols/smtp/check.h"
#include "storage/queue.h"

CONF_KEY(smtp_priority) = {
	.name = "smtp.priority",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_POLICY,
	.def = "4",
	.min = 0,
	.max = QUEUE_MOST,
	.help = "highest priority that who logged in can give to mail, of 9",
};

static void word(struct smtp *smtp, struct buf *out)
{
	if (!smtp_is_lmtp(smtp))
		buf_addz(out, "MT-PRIORITY");
}

static const char *set(struct smtp_mail *mail, struct deliver_rcpt *rcpt, struct slice value)
{
	int64_t priority;

	(void)rcpt;
	if (mail->priority_asked || !num_i64(value, QUEUE_LEAST, QUEUE_MOST, &priority))
		return "501 5.5.4 MT-PRIORITY=-9 to 9, once";
	mail->priority = (int)priority;
	mail->priority_asked = true;
	return NULL;
}

int smtp_priority(const struct smtp *smtp)
{
	int most = smtp->login ? (int)smtp_num(smtp, &conf_key_smtp_priority) : 0;

	return smtp->mail->priority < most ? smtp->mail->priority : most;
}

SMTP_EXTENSION(priority) = { .word = word };
SMTP_PARAM(priority) = { .name = "MT-PRIORITY", .phase = SMTP_MAIL, .set = set };
