/* check_forged.c - Authentication-Results that claim to be ours are taken away (RFC 8601 5)
 *
 * Also of what users submit: rules and other servers here believe that field. */
#include "core/log.h"
#include "protocols/smtp/origin.h"

static bool wanted(const struct smtp *smtp)
{
	(void)smtp;
	return true;
}

static const char *check_text(struct smtp *smtp, struct slice message)
{
	struct buf id = { 0 }, text = { 0 };
	const char *why = NULL;

	if (!smtp->mail->head.results)
		return NULL;
	smtp_results_id(&id);
	if (results_remove(message, buf_slice(&id), &text)) {
		log_event(
		    LOG_INFO, "forged-results-removed", log_s("from", smtp->mail->reverse_path));
		why = smtp_replace_by(smtp, buf_slice(&text));
	}
	buf_done(&id);
	buf_done(&text);
	return why;
}

SMTP_CHECK(forged) = {
	.name = "forged-results",
	.order = SMTP_CHECK_DKIM - 5,
	.needs = SMTP_NEEDS_DISK,
	.wanted = wanted,
	.text = check_text,
};
