/* cmd_small.c - RSET, NOOP, QUIT, VRFY, EXPN, HELP */
#include "core/log.h"
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

/* RFC 5321 §3.5.3: say neither yes nor no, so that nobody can fish for users. */
static enum sess_next vrfy(struct smtp *smtp, struct slice args)
{
	if (args.n == 0)
		return smtp_fault(smtp, "501 5.5.4 VRFY address");
	return smtp_reply(smtp, "252 2.1.5 Send and it will be tried");
}

static enum sess_next expn(struct smtp *smtp, struct slice args)
{
	(void)args;
	return smtp_fault(smtp, "502 5.5.1 Lists are not shown");
}

static enum sess_next help(struct smtp *smtp, struct slice args)
{
	(void)args;
	for (size_t i = 0; i < smtp_command_table_n; i++)
		if (smtp_command_table[i]->help && smtp_knows(smtp, smtp_command_table[i]))
			smtp_replyf(smtp, "214-2.0.0 %s", smtp_command_table[i]->help);
	return smtp_reply(smtp, "214 2.0.0 RFC 5321 tells the rest");
}

SMTP_COMMAND(rset) = {
	.name = "RSET",
	.phases = SMTP_ANY,
	.no_args = true,
	.help = "RSET",
	.run = rset,
};

SMTP_COMMAND(noop) = {
	.name = "NOOP",
	.phases = SMTP_ANY,
	.instant = true,
	.help = "NOOP",
	.run = noop,
};

SMTP_COMMAND(quit) = {
	.name = "QUIT",
	.phases = SMTP_ANY,
	.instant = true,
	.no_args = true,
	.help = "QUIT",
	.run = quit,
};

SMTP_COMMAND(vrfy) = {
	.name = "VRFY",
	.phases = SMTP_ANY,
	.instant = true,
	.help = "VRFY address",
	.run = vrfy,
};

SMTP_COMMAND(expn) = {
	.name = "EXPN",
	.phases = SMTP_ANY,
	.instant = true,
	.run = expn,
};

SMTP_COMMAND(help) = {
	.name = "HELP",
	.phases = SMTP_ANY,
	.instant = true,
	.help = "HELP",
	.run = help,
};
