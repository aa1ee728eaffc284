/* cmd_data.c - DATA: the text follows */
#include "protocols/smtp/smtp.h"

static enum sess_next run(struct smtp *smtp, struct slice args)
{
	(void)args;
	if (smtp->mail->binary) /* RFC 3030 §3 */
		return smtp_fault(smtp, "503 5.5.1 BINARYMIME comes by BDAT");
	if (smtp->mail->text) /* RFC 3030 §2 */
		return smtp_fault(smtp, "503 5.5.1 The message comes by BDAT");
	smtp_text_begin(smtp);
	return smtp_reply(smtp, "354 Send the message, end with a line of one dot");
}

SMTP_COMMAND(data) = { .name = "DATA",
	.phases = SMTP_RCPT,
	.instant = true,
	.no_args = true,
	.help = "DATA: the message follows and ends with a line of one dot",
	.run = run };
