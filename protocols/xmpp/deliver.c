/* deliver.c - into the inboxes of an account's resources (RFC 6121 8.5) */
#include "core/conf.h"
#include "core/log.h"
#include "protocols/xmpp/user.h"
#include "protocols/xmpp/xmpp.h"

CONF_KEY(xmpp_max_waiting) = {
	.name = "xmpp.max-waiting",
	.type = CONF_INT,
	.def = "500",
	.min = 10,
	.max = 100000,
	.help = "stanzas that may wait for one client that does not read or acknowledge",
};

CONF_KEY(xmpp_max_waiting_bytes) = {
	.name = "xmpp.max-waiting-bytes",
	.type = CONF_SIZE,
	.def = "2M",
	.min = 64 * 1024,
	.max = 1 << 30,
	.help = "bytes of the stanzas that may wait for one client",
};

static bool is_full(const struct xmpp_res *res)
{
	return res->inbox.n >= (uint32_t)conf_num(&conf_key_xmpp_max_waiting) ||
	    res->inbox.bytes >= (size_t)conf_num(&conf_key_xmpp_max_waiting_bytes);
}

bool xmpp_res_push(struct xmpp_res *res, struct xmpp_stanza *stanza)
{
	if (is_full(res)) {
		if (!res->pressed)
			log_event(LOG_WARN, "client-does-not-read", log_s("jid", res->jid),
			    log_n("waiting", res->inbox.n));
		res->pressed = true;
		return false;
	}
	xmpp_queue_put(&res->inbox, stanza);
	if (res->inbox.n == 1)
		xmpp_res_wake(res);
	return true;
}

static bool wants_messages(const struct xmpp_res *res)
{
	return res->available && res->priority >= 0;
}

static enum xmpp_fate offer(struct xmpp_res *res, struct xmpp_stanza *stanza)
{
	res->took = xmpp_res_push(res, stanza);
	return res->took ? XMPP_TAKEN : XMPP_FULL;
}

/* RFC 6121 8.5.2.1.1: the most available resource; all of them when several are. */
static enum xmpp_fate to_best(struct xmpp_user *user, struct xmpp_stanza *stanza)
{
	enum xmpp_fate fate = XMPP_NOBODY;
	int best = -1;

	for (struct xmpp_res *r = user->first; r; r = r->next)
		if (wants_messages(r) && r->priority > best)
			best = r->priority;
	for (struct xmpp_res *r = user->first; r; r = r->next)
		if (wants_messages(r) && r->priority == best && fate != XMPP_TAKEN)
			fate = offer(r, stanza);
		else if (wants_messages(r) && r->priority == best)
			offer(r, stanza);
	return fate;
}

enum xmpp_fate xmpp_user_message(
    struct xmpp_user *user, struct slice resource, const struct xml *el, struct xmpp_stanza *stanza)
{
	enum xmpp_fate fate = XMPP_NOBODY;

	pthread_mutex_lock(&user->lock);
	for (struct xmpp_res *r = user->first; r; r = r->next)
		r->took = false;
	struct xmpp_res *exact = resource.n ? xmpp_res_find(user, resource) : NULL;
	if (exact)
		fate = offer(exact, stanza);
	/* RFC 6121 8.5.3.2.1: to a resource that is not there, as if to the account. */
	if (!exact)
		fate = to_best(user, stanza);
	if (fate == XMPP_TAKEN)
		for (size_t i = 0; i < xmpp_module_table_n; i++)
			if (xmpp_module_table[i]->received)
				xmpp_module_table[i]->received(user, el);
	pthread_mutex_unlock(&user->lock);
	return fate;
}

enum xmpp_fate xmpp_user_headline(struct xmpp_user *user, struct xmpp_stanza *stanza)
{
	enum xmpp_fate fate = XMPP_NOBODY;

	pthread_mutex_lock(&user->lock);
	for (struct xmpp_res *r = user->first; r; r = r->next)
		if (wants_messages(r))
			fate = xmpp_res_push(r, stanza) ? XMPP_TAKEN : fate;
	pthread_mutex_unlock(&user->lock);
	return fate;
}

enum xmpp_fate xmpp_user_exactly(
    struct xmpp_user *user, struct slice resource, struct xmpp_stanza *stanza)
{
	enum xmpp_fate fate = XMPP_NOBODY;

	pthread_mutex_lock(&user->lock);
	struct xmpp_res *res = xmpp_res_find(user, resource);
	if (res)
		fate = xmpp_res_push(res, stanza) ? XMPP_TAKEN : XMPP_FULL;
	pthread_mutex_unlock(&user->lock);
	return fate;
}

void xmpp_user_available(
    struct xmpp_user *user, const struct xmpp_res *but, struct xmpp_stanza *stanza)
{
	pthread_mutex_lock(&user->lock);
	for (struct xmpp_res *r = user->first; r; r = r->next)
		if (r->available && r != but)
			xmpp_res_push(r, stanza);
	pthread_mutex_unlock(&user->lock);
}

void xmpp_user_interested(struct xmpp_user *user, struct xmpp_stanza *stanza)
{
	for (struct xmpp_res *r = user->first; r; r = r->next)
		if (r->interested)
			xmpp_res_push(r, stanza);
}
