/* ext_size.c - SIZE (RFC 1870): how large a message may be, and will be */
#include "core/num.h"
#include "protocols/smtp/smtp.h"

static void word(struct smtp *smtp, struct buf *out)
{
	(void)smtp;
	buf_printf(out, "SIZE %lld", (long long)conf_num(&conf_key_smtp_max_size));
}

static const char *set_size(struct smtp_mail *mail, struct deliver_rcpt *rcpt, struct slice value)
{
	(void)rcpt;
	/* a number beyond 64 bits is too large as well */
	if (num_u64(value, UINT64_MAX, &mail->declared))
		return NULL;
	return value.n > 0 && value.n <= 20 ? "552 5.3.4 Message too large"
					    : "501 5.5.4 SIZE=bytes";
}

SMTP_EXTENSION(size) = { .word = word };
SMTP_PARAM(size) = { .name = "SIZE", .phase = SMTP_MAIL, .set = set_size };
