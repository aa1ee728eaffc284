/* cmd_help.c - HELP: what can be said now, and whom to ask */
#include "protocols/smtp/check.h"

#define PLACES (CONF_SERVER | CONF_LISTENER | CONF_POLICY)

CONF_KEY(smtp_help) = {
	.name = "smtp.help",
	.type = CONF_BOOL,
	.scopes = PLACES,
	.def = "on",
	.help = "answer HELP of SMTP clients: with the commands that they may say",
};

CONF_KEY(smtp_help_text) = {
	.name = "smtp.help-text",
	.type = CONF_TEXT,
	.scopes = PLACES,
	.def = "",
	.max = 200,
	.check = smtp_check_words,
	.help = "last line of the answer to HELP: whom to ask, say",
};

static const struct smtp_command *find(const struct smtp *smtp, struct slice name)
{
	for (size_t i = 0; i < smtp_command_table_n; i++)
		if (slice_ieq(name, slice_str(smtp_command_table[i]->name)) &&
		    smtp_knows(smtp, smtp_command_table[i]))
			return smtp_command_table[i];
	return NULL;
}

static enum sess_next one(struct smtp *smtp, struct slice name)
{
	const struct smtp_command *command = find(smtp, name);

	if (!command || !command->help)
		return smtp_fault(smtp, "504 5.5.4 There is no such command; HELP tells all");
	return smtp_replyf(smtp, "214 2.0.0 %s", command->help);
}

static enum sess_next all(struct smtp *smtp)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < smtp_command_table_n; i++)
		if (smtp_command_table[i]->help && smtp_knows(smtp, smtp_command_table[i]))
			smtp_replyf(smtp, "214-2.0.0 %s", smtp_command_table[i]->help);
	smtp_conf_text(smtp, &conf_key_smtp_help_text, &text);
	enum sess_next next = smtp_replyf(
	    smtp, "214 2.0.0 %s", text.n > 0 ? buf_z(&text) : "RFC 5321 tells the rest");
	buf_done(&text);
	return next;
}

static enum sess_next help(struct smtp *smtp, struct slice args)
{
	if (!smtp_on(smtp, &conf_key_smtp_help))
		return smtp_fault(smtp, "502 5.5.1 There is no help here");
	args = slice_trim(args);
	return args.n > 0 ? one(smtp, args) : all(smtp);
}

SMTP_COMMAND(help) = {
	.name = "HELP",
	.phases = SMTP_ANY,
	.instant = true,
	.help = "HELP [command]: this, or the line of one command",
	.run = help,
};
