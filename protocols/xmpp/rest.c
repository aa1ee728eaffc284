/* rest.c - resources whose session is over: some sleep until they are resumed, then all end
 *
 * A session that ends on a loop leaves the work that may wait for the disk to a
 * worker. One thread, started with the first sleeper, ends those whose time is
 * over, and all of them when the server ends. */
#include <stdlib.h>

#include "core/conf.h"
#include "core/log.h"
#include "core/loop.h"
#include "protocols/xmpp/offline.h"
#include "protocols/xmpp/xmpp.h"

CONF_KEY(xmpp_resume_time) = {
	.name = "xmpp.resume-time",
	.type = CONF_DURATION,
	.def = "5m",
	.min = 0,
	.max = 24 * 3600 * 1000LL,
	.help = "how long a broken XMPP stream can be resumed; 0: not at all",
};

CONF_KEY(xmpp_max_asleep) = {
	.name = "xmpp.max-resumable",
	.type = CONF_INT,
	.def = "5000",
	.min = 0,
	.max = 1000000,
	.help = "broken XMPP streams that are kept for their clients to resume",
};

/* --- what was not delivered --- */

static void bounce(const struct xml *el, struct pool *pool)
{
	struct slice type = xml_attr(el, "type");
	struct buf text = { 0 };
	struct jid from;

	if ((!slice_eq(type, SLICE("get")) && !slice_eq(type, SLICE("set"))) ||
	    !jid_parse(pool, xml_attr(el, "from"), &from))
		return;
	struct xmpp_user *user = xmpp_user_get(from.bare);
	if (user) {
		xmpp_write_error(&text, el, "cancel", "service-unavailable", NULL);
		struct xmpp_stanza *stanza = xmpp_stanza_new(XMPP_IQ, buf_slice(&text));
		xmpp_user_exactly(user, from.resource, stanza);
		xmpp_stanza_unref(&stanza);
		buf_done(&text);
	}
	xmpp_user_close(&user);
}

/* What was written to the account by somebody; not copies, which others have too. */
static bool is_message(const struct xml *el)
{
	struct slice type = xml_attr(el, "type");

	return !slice_eq(type, SLICE("error")) && !slice_eq(type, SLICE("headline")) &&
	    !slice_eq(type, SLICE("groupchat")) && !xml_child(el, "urn:xmpp:carbons:2", NULL) &&
	    xml_child(el, NULL, "body");
}

/* Messages to other resources or the store, questions back to their senders. */
static void rescue(struct xmpp_user *user, struct xmpp_stanza *stanza, struct pool *pool)
{
	enum xml_fault fault;
	struct err err = { 0 };
	const struct xml *el = xml_read(pool, SLICE("<s xmlns='" NS_CLIENT "'>"),
	    xmpp_stanza_text(stanza), false, &xmpp_limits, &fault);

	if (!el)
		return;
	if (stanza->kind == XMPP_IQ)
		bounce(el, pool);
	if (stanza->kind == XMPP_MESSAGE && is_message(el) &&
	    xmpp_offline_put(user, el, stanza, &err) < 0)
		log_event(
		    LOG_WARN, "message-lost", log_s("to", user->jid), log_z("reason", err.text));
}

struct salvage {
	struct task task;
	struct xmpp_user *user;
	struct xmpp_queue queue;
};

static void run_salvage(struct task *task)
{
	struct salvage *salvage = (struct salvage *)task;

	for (struct xmpp_stanza *s; (s = xmpp_queue_take(&salvage->queue)); xmpp_stanza_unref(&s)) {
		struct pool pool = { 0 };
		rescue(salvage->user, s, &pool);
		pool_done(&pool);
	}
	xmpp_user_close(&salvage->user);
	free(salvage);
}

static void move(struct xmpp_queue *from, struct xmpp_queue *to)
{
	for (struct xmpp_stanza *s; (s = xmpp_queue_take(from)); xmpp_stanza_unref(&s))
		xmpp_queue_put(to, s);
}

/* --- the end of a resource --- */

void xmpp_res_end(struct xmpp_res *res)
{
	struct salvage *s = mem_get(sizeof(*s));

	xmpp_presence_gone(res);
	pthread_mutex_lock(&res->user->lock);
	xmpp_res_remove(res);
	move(&res->sm.unacked, &s->queue); /* older than what is in the inbox */
	move(&res->inbox, &s->queue);
	pthread_mutex_unlock(&res->user->lock);
	s->task.run = run_salvage;
	s->user = xmpp_user_ref(res->user);
	if (s->queue.n == 0 || !loop_thread())
		run_salvage(&s->task);
	else
		worker_post(&s->task);
}

/* --- sleepers --- */

static struct {
	pthread_mutex_t lock;
	struct xmpp_res *first;
	unsigned n;
	bool started; /* the thread */
} asleep = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* A reference is the list's. Time is over, or (all) the server ends. */
static struct xmpp_res *take_due(bool all)
{
	uint64_t now = loop_now();

	pthread_mutex_lock(&asleep.lock);
	struct xmpp_res **at = &asleep.first, *res;
	while (*at && !all && (*at)->until > now)
		at = &(*at)->next_asleep;
	res = *at;
	if (res) {
		*at = res->next_asleep;
		res->next_asleep = NULL;
		asleep.n--;
	}
	pthread_mutex_unlock(&asleep.lock);
	return res;
}

/* It may have been resumed meanwhile, or replaced. */
static void end_sleeper(struct xmpp_res *res)
{
	pthread_mutex_lock(&res->user->lock);
	bool ends = !res->owner && !res->gone;
	if (ends) /* nobody resumes it any more */
		res->sm.resumable = false;
	pthread_mutex_unlock(&res->user->lock);
	if (ends) {
		log_event(LOG_INFO, "resume-time-over", log_s("jid", res->jid));
		xmpp_res_end(res);
	}
	xmpp_res_unref(&res);
}

static void end_sleepers(void *arg)
{
	struct xmpp_res *res;

	(void)arg;
	while (!threads_sleep(1000))
		while ((res = take_due(false)))
			end_sleeper(res);
	while ((res = take_due(true)))
		end_sleeper(res);
}

/* False: there are too many. */
static bool lay_down(struct xmpp_res *res)
{
	pthread_mutex_lock(&asleep.lock);
	if (!asleep.started)
		asleep.started = thread_start("xmpp", end_sleepers, NULL, NULL) == 0;
	bool room = asleep.started && asleep.n < (unsigned)conf_num(&conf_key_xmpp_max_asleep);
	if (room) {
		res->next_asleep = asleep.first;
		asleep.first = res;
		asleep.n++;
	}
	pthread_mutex_unlock(&asleep.lock);
	return room;
}

void xmpp_rise(struct xmpp_res *res)
{
	struct xmpp_res **at = &asleep.first;

	pthread_mutex_lock(&asleep.lock);
	while (*at && *at != res)
		at = &(*at)->next_asleep;
	bool found = *at == res;
	if (found) {
		*at = res->next_asleep;
		res->next_asleep = NULL;
		asleep.n--;
	}
	pthread_mutex_unlock(&asleep.lock);
	if (found)
		xmpp_res_unref(&res);
}

/* The list gets a reference of its own: once it has it, the resource may end at
   any time. */
static bool sleep_instead(struct xmpp *x)
{
	struct xmpp_res *res = x->res, *own = res;
	uint64_t time = (uint64_t)conf_num(&conf_key_xmpp_resume_time);

	if (x->closed || !res->sm.resumable || time == 0)
		return false;
	pthread_mutex_lock(&res->user->lock);
	res->owner = NULL;
	sess_handle_free(&res->handle);
	res->until = loop_now() + time;
	res->refs++;
	pthread_mutex_unlock(&res->user->lock);
	bool lies = lay_down(own);
	if (!lies)
		xmpp_res_unref(&own);
	return lies;
}

void xmpp_leave(struct xmpp *x)
{
	struct xmpp_res *res = x->res;

	if (!res)
		return;
	pthread_mutex_lock(&res->user->lock);
	bool mine = res->owner == x;
	pthread_mutex_unlock(&res->user->lock);
	bool sleeps = mine && sleep_instead(x);
	log_event(LOG_INFO, sleeps ? "stream-broken" : "logout", log_s("jid", res->jid));
	if (mine && !sleeps)
		xmpp_res_end(res);
	xmpp_res_unref(&x->res);
}
