/* ext_release.c - FUTURERELEASE (RFC 4865): mail that is submitted now and sent later */
#include <time.h>

#include "core/num.h"
#include "core/text.h"
#include "protocols/smtp/smtp.h"

CONF_KEY(smtp_future_release) = {
	.name = "smtp.future-release",
	.type = CONF_DURATION,
	.def = "30d",
	.max = INT64_C(400) * 24 * 3600 * 1000,
	.help = "how long submitted mail may be kept until it is sent (HOLDFOR, HOLDUNTIL); 0: "
		"that is not offered",
};

enum { MS = 1000 };

static bool offered(const struct smtp *smtp)
{
	return smtp_is_submission(smtp) && conf_num(&conf_key_smtp_future_release) > 0;
}

/* §4: the longest interval in seconds, and until when. */
static void word(struct smtp *smtp, struct buf *out)
{
	int64_t most = conf_num(&conf_key_smtp_future_release) / MS;
	char date[40];

	if (offered(smtp))
		buf_printf(out, "FUTURERELEASE %lld %s", (long long)most,
		    date_rfc3339(time(NULL) + most, date));
}

static const char *keep_until(struct smtp_mail *mail, int64_t when)
{
	int64_t now = time(NULL);

	if (mail->release != 0)
		return "501 5.5.4 HOLDFOR or HOLDUNTIL, once";
	if (when - now > conf_num(&conf_key_smtp_future_release) / MS)
		return "501 5.5.4 That is too long a time";
	mail->release = when > now ? when : now;
	return NULL;
}

static const char *set_for(struct smtp_mail *mail, struct deliver_rcpt *rcpt, struct slice value)
{
	uint64_t seconds;

	(void)rcpt;
	if (!num_u64(value, 999999999, &seconds) || seconds == 0) /* §5: 1 to 9 digits */
		return "501 5.5.4 HOLDFOR=seconds";
	return keep_until(mail, time(NULL) + (int64_t)seconds);
}

static const char *set_until(struct smtp_mail *mail, struct deliver_rcpt *rcpt, struct slice value)
{
	int64_t when;

	(void)rcpt;
	if (!date_parse_rfc3339(value, &when))
		return "501 5.5.4 HOLDUNTIL=2030-01-31T12:00:00Z";
	return keep_until(mail, when);
}

SMTP_EXTENSION(futurerelease) = { .word = word };
SMTP_PARAM(holdfor) = {
	.name = "HOLDFOR",
	.phase = SMTP_MAIL,
	.offered = offered,
	.set = set_for,
};
SMTP_PARAM(holduntil) = {
	.name = "HOLDUNTIL",
	.phase = SMTP_MAIL,
	.offered = offered,
	.set = set_until,
};
