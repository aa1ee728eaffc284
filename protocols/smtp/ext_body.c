/* ext_body.c - what the text may hold: 8BITMIME (RFC 6152), BINARYMIME (RFC 3030 §3) */
#include "protocols/smtp/smtp.h"

static void eightbit(struct smtp *smtp, struct buf *out)
{
	(void)smtp;
	buf_addz(out, "8BITMIME");
}

static void binary(struct smtp *smtp, struct buf *out)
{
	if (!smtp_is_lmtp(smtp)) /* check_binary.c is not asked there */
		buf_addz(out, "BINARYMIME");
}

static const char *set_body(struct smtp_mail *mail, struct deliver_rcpt *rcpt, struct slice value)
{
	(void)rcpt;
	mail->binary = slice_ieq(value, SLICE("BINARYMIME"));
	mail->body8 = mail->binary || slice_ieq(value, SLICE("8BITMIME"));
	return mail->body8 || slice_ieq(value, SLICE("7BIT"))
	    ? NULL
	    : "501 5.5.4 BODY=7BIT, 8BITMIME or BINARYMIME";
}

SMTP_EXTENSION(eightbitmime) = { .word = eightbit };
SMTP_EXTENSION(binarymime) = { .word = binary };
SMTP_PARAM(body) = { .name = "BODY", .phase = SMTP_MAIL, .set = set_body };
