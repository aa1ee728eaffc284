/* mod_carbons.c - all clients of an account see its conversations (XEP-0280) */
#include "protocols/xmpp/xmpp.h"

#define NS_CARBONS "urn:xmpp:carbons:2"
#define NS_HINTS "urn:xmpp:hints"

/* XEP-0280 6.1: what people say to each other, unless the sender says no. */
static bool is_eligible(const struct xml *el)
{
	struct slice type = xml_attr(el, "type");
	bool chat = slice_eq(type, SLICE("chat"));
	bool plain =
	    (type.n == 0 || slice_eq(type, SLICE("normal"))) && xml_child(el, NULL, "body");

	return (chat || plain) && !xml_child(el, NS_CARBONS, "private") &&
	    !xml_child(el, NS_HINTS, "no-copy");
}

/* The part that all copies share, behind their own address. */
static void wrap(struct buf *out, struct slice account, const char *direction, const struct xml *el)
{
	buf_printf(
	    out, " type='%s'", slice_eq(xml_attr(el, "type"), SLICE("chat")) ? "chat" : "normal");
	xml_put_attr(out, "from", account);
	buf_printf(
	    out, "><%s xmlns='" NS_CARBONS "'><forwarded xmlns='urn:xmpp:forward:0'>", direction);
	xml_write(out, el, SLICE("urn:xmpp:forward:0"));
	buf_printf(out, "</forwarded></%s></message>", direction);
}

/* With the user's lock. */
static void copy(struct xmpp_res *res, struct slice shared)
{
	struct buf text = { 0 };

	buf_addz(&text, "<message");
	xml_put_attr(&text, "to", res->jid);
	buf_adds(&text, shared);
	struct xmpp_stanza *stanza = xmpp_stanza_new(XMPP_MESSAGE, buf_slice(&text));
	xmpp_res_push(res, stanza);
	xmpp_stanza_unref(&stanza);
	buf_done(&text);
}

static bool wants(const struct xmpp_res *res, const struct xmpp_res *but)
{
	return res->carbons && res != but && !res->took;
}

/* With the user's lock: to all that want copies, and have not the message itself. */
static void copies(
    struct xmpp_user *user, const struct xmpp_res *but, const char *direction, const struct xml *el)
{
	struct buf shared = { 0 };

	for (struct xmpp_res *r = user->first; r; r = r->next) {
		if (!wants(r, but))
			continue;
		if (shared.n == 0)
			wrap(&shared, user->jid, direction, el);
		copy(r, buf_slice(&shared));
	}
	buf_done(&shared);
}

static void received(struct xmpp_user *user, const struct xml *el)
{
	if (user->resources > 1 && is_eligible(el))
		copies(user, NULL, "received", el);
}

static void sent(struct xmpp *x, const struct xml *el)
{
	struct xmpp_user *user = x->res->user;

	pthread_mutex_lock(&user->lock);
	if (user->resources > 1 && is_eligible(el)) {
		for (struct xmpp_res *r = user->first; r; r = r->next)
			r->took = false;
		copies(
		    user, x->res, "sent", xml_with(sess_cmd_pool(x->s), el, "from", x->res->jid));
	}
	pthread_mutex_unlock(&user->lock);
}

static enum sess_next turn(struct xmpp *x, const struct xml *iq, bool on)
{
	pthread_mutex_lock(&x->res->user->lock);
	x->res->carbons = on;
	pthread_mutex_unlock(&x->res->user->lock);
	return xmpp_result(x, iq, (struct slice){ 0 });
}

static enum sess_next enable(struct xmpp *x, const struct xml *iq, const struct xml *payload)
{
	(void)payload;
	return turn(x, iq, true);
}

static enum sess_next disable(struct xmpp *x, const struct xml *iq, const struct xml *payload)
{
	(void)payload;
	return turn(x, iq, false);
}

static const char *const features[] = { NS_CARBONS, "urn:xmpp:carbons:rules:0", NULL };

XMPP_MODULE(carbons) = {
	.name = "carbons",
	.server_features = features,
	.account_features = features,
	.sent = sent,
	.received = received,
	.hooks = {
		{ XMPP_IQ_SET, NS_CARBONS, "enable", XMPP_AT_SELF, .run = enable },
		{ XMPP_IQ_SET, NS_CARBONS, "disable", XMPP_AT_SELF, .run = disable },
	},
};
