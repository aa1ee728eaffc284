/* reply.c - replies, and what becomes of who gives reason for bad ones */
#include <stdarg.h>

#include "core/ban.h"
#include "core/log.h"
#include "protocols/smtp/check.h"
#include "protocols/smtp/smtp.h"

CONF_KEY(smtp_max_faults) = {
	.name = "smtp.max-bad-commands",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_LISTENER | CONF_POLICY,
	.def = "20",
	.min = 1,
	.max = 10000,
	.help = "malformed commands after which an SMTP connection is closed",
};

CONF_KEY(smtp_max_refusals) = {
	.name = "smtp.max-refusals",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_LISTENER | CONF_POLICY,
	.def = "50",
	.max = 1000000,
	.help = "refused addresses and messages after which an SMTP connection is answered slowly",
};

enum { SLOW_MS = 500 };

const char smtp_later[] = "451 4.3.0 Cannot look that up now, try again later";
const char smtp_network[] = "451 4.4.3 Cannot ask the network now, try again later";

enum sess_next smtp_reply(struct smtp *smtp, const char *reply)
{
	struct buf *out = sess_out(smtp->sess);

	buf_addz(out, reply);
	buf_addz(out, "\r\n");
	return SESS_NEXT;
}

enum sess_next smtp_replyf(struct smtp *smtp, const char *fmt, ...)
{
	struct buf *out = sess_out(smtp->sess);
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(out, fmt, ap);
	va_end(ap);
	buf_addz(out, "\r\n");
	return SESS_NEXT;
}

enum sess_next smtp_fault(struct smtp *smtp, const char *reply)
{
	smtp_reply(smtp, reply);
	log_event(LOG_INFO, "bad-command", log_z("reply", reply));
	if (++smtp->faults < (unsigned)smtp_num(smtp, &conf_key_smtp_max_faults))
		return SESS_NEXT;
	log_event(LOG_INFO, "too-many-bad-commands", log_n("count", smtp->faults));
	ban_offence(sess_peer(smtp->sess), BAN_NONSENSE);
	smtp_reply(smtp, "421 4.7.0 Too many bad commands");
	return SESS_CLOSE;
}

void smtp_refused(struct smtp *smtp, const char *reply, struct slice what)
{
	log_event(LOG_INFO, "refused", log_z("reply", reply), log_s("what", what));
	if (++smtp->refusals > (unsigned)smtp_num(smtp, &conf_key_smtp_max_refusals))
		sess_delay(smtp->sess, SLOW_MS); /* who tries names must not fill the log */
}

enum sess_next smtp_refuse(struct smtp *smtp, const char *reply, struct slice what)
{
	smtp_refused(smtp, reply, what);
	return smtp_reply(smtp, reply);
}

enum sess_next smtp_refuse_or_wait(struct smtp *smtp, const char *why, struct slice what)
{
	if (why == smtp_later)
		return SESS_LATER;
	if (why == smtp_network)
		return SESS_NETWORK;
	smtp_refuse(smtp, why, what);
	return strncmp(why, "421", 3) == 0 ? SESS_CLOSE : SESS_NEXT;
}

enum sess_next smtp_too_slow(struct smtp *smtp)
{
	smtp_refuse(smtp, "421 4.4.2 Too slow", SLICE(""));
	ban_offence(sess_peer(smtp->sess), BAN_NONSENSE);
	return SESS_CLOSE;
}
