/* ext_requiretls.c - REQUIRETLS (RFC 8689): on its way the message is shown to nobody
 *
 * Offered where TLS is; the relay sees to the rest of the way. */
#include "protocols/smtp/smtp.h"

static bool offered(const struct smtp *smtp)
{
	return sess_is_tls(smtp->sess);
}

static void word(struct smtp *smtp, struct buf *out)
{
	if (offered(smtp))
		buf_addz(out, "REQUIRETLS");
}

static const char *set(struct smtp_mail *mail, struct deliver_rcpt *rcpt, struct slice value)
{
	(void)rcpt;
	mail->require_tls = value.n == 0;
	return mail->require_tls ? NULL : "501 5.5.4 REQUIRETLS takes no value";
}

SMTP_EXTENSION(requiretls) = { .word = word };
SMTP_PARAM(requiretls) = {
	.name = "REQUIRETLS",
	.phase = SMTP_MAIL,
	.offered = offered,
	.set = set,
};
