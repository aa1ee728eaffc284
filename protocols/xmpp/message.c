/* message.c - messages of a client, to others here (RFC 6121 5, 8.5) */
#include "core/log.h"
#include "core/loop.h"
#include "protocols/xmpp/offline.h"
#include "protocols/xmpp/xmpp.h"

/* RFC 6121 5.2.2: what is not known is a normal one. */
enum type { NORMAL, CHAT, GROUPCHAT, HEADLINE, ERROR };

static enum type type_of(const struct xml *el)
{
	struct slice type = xml_attr(el, "type");

	if (slice_eq(type, SLICE("chat")))
		return CHAT;
	if (slice_eq(type, SLICE("groupchat")))
		return GROUPCHAT;
	if (slice_eq(type, SLICE("headline")))
		return HEADLINE;
	return slice_eq(type, SLICE("error")) ? ERROR : NORMAL;
}

static enum sess_next refuse(struct xmpp *x, const struct xml *el, const char *condition)
{
	return xmpp_error(x, el, "cancel", condition, NULL);
}

/* XEP-0160: kept is what somebody wrote; "is typing" is not. */
static bool is_worth_keeping(const struct xml *el)
{
	return xml_child(el, NULL, "body") || !xml_child(el, NULL, NULL) ||
	    !xml_child(el, "http://jabber.org/protocol/chatstates", NULL);
}

static enum sess_next keep(
    struct xmpp *x, const struct xml *el, struct xmpp_user *user, struct xmpp_stanza *stanza)
{
	struct err err = { 0 };

	if (!is_worth_keeping(el) || xmpp_offline_put(user, el, stanza, &err) == 0)
		return SESS_NEXT;
	log_event(LOG_INFO, "message-refused", log_s("to", user->jid), log_z("reason", err.text));
	/* RFC 6121 8.5.2.2.1 */
	return err.kind == ERR_TEMP ? xmpp_error(x, el, "wait", "internal-server-error", NULL)
				    : refuse(x, el, "service-unavailable");
}

/* RFC 6121 8.5.2, 8.5.3 */
static enum sess_next hand_over(struct xmpp *x, const struct xml *el, const struct xmpp_to *to,
    struct xmpp_user *user, struct xmpp_stanza *stanza)
{
	enum type type = type_of(el);
	bool full_jid = to->jid.resource.n > 0;
	enum xmpp_fate fate;

	if (type == NORMAL || type == CHAT)
		fate = xmpp_user_message(user, to->jid.resource, el, stanza);
	else if (full_jid)
		fate = xmpp_user_exactly(user, to->jid.resource, stanza);
	else
		fate = type == HEADLINE ? xmpp_user_headline(user, stanza) : XMPP_NOBODY;

	if (fate == XMPP_TAKEN || (fate == XMPP_NOBODY && (type == HEADLINE || type == ERROR)))
		return SESS_NEXT;
	if (fate == XMPP_FULL)
		return xmpp_error(x, el, "wait", "resource-constraint", NULL);
	if (type == GROUPCHAT)
		return refuse(x, el, "service-unavailable");
	return loop_thread() ? SESS_LATER : keep(x, el, user, stanza);
}

/* RFC 6121 8.5.1: who does not exist answers as who is not there. */
static enum sess_next local(struct xmpp *x, const struct xml *el, const struct xmpp_to *to)
{
	struct xmpp_user *user = xmpp_user_get(to->jid.bare);

	if (!user && loop_thread())
		return SESS_LATER;
	int found = user ? 1 : xmpp_user_open(to->jid.bare, &user);
	if (found < 0)
		return xmpp_error(x, el, "wait", "internal-server-error", NULL);
	if (found == 0)
		return refuse(x, el, "service-unavailable");
	struct xmpp_stanza *stanza = xmpp_stanza_of(XMPP_MESSAGE, el);
	enum sess_next next = hand_over(x, el, to, user, stanza);
	xmpp_stanza_unref(&stanza);
	xmpp_user_close(&user);
	return next;
}

enum sess_next xmpp_message(struct xmpp *x, const struct xml *el, const struct xmpp_to *to)
{
	if (to->where == 0)
		return refuse(x, el, "remote-server-not-found");
	if (to->where == XMPP_AT_SERVER)
		return refuse(x, el, "service-unavailable");
	/* RFC 6120 10.3.1: without an address it is for the sender's own account. */
	enum sess_next next = local(x, el, to);
	if (next == SESS_NEXT)
		for (size_t i = 0; i < xmpp_module_table_n; i++)
			if (xmpp_module_table[i]->sent)
				xmpp_module_table[i]->sent(x, el);
	return next;
}
