/* ext_auth.c - AUTH (RFC 4954), in TLS only */
#include <stdlib.h>

#include "core/limit.h"
#include "core/log.h"
#include "protocols/smtp/smtp.h"

CONF_KEY(smtp_max_logins) = {
	.name = "smtp.max-failed-logins",
	.type = CONF_INT,
	.def = "3",
	.min = 1,
	.max = 100,
	.help = "failed logins after which an SMTP connection is closed",
};

static void word(struct smtp *smtp, struct buf *out)
{
	struct auth_channel channel;

	if (!smtp_may_auth(smtp))
		return;
	auth_channel_of(smtp->sess, &channel);
	buf_addz(out, "AUTH ");
	buf_addz(out, auth_mechs(&channel));
}

static enum sess_next welcome(struct smtp *smtp)
{
	const struct auth_account *who = auth_who(smtp->auth);
	struct slice name = slice_str(who->name);

	limit_succeed(sess_peer(smtp->sess), name);
	if (!sess_account(smtp->sess, name)) {
		smtp_refuse(smtp, "421 4.7.0 Too many sessions of this account", name);
		return SESS_CLOSE;
	}
	smtp->account = who->id;
	smtp->login = mem_str(name);
	smtp->login_way = mem_str(slice_str(auth_mech(smtp->auth)));
	log_event(LOG_INFO, "login", log_s("account", name));
	return smtp_reply(smtp, "235 2.7.0 Welcome");
}

/* One answer for every reason, later each time. */
static enum sess_next reject(struct smtp *smtp)
{
	struct slice tried = auth_tried(smtp->auth);

	log_event(LOG_WARN, "login-failed", log_s("account", tried),
	    log_z("peer", sess_peer_text(smtp->sess)));
	sess_delay(smtp->sess, limit_fail(sess_peer(smtp->sess), tried));
	smtp_reply(smtp, "535 5.7.8 Wrong name or password");
	if (++smtp->logins_failed < (unsigned)conf_num(&conf_key_smtp_max_logins))
		return SESS_NEXT;
	smtp_reply(smtp, "421 4.7.0 Too many failed logins");
	return SESS_CLOSE;
}

static enum sess_next go_on(struct smtp *smtp, enum auth_result result, struct buf *challenge)
{
	enum sess_next next = SESS_NEXT;

	smtp->mode = SMTP_COMMANDS;
	switch (result) {
	case AUTH_MORE:
		smtp->mode = SMTP_AUTH_LINE;
		next = smtp_replyf(smtp, "334 %.*s", SLICE_ARG(*challenge));
		break;
	case AUTH_OK:
		next = welcome(smtp);
		break;
	case AUTH_WRONG:
		next = reject(smtp);
		break;
	case AUTH_ABORT:
		next = smtp_fault(smtp, "501 5.5.2 Exchange cancelled or malformed");
		break;
	case AUTH_TEMP:
	case AUTH_LATER: /* said on a loop only */
		next = smtp_reply(smtp, "454 4.7.0 Cannot look that up now, try again later");
		break;
	}
	buf_wipe(challenge);
	if (smtp->mode == SMTP_COMMANDS)
		auth_free(&smtp->auth);
	return next;
}

enum sess_next smtp_auth_line(struct smtp *smtp, struct slice line)
{
	struct buf challenge = { 0 };

	return go_on(smtp, auth_line_step(smtp->auth, line, &challenge), &challenge);
}

static enum sess_next run(struct smtp *smtp, struct slice args)
{
	struct auth_channel channel;
	struct buf challenge = { 0 };

	if (smtp->login)
		return smtp_fault(smtp, "503 5.5.1 You are logged in");
	if (!sess_is_tls(smtp->sess))
		return smtp_refuse(smtp, "538 5.7.11 Say STARTTLS first", (struct slice){ 0 });
	if (!smtp_offers_auth(smtp))
		return smtp_fault(smtp, "502 5.5.1 Not offered");
	struct slice mech = slice_word(&args);
	if (mech.n == 0)
		return smtp_fault(smtp, "501 5.5.4 AUTH mechanism");

	auth_channel_of(smtp->sess, &channel);
	smtp->auth = auth_new("smtp", &channel);
	enum auth_result result = auth_line_begin(smtp->auth, mech, slice_trim(args), &challenge);
	if (result == AUTH_LATER) {
		buf_wipe(&challenge);
		auth_free(&smtp->auth);
		return SESS_LATER;
	}
	return go_on(smtp, result, &challenge);
}

SMTP_EXTENSION(auth) = { .word = word };
SMTP_COMMAND(auth) = { .name = "AUTH",
	.phases = SMTP_READY,
	.instant = true,
	.kind = SMTP_ALONE,
	.help = "AUTH mechanism [initial response]: logs in, within TLS",
	.run = run };
