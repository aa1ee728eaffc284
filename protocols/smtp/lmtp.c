/* lmtp.c - LMTP (RFC 2033): another server hands over mail for local accounts
 *
 * It is SMTP but for LHLO and for what follows the text: a reply for each
 * recipient that was taken. Nobody logs in, so nothing is relayed. */
#include "protocols/smtp/smtp.h"

SMTP_COMMAND(lhlo) = {
	.name = "LHLO",
	.phases = SMTP_ANY,
	.instant = true,
	.kind = SMTP_LMTP,
	.help = "LHLO host: who you are; the answer tells what is offered",
	.run = smtp_ehlo,
};

/* What one RCPT led to: recipients one behind another with the same text. */
static struct deliver_rcpt *last_of(struct deliver_rcpt *rcpt)
{
	while (rcpt->next && rcpt->next->original.p == rcpt->original.p)
		rcpt = rcpt->next;
	return rcpt;
}

/* Behind an alias, one that takes it is enough. */
static const struct deliver_rcpt *spokesman(const struct deliver_rcpt *first)
{
	const struct deliver_rcpt *rcpt = first;

	for (; rcpt && rcpt->original.p == first->original.p; rcpt = rcpt->next)
		if (rcpt->fate == DELIVER_TAKEN)
			return rcpt;
	return first;
}

static void answer(struct smtp *smtp, const struct deliver_rcpt *rcpt, uint64_t mid)
{
	rcpt = spokesman(rcpt);
	switch (rcpt->fate) {
	case DELIVER_TAKEN:
		smtp_replyf(smtp, "250 2.1.5 <%.*s> Stored as %llu", SLICE_ARG(rcpt->original),
		    (unsigned long long)mid);
		break;
	case DELIVER_REJECTED:
		smtp_rejected(smtp, rcpt->why);
		break;
	case DELIVER_FULL:
		smtp_reply(smtp, smtp_delivery_failed(&(struct err){ ERR_LIMIT, "quota" }));
		break;
	case DELIVER_LATER:
		smtp_reply(smtp, smtp_delivery_failed(&(struct err){ ERR_BUSY, "rules" }));
		break;
	}
}

static void answer_all(struct smtp *smtp, uint64_t mid)
{
	struct deliver_rcpt *rcpt = smtp->mail->rcpts;

	for (; rcpt; rcpt = last_of(rcpt)->next)
		answer(smtp, rcpt, mid);
}

static void deliver_alone(struct smtp *smtp, struct slice message, struct deliver_rcpt *rcpt)
{
	struct err err = { 0 };
	uint64_t mid;

	if (smtp_deliver(smtp, message, rcpt, &mid, &err) == 0)
		answer(smtp, rcpt, mid);
	else
		smtp_reply(smtp, smtp_delivery_failed(&err));
}

/* RFC 2033 §4.2: all at once, with one body. When that fails because one of them
   cannot have it, and rules or an alias tie it to another: each alone. */
enum sess_next lmtp_deliver(struct smtp *smtp, struct slice message)
{
	struct deliver_rcpt *rcpt = smtp->mail->rcpts;
	struct err err = { 0 };
	uint64_t mid;

	if (smtp->mail->n_rcpts > 1 && smtp_deliver(smtp, message, rcpt, &mid, &err) == 0) {
		answer_all(smtp, mid);
		return SESS_NEXT;
	}
	while (rcpt) {
		struct deliver_rcpt *last = last_of(rcpt), *next = last->next;
		last->next = NULL;
		deliver_alone(smtp, message, rcpt);
		rcpt = next;
	}
	return SESS_NEXT;
}
