/* cmd_data.c - DATA: the text follows */
#include "protocols/smtp/smtp.h"

static enum sess_next run(struct smtp *smtp, struct slice args)
{
	(void)args;
	smtp_text_begin(smtp);
	return smtp_reply(smtp, "354 Send the message, end with a line of one dot");
}

SMTP_COMMAND(data) = { .name = "DATA",
	.phases = SMTP_RCPT,
	.instant = true,
	.no_args = true,
	.help = "DATA",
	.run = run };
