/* check_outgoing.c - nobody who logged in sends more than his account and domain may
 *
 * A stolen password is worth what can be sent with it. What is over a limit is put off
 * with a reply that says when to try again, and an admin is told. */
#include <stdio.h>

#include "core/log.h"
#include "protocols/smtp/check.h"
#include "protocols/smtp/outgoing.h"
#include "storage/alert.h"

static bool wanted(const struct smtp *smtp)
{
	return smtp->login != NULL;
}

static const char *const nouns[] = {
	[OUTGOING_MESSAGES] = "messages",
	[OUTGOING_RECIPIENTS] = "recipients",
};

static const char *span_word(const struct outgoing *limit)
{
	return limit->span_ms > 3600 * 1000 ? "day" : "hour";
}

static void tell(const struct smtp *smtp, const struct outgoing *limit, unsigned max)
{
	struct buf text = { 0 };

	buf_printf(&text,
	    "%s has sent as much as %s may: %u %s a %s (%s).\n"
	    "What goes beyond that is put off. If the account sends what nobody of its\n"
	    "owners wrote, give it a new password.\n",
	    smtp->login, limit->of_domain ? "its domain" : "the account", max, nouns[limit->what],
	    span_word(limit), limit->key->name);
	alert_raise(&(struct alert){
	    .severity = ALERT_WARNING,
	    .type = ALERT_LIMITS,
	    .what = "outgoing-limit",
	    .about = slice_str(smtp->login),
	    .subject = "An account has sent as much as it may",
	    .text = buf_slice(&text),
	});
	buf_done(&text);
}

static const char *refuse(
    struct smtp *smtp, const struct outgoing *limit, unsigned max, uint64_t wait_ms)
{
	log_event(LOG_WARN, "outgoing-limit", log_z("account", smtp->login),
	    log_z("limit", limit->key->name), log_n("max", max));
	tell(smtp, limit, max);
	return pool_printf(&smtp->mail->pool,
	    "450 4.7.1 %s may send %u %s a %s: try again in %llu minutes",
	    limit->of_domain ? "Your domain" : "You", max, nouns[limit->what], span_word(limit),
	    (unsigned long long)(wait_ms / 60000 + 1));
}

typedef uint64_t ask_rate(
    const struct facts *facts, struct slice key, unsigned n, const struct rate *rate);

/* May so many be sent, by all limits on them? */
static const char *ask_all(struct smtp *smtp, enum outgoing_what what, unsigned n, ask_rate *ask)
{
	const char *why = NULL;
	struct buf key = { 0 };

	for (size_t i = 0; !why && i < OUTGOING_LIMITS; i++) {
		const struct outgoing *limit = &outgoing_limits[i];
		struct rate rate = outgoing_rate(limit, smtp->login);

		if (limit->what != what || rate.max == 0)
			continue;
		buf_clear(&key);
		outgoing_key(limit, smtp->login, &key);
		uint64_t wait = ask(&facts_outgoing, buf_slice(&key), n, &rate);
		if (wait > 0)
			why = refuse(smtp, limit, rate.max, wait);
	}
	buf_done(&key);
	return why;
}

static const char *check_mail(struct smtp *smtp)
{
	return ask_all(smtp, OUTGOING_MESSAGES, 1, rate_look);
}

static const char *check_rcpt(struct smtp *smtp, const struct deliver_rcpt *rcpt)
{
	(void)rcpt;
	return ask_all(smtp, OUTGOING_RECIPIENTS, smtp->mail->n_rcpts + 1, rate_look);
}

/* Counted when the message is there: what was only begun is not. */
static const char *check_text(struct smtp *smtp, struct slice message)
{
	(void)message;
	const char *why = ask_all(smtp, OUTGOING_MESSAGES, 1, rate_take);

	return why ? why : ask_all(smtp, OUTGOING_RECIPIENTS, smtp->mail->n_rcpts, rate_take);
}

SMTP_CHECK(outgoing) = {
	.name = "outgoing",
	.order = SMTP_CHECK_OUTGOING,
	.needs = SMTP_NEEDS_DISK,
	.wanted = wanted,
	.mail = check_mail,
	.rcpt = check_rcpt,
	.text = check_text,
};
