/* check_dkim.c - who signed the message (RFC 6376), and who passed it on (RFC 8617) */
#include <time.h>

#include "core/log.h"
#include "protocols/smtp/origin.h"

CONF_KEY(dkim_check) = {
	.name = "dkim.check",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_POLICY,
	.def = "off",
	.help = "verify the DKIM signatures of mail that comes in",
};

CONF_KEY(arc_check) = {
	.name = "arc.check",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_POLICY,
	.def = "off",
	.help = "verify the ARC chain of mail that was passed on by others",
};

static bool dkim_wanted(const struct smtp *smtp)
{
	return smtp_origin_wanted(smtp, &conf_key_dkim_check) ||
	    smtp_origin_wanted(smtp, &conf_key_arc_check);
}

static void log_dkim(const struct dkim_verdict *v)
{
	log_event(LOG_INFO, "dkim", log_z("result", dkim_result_names[v->result]),
	    log_s("domain", v->domain), log_s("selector", v->selector),
	    log_z("reason", v->why ? v->why : ""));
}

static const char *check_text(struct smtp *smtp, struct slice message)
{
	struct smtp_origin *origin = smtp_origin(smtp);
	struct pool *pool = &smtp->mail->pool;

	smtp_origin_hurry(origin);
	dkim_mail_read((struct slice){ 0 }, message, pool, &origin->mail);
	dkim_verify(&origin->asker, &origin->mail, time(NULL), pool, &origin->dkim);
	origin->has_dkim = true;
	for (size_t i = 0; i < origin->dkim.n; i++)
		log_dkim(&origin->dkim.verdict[i]);
	if (smtp_on(smtp, &conf_key_arc_check)) {
		arc_verify(&origin->asker, &origin->mail, pool, &origin->arc);
		origin->has_arc = true;
	}
	return NULL;
}

SMTP_CHECK(dkim) = {
	.name = "dkim",
	.order = SMTP_CHECK_DKIM,
	.needs = SMTP_NEEDS_NETWORK,
	.wanted = dkim_wanted,
	.text = check_text,
};
