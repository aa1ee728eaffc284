/* job_settle.c - what became of a message's recipients: noted, stored, told to the log */
#include <time.h>

#include "core/log.h"
#include "protocols/relay/job_private.h"
#include "storage/queue_heard.h"

static const char *const outcome_words[] = {
	[SENT_OK] = "delivered", [SENT_LATER] = "deferred", [SENT_NEVER] = "failed"
};

/* --- what became of a recipient --- */

static void log_outcome(const struct work *w, const struct queue_rcpt *rcpt, enum sent sent)
{
	const struct talk *talk = *w->talk;

	log_event(LOG_INFO, outcome_words[sent], log_n("dcid", talk ? (int64_t)talk->dcid : 0),
	    log_n("rid", rcpt - w->rcpts), log_s("from", w->entry.reverse_path),
	    log_s("to", rcpt->address), log_s("host", rcpt->host), log_s("reply", rcpt->reply),
	    log_n("attempt", rcpt->attempts), log_n("delay", w->now - w->entry.queued));
}

static bool wants_told(const struct work *w, const struct queue_rcpt *rcpt, enum queue_state state)
{
	return queue_wants_told(w->entry.reverse_path, rcpt->notify, state);
}

static void set_deferred(struct work *w, struct queue_rcpt *rcpt)
{
	rcpt->next = schedule_next(rcpt->attempts, w->now);
	if (schedule_is_over(queue_from(&w->entry), rcpt->next)) {
		rcpt->state = QUEUE_FAILED;
		rcpt->owed = wants_told(w, rcpt, QUEUE_FAILED);
		rcpt->next = 0;
	} else if (!rcpt->warned && schedule_warns(queue_from(&w->entry), w->now))
		rcpt->owed = rcpt->warned = wants_told(w, rcpt, QUEUE_WAITING);
}

static void set_outcome(struct work *w, const struct send_rcpt *one)
{
	struct queue_rcpt *rcpt = &w->rcpts[one->index];
	const struct talk *talk = *w->talk;

	rcpt->attempts++;
	rcpt->tried = w->now;
	rcpt->next = 0;
	rcpt->reply = one->reply;
	rcpt->host = talk ? pool_slice(w->pool, buf_slice(&talk->host)) : (struct slice){ 0 };
	if (one->sent == SENT_OK) {
		rcpt->state = QUEUE_DELIVERED;
		rcpt->here = !talk;
		/* RFC 3461 5.2.2: who does not know of it will not tell */
		rcpt->owed =
		    !(talk && talk->words & TALK_DSN) && wants_told(w, rcpt, QUEUE_DELIVERED);
	} else if (one->sent == SENT_NEVER) {
		rcpt->state = QUEUE_FAILED;
		rcpt->owed = wants_told(w, rcpt, QUEUE_FAILED);
	} else
		set_deferred(w, rcpt);
}

static const enum relay_count outcome_counts[] = {
	[SENT_OK] = COUNT_DELIVERED, [SENT_LATER] = COUNT_DEFERRED, [SENT_NEVER] = COUNT_FAILED
};

int job_save(const struct work *w)
{
	struct err err = { 0 };
	enum { MINUTE = 60 };

	if (queue_save(&w->entry, w->domain, &err) == 0)
		return 0;
	log_event(LOG_ERROR, "relay-cannot-save", log_z("reason", err.text));
	plan_note(w->domain, w->now + MINUTE);
	return -1;
}

/* A kill from here on makes nobody send it again. What happens here alone needs no such note. */
static void note(const struct work *w, struct send_rcpt *one)
{
	one->note = *w->talk ? queue_heard_note(&w->entry, one->index) : 0;
}

/* Stored first, then told to the log. */
int job_settle(struct work *w, size_t n)
{
	w->now = time(NULL);
	for (size_t i = 0; i < n; i++) {
		set_outcome(w, &w->due[i]);
		note(w, &w->due[i]);
	}
	int rc = job_save(w);
	w->unsaved = rc != 0;
	for (size_t i = 0; i < n; i++) {
		log_outcome(w, &w->rcpts[w->due[i].index], w->due[i].sent);
		relay_count(outcome_counts[w->due[i].sent]);
		if (rc == 0)
			queue_heard_forget(w->due[i].note);
		else
			queue_heard_keep(w->due[i].note);
	}
	w->due += n;
	w->n_due -= n;
	return rc;
}

/* Logged as it was when it was heard; there is no connection to name any more. */
void job_recovered(const struct queue_heard *said)
{
	const struct queue_rcpt *rcpt = &said->rcpt;
	enum sent sent = rcpt->state == QUEUE_DELIVERED ? SENT_OK : SENT_NEVER;
	struct log_context context = { .proto = "relay", .mid = said->id };
	const struct log_context *before = log_context_set(&context);

	log_event(LOG_INFO, outcome_words[sent], log_n("rid", (int64_t)said->n),
	    log_s("from", said->from), log_s("to", rcpt->address), log_s("host", rcpt->host),
	    log_s("reply", rcpt->reply), log_n("attempt", rcpt->attempts),
	    log_n("delay", said->queued ? rcpt->tried - said->queued : 0),
	    log_z("heard", "before the last run ended"));
	relay_count(outcome_counts[sent]);
	log_context_set(before);
}

void job_settle_all(struct work *w, enum sent sent, struct slice reply)
{
	for (size_t i = 0; i < w->n_due; i++) {
		w->due[i].sent = sent;
		w->due[i].reply = reply;
	}
	job_settle(w, w->n_due);
}
