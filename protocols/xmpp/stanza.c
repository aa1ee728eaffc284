/* stanza.c - stanzas of a client: checked, addressed, given to who handles them (RFC 6120 8, 10) */
#include "core/loop.h"
#include "protocols/xmpp/sm.h"
#include "protocols/xmpp/xmpp.h"
#include "storage/dir.h"

/* --- hooks --- */

static bool is_hook(
    const struct xmpp_hook *h, enum xmpp_hook_kind kind, unsigned where, const struct xml *el)
{
	return h->kind == kind && (where == 0 || (h->where & where)) &&
	    slice_eq(el->ns, slice_str(h->ns)) &&
	    (!h->name || slice_eq(el->name, slice_str(h->name)));
}

const struct xmpp_hook *xmpp_hook_find(
    enum xmpp_hook_kind kind, unsigned where, const struct xml *el)
{
	for (size_t i = 0; i < xmpp_module_table_n; i++)
		for (const struct xmpp_hook *h = xmpp_module_table[i]->hooks; h->kind; h++)
			if (is_hook(h, kind, where, el))
				return h;
	return NULL;
}

/* --- where it goes --- */

/* Is the domain hosted here? 1, 0, or -1: ask on a worker. */
static int is_ours(struct xmpp *x, const struct jid *jid)
{
	if (slice_eq(jid->domain, x->domain) || slice_eq(jid->domain, x->home))
		return 1;
	struct xmpp_user *user = xmpp_user_get(jid->bare);
	if (user) {
		xmpp_user_close(&user);
		return 1;
	}
	return loop_thread() ? -1 : dir_is_domain(jid->domain);
}

/* SESS_NEXT: *to says where; SESS_LATER. *bad: the address is none. */
static enum sess_next address(struct xmpp *x, const struct xml *el, struct xmpp_to *to, bool *bad)
{
	struct slice text = xml_attr(el, "to");

	*to = (struct xmpp_to){ .given = text.p != NULL, .where = XMPP_AT_SELF };
	*bad = !jid_parse(sess_cmd_pool(x->s), to->given ? text : x->account, &to->jid);
	if (*bad || !to->given || slice_eq(to->jid.bare, x->account))
		return SESS_NEXT;
	int ours = is_ours(x, &to->jid);
	if (ours < 0)
		return SESS_LATER;
	to->where = !ours ? 0 : to->jid.local.n ? XMPP_AT_OTHER : XMPP_AT_SERVER;
	return SESS_NEXT;
}

/* --- IQ (RFC 6120 8.2.3) --- */

/* A question or an answer for another client. */
static enum sess_next pass_on(struct xmpp *x, const struct xml *el, const struct xmpp_to *to)
{
	struct xmpp_user *user = xmpp_user_get(to->jid.bare);
	enum xmpp_fate fate = XMPP_NOBODY;

	if (user) {
		struct xmpp_stanza *stanza = xmpp_stanza_of(XMPP_IQ, el);
		fate = xmpp_user_exactly(user, to->jid.resource, stanza);
		xmpp_stanza_unref(&stanza);
		xmpp_user_close(&user);
	}
	if (fate == XMPP_NOBODY) /* RFC 6121 8.5.3.2.3 */
		return xmpp_error(x, el, "cancel", "service-unavailable", NULL);
	if (fate == XMPP_FULL)
		return xmpp_error(x, el, "wait", "resource-constraint", NULL);
	return SESS_NEXT;
}

static enum sess_next ask_module(
    struct xmpp *x, const struct xml *el, const struct xmpp_to *to, bool set)
{
	const struct xml *payload = xml_child(el, NULL, NULL);

	/* RFC 6120 8.2.3: exactly one. */
	if (!payload || xml_next(payload))
		return xmpp_error(x, el, "modify", "bad-request", NULL);
	const struct xmpp_hook *hook =
	    xmpp_hook_find(set ? XMPP_IQ_SET : XMPP_IQ_GET, to->where, payload);
	if (!hook)
		return xmpp_error(x, el, "cancel", "service-unavailable", NULL);
	if (hook->waits && loop_thread())
		return SESS_LATER;
	return hook->run(x, el, payload);
}

static enum sess_next iq(struct xmpp *x, const struct xml *el, const struct xmpp_to *to)
{
	struct slice type = xml_attr(el, "type");
	bool set = slice_eq(type, SLICE("set")), get = slice_eq(type, SLICE("get"));
	bool answer = slice_eq(type, SLICE("result")) || slice_eq(type, SLICE("error"));

	if ((!set && !get && !answer) || xml_attr(el, "id").n == 0)
		return xmpp_error(x, el, "modify", "bad-request", NULL);
	if (to->where == 0)
		return xmpp_error(x, el, "cancel", "remote-server-not-found", NULL);
	if (to->jid.local.n && to->jid.resource.n)
		return pass_on(x, el, to);
	if (answer)
		return SESS_NEXT; /* to a question of ours: a ping, a push */
	return ask_module(x, el, to, set);
}

/* --- all of them --- */

struct xmpp_stanza *xmpp_stanza_of(enum xmpp_kind kind, const struct xml *el)
{
	struct buf text = { 0 };

	xml_write(&text, el, SLICE(NS_CLIENT));
	struct xmpp_stanza *stanza = xmpp_stanza_new(kind, buf_slice(&text));
	buf_done(&text);
	return stanza;
}

/* RFC 6120 8.1.2.1: from may be left out, or be what the client is. */
static bool is_own(struct xmpp *x, struct slice from)
{
	struct jid jid;

	if (!from.p)
		return true;
	if (!jid_parse(sess_cmd_pool(x->s), from, &jid))
		return false;
	return slice_eq(jid.bare, x->account) &&
	    (jid.resource.n == 0 || slice_eq(jid.resource, x->res->name));
}

static enum sess_next bound_stanza(struct xmpp *x, const struct xml *el)
{
	struct xmpp_to to;
	bool bad;

	if (!is_own(x, xml_attr(el, "from")))
		return xmpp_stream_error(x, "invalid-from", NULL);
	el = xml_with(sess_cmd_pool(x->s), el, "from", x->res->jid);
	enum sess_next next = address(x, el, &to, &bad);
	if (next != SESS_NEXT)
		return next;
	if (bad)
		return xmpp_error(x, el, "modify", "jid-malformed", NULL);
	if (slice_eq(el->name, SLICE("message")))
		return xmpp_message(x, el, &to);
	if (slice_eq(el->name, SLICE("presence")))
		return xmpp_presence(x, el, &to);
	return iq(x, el, &to);
}

static bool is_stanza(const struct xml *el)
{
	return slice_eq(el->name, SLICE("message")) || slice_eq(el->name, SLICE("presence")) ||
	    slice_eq(el->name, SLICE("iq"));
}

enum sess_next xmpp_stanza(struct xmpp *x, const struct xml *el)
{
	if (!is_stanza(el))
		return xmpp_stream_error(x, "unsupported-stanza-type", NULL);
	/* RFC 6120 4.9.3.12 */
	if (x->account.n == 0)
		return xmpp_stream_error(x, "not-authorized", NULL);
	if (x->res) {
		if (!x->counted)
			xmpp_sm_heard(x);
		x->counted = true;
		return bound_stanza(x, el);
	}
	/* RFC 6120 7.1: binding a resource comes first. */
	const struct xml *payload = xml_child(el, NULL, NULL);
	const struct xmpp_hook *hook = payload && slice_eq(el->name, SLICE("iq")) &&
		slice_eq(xml_attr(el, "type"), SLICE("set")) &&
		slice_eq(payload->ns, SLICE("urn:ietf:params:xml:ns:xmpp-bind"))
	    ? xmpp_hook_find(XMPP_IQ_SET, XMPP_AT_SELF, payload)
	    : NULL;
	if (!hook)
		return xmpp_stream_error(x, "not-authorized", NULL);
	return hook->waits && loop_thread() ? SESS_LATER : hook->run(x, el, payload);
}
