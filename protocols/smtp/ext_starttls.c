/* ext_starttls.c - STARTTLS (RFC 3207) */
#include "protocols/smtp/smtp.h"

static bool is_offered(const struct smtp *smtp)
{
	return smtp_tls(smtp) != SMTP_TLS_OFF && sess_offers_tls(smtp->sess);
}

static void word(struct smtp *smtp, struct buf *out)
{
	if (is_offered(smtp))
		buf_addz(out, "STARTTLS");
}

static enum sess_next run(struct smtp *smtp, struct slice args)
{
	(void)args;
	if (!is_offered(smtp))
		return smtp_fault(smtp, "502 5.5.1 Not offered now");
	smtp_reply(smtp, "220 2.0.0 Go ahead");
	return SESS_STARTTLS;
}

SMTP_EXTENSION(starttls) = { .word = word };
SMTP_COMMAND(starttls) = { .name = "STARTTLS",
	.phases = SMTP_READY,
	.instant = true,
	.no_args = true,
	.help = "STARTTLS: goes on in TLS",
	.run = run };
