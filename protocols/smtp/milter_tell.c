/* milter_tell.c - one command to one filter, and what is done about its answer */
#include "core/loop.h"
#include "protocols/smtp/milter.h"

struct step {
	char command;
	enum milter_stage stage;
	enum milter_step left_out, mute;
};

static const struct step steps[] = {
	[TELL_CONNECT] = { MILTER_CONNECT, MILTER_AT_CONNECT, MILTER_NO_CONNECT,
	    MILTER_MUTE_CONNECT },
	[TELL_HELO] = { MILTER_HELO, MILTER_AT_HELO, MILTER_NO_HELO, MILTER_MUTE_HELO },
	[TELL_MAIL] = { MILTER_MAIL, MILTER_AT_MAIL, MILTER_NO_MAIL, MILTER_MUTE_MAIL },
	[TELL_RCPT] = { MILTER_RCPT, MILTER_AT_RCPT, MILTER_NO_RCPT, MILTER_MUTE_RCPT },
	[TELL_DATA] = { MILTER_DATA, MILTER_AT_DATA, MILTER_NO_DATA, MILTER_MUTE_DATA },
	[TELL_FIELD] = { MILTER_HEADER, MILTER_STAGES, MILTER_NO_HEADERS, MILTER_MUTE_HEADER },
	[TELL_FIELDS_END] = { MILTER_HEADERS_END, MILTER_AT_HEADERS_END, MILTER_NO_HEADERS_END,
	    MILTER_MUTE_HEADERS_END },
	[TELL_BODY] = { MILTER_BODY, MILTER_STAGES, MILTER_NO_BODY, MILTER_MUTE_BODY },
};

/* What becomes of mail without this filter. */
const char *milter_without(const struct milter_link *link)
{
	switch (link->spec.away) {
	case MILTER_AWAY_ACCEPT:
		return NULL;
	case MILTER_AWAY_REJECT:
		return "550 5.7.1 It cannot be checked";
	default:
		return "451 4.7.1 It cannot be checked now, try again later";
	}
}

bool milter_is_asked(const struct smtp *smtp, const struct milter_link *link)
{
	return link->state == MILTER_OPEN && !link->message_is_fine && !smtp->mail->discard;
}

/* NULL: go on, perhaps without asking this one any more. */
const char *milter_obey(struct smtp *smtp, struct milter_link *link, enum milter_stage stage,
    enum milter_verdict verdict, const char *reply)
{
	switch (verdict) {
	case MILTER_SAYS_FINE:
		if (stage < MILTER_AT_MAIL)
			link->state = MILTER_DONE;
		link->message_is_fine = true;
		return NULL;
	case MILTER_SAYS_DISCARD:
		smtp->mail->discard = true;
		return NULL;
	case MILTER_SAYS_NO:
		if (stage < MILTER_AT_MAIL)
			link->refusal = pool_str(&link->pool, slice_str(reply));
		return reply;
	case MILTER_SAYS_CLOSE:
		link->refusal = reply;
		return reply;
	case MILTER_SAYS_NOTHING:
		return milter_without(link);
	default:
		return NULL;
	}
}

void milter_put_path(struct slice address, struct buf *out)
{
	struct buf path = { 0 };

	buf_printf(&path, "<%.*s>", SLICE_ARG(address));
	milter_put_text(out, buf_slice(&path));
	buf_done(&path);
}

static void put(struct smtp *smtp, struct milter_link *link, const struct step *step,
    struct slice data, const struct deliver_rcpt *rcpt)
{
	if (step->stage < MILTER_STAGES)
		milter_put_macros(smtp, link, step->stage, step->command, rcpt);
	milter_put(&link->out, step->command, data);
}

const char *milter_tell(struct smtp *smtp, struct milter_link *link, enum milter_tell what,
    struct slice data, const struct deliver_rcpt *rcpt, bool *skip)
{
	const struct step *step = &steps[what];
	const char *reply = NULL;

	if (!milter_is_asked(smtp, link) || link->options.steps & (uint32_t)step->left_out)
		return NULL;
	put(smtp, link, step, data, rcpt);
	if (link->options.steps & (uint32_t)step->mute)
		return milter_say(link) ? NULL : milter_without(link);
	enum milter_verdict verdict =
	    milter_ask(link, milter_timeout(link), NULL, NULL, &smtp->mail->pool, &reply);
	if (skip && verdict == MILTER_SAYS_SKIP)
		*skip = true;
	return milter_obey(smtp, link, step->stage, verdict, reply);
}

/* --- recipients that are refused anyhow --- */

static bool wants_refused(const struct smtp *smtp, const struct milter_link *link)
{
	return milter_is_asked(smtp, link) && link->options.steps & MILTER_REFUSED_RCPT &&
	    !(link->options.steps & MILTER_NO_RCPT);
}

/* What it says to that changes nothing. */
static void tell_refused(
    struct smtp *smtp, struct milter_link *link, struct slice data, const struct deliver_rcpt *rcpt)
{
	const char *reply;

	put(smtp, link, &steps[TELL_RCPT], data, rcpt);
	if (link->options.steps & MILTER_MUTE_RCPT)
		milter_say(link);
	else
		milter_ask(link, milter_timeout(link), NULL, NULL, &smtp->mail->pool, &reply);
}

static bool anybody_wants_refused(const struct smtp *smtp)
{
	const struct milters *m = smtp->milters;
	bool any = false;

	for (size_t i = 0; m && i < m->n; i++)
		any = any || wants_refused(smtp, &m->link[i]);
	return any;
}

const char *milters_refused(struct smtp *smtp, struct slice path, const char *why)
{
	const struct deliver_rcpt rcpt = { .original = path };
	struct milters *m = smtp->milters;
	struct buf data = { 0 };

	if (path.n == 0 || !anybody_wants_refused(smtp))
		return NULL;
	if (!network_thread())
		return smtp_network;
	milter_put_path(path, &data);
	m->refusal = why;
	for (size_t i = 0; i < m->n; i++)
		if (wants_refused(smtp, &m->link[i]) && m->refused_by != &m->link[i])
			tell_refused(smtp, &m->link[i], buf_slice(&data), &rcpt);
	m->refusal = NULL;
	m->refused_by = NULL;
	buf_done(&data);
	return NULL;
}
