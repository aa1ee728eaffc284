/* check_binary.c - mail of any bytes (RFC 3030 BINARYMIME) becomes one of lines
 *
 * Behind what proves signatures, before what makes them: so mailboxes, every client
 * and the next server can have it. */
#include "core/msg.h"
#include "protocols/smtp/check.h"

static bool wanted(const struct smtp *smtp)
{
	return smtp->mail && smtp->mail->binary;
}

static const char *check_text(struct smtp *smtp, struct slice message)
{
	struct buf lines = { 0 };

	if (msg_is_lines(message))
		return NULL;
	msg_make_lines(message, &lines);
	const char *why = smtp_replace_by(smtp, buf_slice(&lines));
	buf_done(&lines);
	return why;
}

SMTP_CHECK(binary) = { .name = "binary",
	.order = SMTP_CHECK_LINES,
	.needs = SMTP_NEEDS_DISK,
	.wanted = wanted,
	.text = check_text };
