/* job.c - one message for one domain: offered, its recipients' state stored, its sender told
 *
 * When the other side has said 250 behind the text, the next thing that is done
 * is to note and store that, before any other command, QUIT included: a crash that finds the
 * 250 unread is the only way for a message to come twice, and none is lost. */
#include "protocols/relay/job_private.h"

#include <time.h>

#include "core/log.h"
#include "core/text.h"
#include "protocols/relay/body.h"
#include "protocols/relay/here.h"
#include "storage/queue_heard.h"

CONF_KEY(relay_max_recipients) = {
	.name = "relay.transaction-recipients",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_DESTINATION,
	.def = "100", /* RFC 5321 4.5.3.1.8: a server takes that many */
	.min = 1,
	.max = 10000,
	.help = "most recipients of a message that are given to another server at once",
};

/* --- a connection --- */

/* Without one all due recipients are settled, and false is returned. */
static bool get_talk(struct work *w)
{
	enum route_verdict verdict;
	struct slice why;
	bool for_good;

	if (*w->talk && !slice_eq(buf_slice(&(*w->talk)->way), slice_str(w->way)))
		talk_close(w->talk);
	if (*w->talk)
		return true;
	if (!w->asked && plan_is_down(w->lane, w->way, w->pool, &for_good, &why)) {
		job_settle_all(w, for_good ? SENT_NEVER : SENT_LATER, why);
		return false;
	}
	*w->talk = talk_open(&w->at, w->wish, w->pool, &verdict, &why);
	if (*w->talk) {
		buf_addz(&(*w->talk)->way, w->way);
		relay_count(COUNT_CONNECTED);
		plan_up(w->lane);
		return true;
	}
	relay_count(COUNT_NOT_CONNECTED);
	level_alert(&w->at, why);
	for_good = verdict == ROUTE_NONE;
	plan_down(w->lane, w->way, for_good, why, schedule_down(time(NULL)));
	job_settle_all(w, for_good ? SENT_NEVER : SENT_LATER, why);
	return false;
}

/* --- the recipients, some at a time --- */

static struct sending sending_of(struct work *w, size_t n)
{
	return (struct sending){ .talk = *w->talk,
		.entry = &w->entry,
		.body = w->body,
		.from = w->from,
		.rcpts = w->due,
		.n = n,
		.pool = w->pool,
		.chunks = conf_num_at(&conf_key_relay_chunking, &w->at) != 0 };
}

static bool is_too_many(const struct send_rcpt *rcpt)
{
	return rcpt->sent == SENT_LATER && reply_means(rcpt->reply, true) == REPLY_TOO_MANY;
}

/* RFC 5321 4.5.3.1.10: who took some of the recipients and wants no more at once is
   offered the others in the next transaction. They are put behind; returns how
   many have an outcome. */
static size_t put_back(struct send_rcpt *rcpts, size_t n)
{
	size_t settled = 0;
	bool any = false;

	for (size_t i = 0; i < n; i++)
		any = any || rcpts[i].sent == SENT_OK;
	for (size_t i = 0; i < n; i++) {
		struct send_rcpt one = rcpts[i];

		if (any && is_too_many(&one)) {
			rcpts[i].sent = SENT_NOT_YET;
			continue;
		}
		rcpts[i] = rcpts[settled];
		rcpts[settled++] = one;
	}
	return settled;
}

static void log_offer(const struct work *w, size_t n)
{
	struct buf rids = { 0 };

	for (size_t i = 0; i < n; i++)
		buf_printf(&rids, "%s%zu", i ? "," : "", w->due[i].index);
	log_event(LOG_INFO, "relay-offer", log_n("dcid", (int64_t)(*w->talk)->dcid),
	    log_s("rid", buf_slice(&rids)));
	buf_done(&rids);
}

/* False: nothing more can be done for this message now. */
static bool send_some(struct work *w, size_t n)
{
	struct sending s = sending_of(w, n);

	log_offer(w, n);
	if (!send_message(&s)) { /* a connection that was kept, but not by the other side */
		talk_close(w->talk);
		if (!get_talk(w))
			return false;
		log_offer(w, n);
		s = sending_of(w, n);
		send_message(&s);
	}
	int rc = job_settle(w, put_back(w->due, n));
	if ((*w->talk)->broken)
		talk_close(w->talk);
	return rc == 0;
}

static void send_due(struct work *w)
{
	size_t most = (size_t)conf_num_at(&conf_key_relay_max_recipients, &w->at);

	while (w->n_due > 0 && get_talk(w))
		if (!send_some(w, w->n_due < most ? w->n_due : most))
			return;
}

/* --- the whole --- */

static void find_due(struct work *w)
{
	w->due = pool_get(w->pool, (w->entry.n_rcpts + 1) * sizeof(*w->due));
	for (size_t i = 0; i < w->entry.n_rcpts; i++) {
		const struct queue_rcpt *rcpt = &w->entry.rcpts[i];

		int64_t when = rcpt->next > 0 ? rcpt->next : queue_from(&w->entry);

		if (rcpt->state != QUEUE_WAITING || rcpt->owed || when > w->now ||
		    !slice_eq(rcpt->domain, w->domain))
			continue;
		w->asked = w->asked || (rcpt->next == 0 && rcpt->attempts > 0);
		w->due[w->n_due++].index = i;
	}
}

static bool open_body(struct work *w, struct err *err)
{
	int found = queue_body(&w->entry, &w->body, err);

	if (found == 0)
		err_set(err, ERR_ABSENT, "the text is not there");
	if (found != 1)
		return false;
	int64_t from = body_start(w->body);
	w->from = from > 0 ? (uint64_t)from : 0;
	return from >= 0;
}

static void deliver_here(struct work *w)
{
	talk_close(w->talk);
	here_deliver(&w->entry, w->due, w->n_due, w->body, w->pool);
	job_settle(w, w->n_due);
}

static void attempt(struct work *w)
{
	struct err err = { 0 };

	if (open_body(w, &err)) {
		if (here_is(w->domain))
			deliver_here(w);
		else
			send_due(w);
	} else {
		log_event(LOG_ERROR, "relay-cannot-read", log_z("reason", err.text));
		job_settle_all(w, SENT_LATER, SLICE("4.3.0 The message cannot be read"));
	}
	body_close(&w->body);
}

/* What is owed is paid once it is stored that it is owed. */
static void tell_sender(struct work *w)
{
	enum { LATER = 300 };
	struct err err = { 0 };
	bool any = false;

	for (size_t i = 0; i < w->entry.n_rcpts; i++)
		any = any || (w->rcpts[i].owed && slice_eq(w->rcpts[i].domain, w->domain));
	if (!any)
		return;
	bool told = report_send(&w->entry, w->domain, &err) == 0;
	if (!told)
		log_event(LOG_ERROR, "relay-cannot-report", log_z("reason", err.text));
	for (size_t i = 0; i < w->entry.n_rcpts; i++) {
		struct queue_rcpt *rcpt = &w->rcpts[i];

		if (!rcpt->owed || !slice_eq(rcpt->domain, w->domain))
			continue;
		if (told)
			rcpt->owed = false;
		else
			rcpt->next = time(NULL) + LATER;
	}
	job_save(w);
}

/* In A-labels; NULL: a notification, or none that can be. */
static const char *sender_domain(const struct queue_entry *entry, struct pool *pool)
{
	ptrdiff_t at = slice_rchr(entry->reverse_path, '@');

	return at < 0 ? NULL : domain_ascii(pool, slice_from(entry->reverse_path, (size_t)at + 1));
}

static enum level_wish wish_of(const struct queue_entry *entry)
{
	if (entry->require_tls)
		return LEVEL_PROVED;
	return entry->tls_optional ? LEVEL_ANY : LEVEL_AS_SET;
}

void job_run(struct lane *lane, const struct plan_job *job, struct talk **talk)
{
	enum { MINUTE = 60 };
	struct pool pool = { 0 };
	struct work w = { .lane = lane,
		.domain = plan_domain(job),
		.talk = talk,
		.pool = &pool,
		.now = time(NULL) };

	struct log_context context = { .proto = "relay", .mid = job->id };
	const struct log_context *before = log_context_set(&context);
	int found = queue_heard_settle(NULL) == 0 ? queue_get(job->id, &pool, &w.entry) : -1;
	if (found < 0)
		plan_note(w.domain, w.now + MINUTE);
	if (found == 1 && !w.entry.held) {
		w.rcpts = (struct queue_rcpt *)w.entry.rcpts;
		w.at.destination = pool_str(&pool, w.domain);
		w.at.domain = sender_domain(&w.entry, &pool);
		w.wish = wish_of(&w.entry);
		w.way = pool_printf(&pool, "%s %d", route_way(&w.at, &pool), w.wish);
		tell_sender(&w); /* of before a crash */
		find_due(&w);
		if (w.n_due > 0)
			attempt(&w);
		if (!w.unsaved)
			tell_sender(&w);
	}
	log_context_set(before);
	pool_done(&pool);
}
