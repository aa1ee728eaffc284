/* mail.c - a mail transaction: what MAIL begins and RSET forgets */
#include <stdlib.h>

#include "protocols/smtp/smtp.h"

void smtp_mail_begin(struct smtp *smtp)
{
	smtp_mail_end(smtp);
	smtp->mail = mem_get(sizeof *smtp->mail);
	smtp->mail->last_rcpt = &smtp->mail->rcpts;
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
	pool_done(&smtp->mail->pool);
	free(smtp->mail);
	smtp->mail = NULL;
}
