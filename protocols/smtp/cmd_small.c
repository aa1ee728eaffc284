/* cmd_small.c - RSET, NOOP, QUIT */
#include "protocols/smtp/smtp.h"

static enum sess_next rset(struct smtp *smtp, struct slice args)
{
	(void)args;
	smtp_mail_end(smtp);
	return smtp_reply(smtp, "250 2.0.0 Forgotten");
}

static enum sess_next noop(struct smtp *smtp, struct slice args)
{
	(void)args; /* RFC 5321 §4.1.1.9: ignored */
	return smtp_reply(smtp, "250 2.0.0 Here");
}

static enum sess_next quit(struct smtp *smtp, struct slice args)
{
	(void)args;
	smtp_reply(smtp, "221 2.0.0 Goodbye");
	return SESS_CLOSE;
}

SMTP_COMMAND(rset) = {
	.name = "RSET",
	.phases = SMTP_ANY,
	.no_args = true,
	.help = "RSET: forgets the message that was begun",
	.run = rset,
};

SMTP_COMMAND(noop) = {
	.name = "NOOP",
	.phases = SMTP_ANY,
	.instant = true,
	.help = "NOOP: does nothing",
	.run = noop,
};

SMTP_COMMAND(quit) = {
	.name = "QUIT",
	.phases = SMTP_ANY,
	.instant = true,
	.no_args = true,
	.help = "QUIT: ends the connection",
	.run = quit,
};
