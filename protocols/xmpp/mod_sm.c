/* mod_sm.c - stanzas out, acknowledged; streams taken up again (XEP-0198) */
#include "core/conf.h"
#include "core/log.h"
#include "core/num.h"
#include "core/random.h"
#include "core/text.h"
#include "protocols/xmpp/sm.h"

#define NS_SM "urn:xmpp:sm:3"

/* Answers go out whatever is not acknowledged; of them there may be more. */
enum { ANSWERS = 8 };

/* So much is kept for a client that acknowledges nothing, `times` over. */
static bool is_full(const struct xmpp_queue *q, unsigned times)
{
	return q->n >= times * (uint64_t)conf_num(&conf_key_xmpp_max_waiting) ||
	    q->bytes >= times * (uint64_t)conf_num(&conf_key_xmpp_max_waiting_bytes);
}

/* --- stanzas out --- */

/* Ask once for what is out, not for each. With the user's lock. */
static void ask(struct xmpp *x)
{
	struct xmpp_sm *sm = &x->res->sm;

	if (!sm->on || sm->asked || sm->unacked.n == 0)
		return;
	sm->asked = true;
	buf_addz(sess_out(x->s), "<r xmlns='" NS_SM "'/>");
}

/* A client that acknowledges nothing gets nothing more: then its inbox fills. */
static bool may_send(const struct xmpp *x)
{
	return x->res->inbox.n > 0 && (!x->res->sm.on || !is_full(&x->res->sm.unacked, 1)) &&
	    !sess_full(x->s);
}

enum sess_next xmpp_sm_send(struct xmpp *x)
{
	struct xmpp_res *res = x->res;
	struct buf *out = sess_out(x->s);

	x->more = NULL;
	pthread_mutex_lock(&res->user->lock);
	while (may_send(x)) {
		struct xmpp_stanza *stanza = xmpp_queue_take(&res->inbox);
		buf_adds(out, xmpp_stanza_text(stanza));
		if (res->sm.on)
			xmpp_queue_put(&res->sm.unacked, stanza);
		xmpp_stanza_unref(&stanza);
	}
	ask(x);
	bool full = res->inbox.n > 0 && sess_full(x->s);
	pthread_mutex_unlock(&res->user->lock);
	if (!full)
		return SESS_NEXT;
	x->more = xmpp_sm_send;
	return SESS_MORE;
}

static enum xmpp_kind kind_of(struct slice text)
{
	if (slice_starts(text, SLICE("<message")))
		return XMPP_MESSAGE;
	return slice_starts(text, SLICE("<iq")) ? XMPP_IQ : XMPP_PRESENCE;
}

void xmpp_sm_sent(struct xmpp *x, struct slice text)
{
	struct xmpp_res *res = x->res;

	if (!res->sm.on)
		return;
	struct xmpp_stanza *stanza = xmpp_stanza_new(kind_of(text), text);
	pthread_mutex_lock(&res->user->lock);
	xmpp_queue_put(&res->sm.unacked, stanza);
	x->deaf = is_full(&res->sm.unacked, ANSWERS);
	ask(x);
	pthread_mutex_unlock(&res->user->lock);
	xmpp_stanza_unref(&stanza);
}

/* XEP-0198 4: counted when it is taken, for it will be handled to its end. */
void xmpp_sm_heard(struct xmpp *x)
{
	if (x->res->sm.on)
		x->res->sm.in++;
}

/* --- acknowledging --- */

/* With the user's lock. False: more than was ever sent (XEP-0198 5). */
static bool acknowledged(struct xmpp_sm *sm, uint32_t h)
{
	uint32_t n = h - sm->acked; /* counts wrap at 2^32 */

	if (n > sm->unacked.n)
		return false;
	for (; n > 0; n--) {
		struct xmpp_stanza *stanza = xmpp_queue_take(&sm->unacked);
		xmpp_stanza_unref(&stanza);
	}
	sm->acked = h;
	return true;
}

static enum sess_next too_high(struct xmpp *x)
{
	return xmpp_stream_error(x, "undefined-condition", "acknowledged more than was sent");
}

static enum sess_next on_a(struct xmpp *x, const struct xml *el, const struct xml *none)
{
	uint32_t h;

	(void)none;
	if (!x->res || !x->res->sm.on || !num_u32(xml_attr(el, "h"), &h))
		return xmpp_stream_error(x, "unsupported-stanza-type", NULL);
	pthread_mutex_lock(&x->res->user->lock);
	bool good = acknowledged(&x->res->sm, h);
	x->res->sm.asked = false;
	pthread_mutex_unlock(&x->res->user->lock);
	return good ? xmpp_sm_send(x) : too_high(x);
}

static enum sess_next on_r(struct xmpp *x, const struct xml *el, const struct xml *none)
{
	(void)el, (void)none;
	if (!x->res || !x->res->sm.on)
		return xmpp_stream_error(x, "unsupported-stanza-type", NULL);
	sess_printf(x->s, "<a xmlns='" NS_SM "' h='%u'/>", x->res->sm.in);
	return SESS_NEXT;
}

/* --- enabling, resuming --- */

static enum sess_next fail(struct xmpp *x, const char *condition)
{
	sess_printf(x->s, "<failed xmlns='" NS_SM "'><%s xmlns='" NS_STANZA_ERRORS "'/></failed>",
	    condition);
	return SESS_NEXT;
}

static enum sess_next on_enable(struct xmpp *x, const struct xml *el, const struct xml *none)
{
	struct slice resume = xml_attr(el, "resume");
	int64_t seconds = conf_num(&conf_key_xmpp_resume_time) / 1000;
	struct buf *out = sess_out(x->s);

	(void)none;
	if (!x->res || x->res->sm.on)
		return fail(x, "unexpected-request");
	struct xmpp_sm *sm = &x->res->sm;
	pthread_mutex_lock(&x->res->user->lock);
	sm->on = true;
	sm->resumable =
	    seconds > 0 && (slice_eq(resume, SLICE("true")) || slice_eq(resume, SLICE("1")));
	random_bytes(sm->id, sizeof(sm->id));
	pthread_mutex_unlock(&x->res->user->lock);
	buf_addz(out, "<enabled xmlns='" NS_SM "'");
	if (sm->resumable) {
		/* The resource's name leads to it, the rest proves the right. */
		buf_addz(out, " resume='true' id='");
		hex_put(out, slice_of(sm->id, sizeof(sm->id)));
		hex_put(out, x->res->name);
		buf_printf(out, "' max='%lld'", (long long)seconds);
	}
	buf_addz(out, "/>");
	return SESS_NEXT;
}

/* With the user's lock: the resource of that stream, or NULL. */
static struct xmpp_res *find(struct xmpp_user *user, struct slice id)
{
	struct buf hex = { 0 };
	struct xmpp_res *res = user->first;

	for (; res; res = res->next) {
		buf_clear(&hex);
		hex_put(&hex, slice_of(res->sm.id, sizeof(res->sm.id)));
		hex_put(&hex, res->name);
		if (res->sm.resumable && hex.n == id.n && bytes_same(hex.p, id.p, id.n))
			break;
	}
	buf_wipe(&hex);
	return res;
}

/* With the user's lock. Its session, if it still has one, finds that it was
   replaced; what it left undelivered goes out here. */
static void take_over(struct xmpp *x, struct xmpp_res *res)
{
	struct sess_handle *old = res->handle;

	res->refs++;
	res->owner = x;
	res->handle = sess_handle(x->s);
	res->sm.asked = false;
	if (old)
		sess_wake(old);
	sess_handle_free(&old);
	x->res = res;
}

/* XEP-0198 5: what the client has not is sent once more, in order. */
static enum sess_next resumed(struct xmpp *x, struct slice previd)
{
	struct buf *out = sess_out(x->s);
	struct xmpp_sm *sm = &x->res->sm;

	buf_printf(out, "<resumed xmlns='" NS_SM "' h='%u'", sm->in);
	xml_put_attr(out, "previd", previd);
	buf_addz(out, "/>");
	pthread_mutex_lock(&x->res->user->lock);
	for (uint32_t i = 0; i < sm->unacked.n; i++)
		buf_adds(out, xmpp_stanza_text(xmpp_queue_nth(&sm->unacked, i)));
	pthread_mutex_unlock(&x->res->user->lock);
	log_event(
	    LOG_INFO, "stream-resumed", log_s("jid", x->res->jid), log_n("again", sm->unacked.n));
	xmpp_rise(x->res);
	return xmpp_sm_send(x);
}

static enum sess_next on_resume(struct xmpp *x, const struct xml *el, const struct xml *none)
{
	struct slice previd = xml_attr(el, "previd");
	uint32_t h;
	bool good = true;

	(void)none;
	if (x->account.n == 0 || x->res || !num_u32(xml_attr(el, "h"), &h))
		return fail(x, "unexpected-request");
	struct xmpp_user *user = xmpp_user_get(x->account);
	if (!user)
		return fail(x, "item-not-found");
	pthread_mutex_lock(&user->lock);
	struct xmpp_res *res = find(user, previd);
	if (res)
		good = acknowledged(&res->sm, h);
	if (res && good)
		take_over(x, res);
	pthread_mutex_unlock(&user->lock);
	xmpp_user_close(&user);
	if (!res)
		return fail(x, "item-not-found");
	if (!good)
		return too_high(x);
	sess_timeout(x->s, (uint64_t)conf_num(&conf_key_xmpp_keepalive));
	return resumed(x, previd);
}

static void offer(struct xmpp *x, struct buf *out)
{
	if (x->account.n)
		buf_addz(out, "<sm xmlns='" NS_SM "'/>");
}

XMPP_MODULE(sm) = {
	.name = "stream management",
	.offer = offer,
	.hooks = {
		{ XMPP_NONZA, NS_SM, "a", .run = on_a },
		{ XMPP_NONZA, NS_SM, "r", .run = on_r },
		{ XMPP_NONZA, NS_SM, "enable", .run = on_enable },
		{ XMPP_NONZA, NS_SM, "resume", .run = on_resume },
	},
};
