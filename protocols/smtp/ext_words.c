/* ext_words.c - extensions that are only a word, or a word and a flag: PIPELINING,
 * ENHANCEDSTATUSCODES, SMTPUTF8 */
#include "protocols/smtp/smtp.h"

/* RFC 2920: the kernel reads ahead; replies are sent when no command waits. */
static void pipelining(struct smtp *smtp, struct buf *out)
{
	(void)smtp;
	buf_addz(out, "PIPELINING");
}

/* RFC 2034: every reply of ours carries its code. */
static void enhanced(struct smtp *smtp, struct buf *out)
{
	(void)smtp;
	buf_addz(out, "ENHANCEDSTATUSCODES");
}

/* RFC 6531 */
static void utf8(struct smtp *smtp, struct buf *out)
{
	(void)smtp;
	buf_addz(out, "SMTPUTF8");
}

static const char *set_utf8(struct smtp_mail *mail, struct deliver_rcpt *rcpt, struct slice value)
{
	(void)rcpt;
	mail->smtputf8 = value.n == 0;
	return mail->smtputf8 ? NULL : "501 5.5.4 SMTPUTF8 takes no value";
}

SMTP_EXTENSION(pipelining) = { .word = pipelining };
SMTP_EXTENSION(enhancedstatuscodes) = { .word = enhanced };
SMTP_EXTENSION(smtputf8) = { .word = utf8 };
SMTP_PARAM(smtputf8) = { .name = "SMTPUTF8", .phase = SMTP_MAIL, .set = set_utf8 };
