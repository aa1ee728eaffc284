/* ext_size.c - SIZE (RFC 1870): how large a message may be, and will be */
#include "core/num.h"
#include "protocols/smtp/check.h"
#include "protocols/smtp/smtp.h"

static void word(struct smtp *smtp, struct buf *out)
{
	buf_printf(out, "SIZE %lld", (long long)smtp_num(smtp, &conf_key_smtp_max_size));
}

/* RFC 1870 §5: up to 20 digits, which may be more than 64 bits hold. */
static bool is_number(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0 && s.n <= 20;
}

static const char *set_size(struct smtp_mail *mail, struct deliver_rcpt *rcpt, struct slice value)
{
	(void)rcpt;
	if (!is_number(value))
		return "501 5.5.4 SIZE=bytes";
	return num_u64(value, UINT64_MAX, &mail->declared) ? NULL : "552 5.3.4 Message too large";
}

SMTP_EXTENSION(size) = { .word = word };
SMTP_PARAM(size) = { .name = "SIZE", .phase = SMTP_MAIL, .set = set_size };
