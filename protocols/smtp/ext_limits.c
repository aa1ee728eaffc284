/* ext_limits.c - LIMITS (RFC 9422): what a client need not try */
#include "protocols/smtp/check.h"

static void word(struct smtp *smtp, struct buf *out)
{
	if (smtp_is_lmtp(smtp))
		return;
	buf_printf(
	    out, "LIMITS RCPTMAX=%lld", (long long)smtp_num(smtp, &conf_key_smtp_max_recipients));
}

SMTP_EXTENSION(limits) = { .word = word };
