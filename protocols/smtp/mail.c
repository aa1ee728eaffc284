/* mail.c - a mail transaction: what MAIL begins and RSET forgets */
#include <stdlib.h>

#include "core/log.h"
#include "protocols/smtp/smtp.h"

void smtp_mail_begin(struct smtp *smtp)
{
	smtp_mail_end(smtp);
	smtp->mail = mem_get(sizeof *smtp->mail);
	smtp->mail->last_rcpt = &smtp->mail->rcpts;
}

uint64_t smtp_mail_id(struct smtp *smtp)
{
	if (smtp->mail->mid == 0)
		smtp->mail->mid = log_id();
	return smtp->mail->mid;
}

void smtp_add_recipients(
    struct smtp_mail *mail, const struct dir_target *target, const struct deliver_rcpt *asked)
{
	for (; target; target = target->next) {
		struct deliver_rcpt *rcpt = pool_get(&mail->pool, sizeof *rcpt);

		*rcpt = *asked;
		rcpt->target = target;
		*mail->last_rcpt = rcpt;
		mail->last_rcpt = &rcpt->next;
	}
	mail->n_rcpts++;
}

void smtp_mail_end(struct smtp *smtp)
{
	smtp->mode = SMTP_COMMANDS;
	if (smtp->phase > SMTP_READY)
		smtp->phase = SMTP_READY;
	if (!smtp->mail)
		return;
	sess_mid(smtp->sess, 0);
	spool_free(&smtp->mail->text);
	buf_done(&smtp->mail->fields);
	buf_done(&smtp->mail->trace);
	pool_done(&smtp->mail->pool);
	free(smtp->mail);
	smtp->mail = NULL;
}
