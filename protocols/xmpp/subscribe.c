/* subscribe.c - presence subscriptions (RFC 6121 3 and Appendix A)
 *
 * What the appendix says in tables is one rule for each stanza on the bits of
 * a state (roster.h). The sender's side is changed first, then the
 * contact's, never both at once: each is durable by itself, and a request that a
 * crash kept from the contact is sent again when the sender comes online. */
#include "core/log.h"
#include "protocols/xmpp/xmpp.h"

enum kind { SUBSCRIBE, SUBSCRIBED, UNSUBSCRIBE, UNSUBSCRIBED };

static const char *const kinds[] = { "subscribe", "subscribed", "unsubscribe", "unsubscribed" };

/* One stanza applied to one side. */
struct step {
	enum kind kind;
	struct slice text; /* the stanza, to keep with a request */
	unsigned had;	   /* bits before ... */
	unsigned has;	   /* ... and after */
	bool deliver;	   /* it goes on: to the contact, or to the account's clients */
	bool approve;	   /* answer "subscribed" in the account's name */
};

/* --- the rules: bits after, and whether the stanza goes on --- */

/* RFC 6121 A.2: the account sends it. */
static bool outbound(void *arg, struct roster_item *item)
{
	struct step *s = arg;
	unsigned bits = s->had = item->bits;

	s->deliver = true;
	switch (s->kind) {
	case SUBSCRIBE:
		bits |= ROSTER_LISTED | (bits & ROSTER_TO ? 0 : ROSTER_OUT);
		break;
	case UNSUBSCRIBE:
		bits &= ~(unsigned)(ROSTER_TO | ROSTER_OUT);
		break;
	case SUBSCRIBED:
		s->deliver = bits & ROSTER_IN;
		if (bits & ROSTER_IN)
			bits = (bits & ~(unsigned)ROSTER_IN) | ROSTER_FROM | ROSTER_LISTED;
		else if (!(bits & ROSTER_FROM)) /* RFC 6121 3.4 */
			bits |= ROSTER_APPROVED | ROSTER_LISTED;
		break;
	case UNSUBSCRIBED:
		s->deliver = bits & (ROSTER_IN | ROSTER_FROM);
		bits &= ~(unsigned)(ROSTER_IN | ROSTER_FROM | ROSTER_APPROVED);
		break;
	}
	if (!(bits & ROSTER_IN))
		item->request = (struct slice){ 0 };
	s->has = item->bits = (uint8_t)bits;
	return s->has != s->had;
}

static unsigned asked(struct step *s, struct roster_item *item)
{
	unsigned bits = item->bits;

	s->deliver = false;
	if (bits & (ROSTER_FROM | ROSTER_APPROVED)) { /* RFC 6121 3.1.3, 3.4.2 */
		s->approve = true;
		return (bits & ~(unsigned)ROSTER_APPROVED) | ROSTER_FROM;
	}
	s->deliver = !(bits & ROSTER_IN);
	if (s->deliver)
		item->request = s->text;
	return bits | ROSTER_IN;
}

/* RFC 6121 A.3: the account gets it. */
static bool inbound(void *arg, struct roster_item *item)
{
	struct step *s = arg;
	unsigned bits = s->had = item->bits;

	s->approve = false;
	switch (s->kind) {
	case SUBSCRIBE:
		bits = asked(s, item);
		break;
	case UNSUBSCRIBE:
		s->deliver = bits & (ROSTER_IN | ROSTER_FROM);
		bits &= ~(unsigned)(ROSTER_IN | ROSTER_FROM);
		break;
	case SUBSCRIBED:
		s->deliver = bits & ROSTER_OUT;
		if (s->deliver)
			bits = (bits & ~(unsigned)ROSTER_OUT) | ROSTER_TO;
		break;
	case UNSUBSCRIBED:
		s->deliver = bits & (ROSTER_OUT | ROSTER_TO);
		bits &= ~(unsigned)(ROSTER_OUT | ROSTER_TO);
		break;
	}
	if (!(bits & ROSTER_IN))
		item->request = (struct slice){ 0 };
	s->has = item->bits = (uint8_t)bits;
	return s->has != s->had;
}

static int apply(struct xmpp_user *user, struct slice contact,
    bool (*rule)(void *arg, struct roster_item *item), struct step *step, struct err *err)
{
	if (xmpp_user_roster(user) < 0)
		return err_set(err, ERR_TEMP, "the roster cannot be read");
	pthread_mutex_lock(&user->edit);
	int rc =
	    roster_change(user, contact, &(struct roster_edit){ .change = rule, .arg = step }, err);
	pthread_mutex_unlock(&user->edit);
	return rc;
}

/* --- the contact's side --- */

/* RFC 6121 3.1.3: a request is bounded, or only its fact is kept. */
enum { REQUEST_MAX = 4096 };

static struct slice plain(struct pool *pool, enum kind kind, struct slice from, struct slice to)
{
	struct buf text = { 0 };

	buf_printf(&text, "<presence type='%s'", kinds[kind]);
	xml_put_attr(&text, "from", from);
	xml_put_attr(&text, "to", to);
	buf_addz(&text, "/>");
	struct slice copy = pool_slice(pool, buf_slice(&text));
	buf_done(&text);
	return copy;
}

static void to_clients(struct xmpp_user *user, struct slice text)
{
	struct xmpp_stanza *stanza = xmpp_stanza_new(XMPP_PRESENCE, text);

	xmpp_user_available(user, NULL, stanza);
	xmpp_stanza_unref(&stanza);
}

static void arrive(struct slice from, struct slice to, enum kind kind, struct slice text,
    struct pool *pool, unsigned depth);

static void arrived(struct xmpp_user *user, struct slice from, const struct step *step,
    struct slice text, struct pool *pool, unsigned depth)
{
	if (step->deliver)
		to_clients(user, text);
	if (step->approve && depth == 0) {
		arrive(user->jid, from, SUBSCRIBED, plain(pool, SUBSCRIBED, user->jid, from), pool,
		    depth + 1);
		xmpp_presence_show(user, from, false);
	}
	/* RFC 6121 3.3.3: who does not want presence any more sees nobody there. */
	if (step->kind == UNSUBSCRIBE && (step->had & ROSTER_FROM))
		xmpp_presence_show(user, from, true);
}

/* RFC 6121 8.5.1: to an account that does not exist a request is "unsubscribed". */
static void arrive(struct slice from, struct slice to, enum kind kind, struct slice text,
    struct pool *pool, unsigned depth)
{
	struct step step = { .kind = kind, .text = text };
	struct xmpp_user *user = NULL;
	struct err err = { 0 };
	int found = xmpp_user_open(to, &user);

	if (found == 0 && kind == SUBSCRIBE && depth == 0)
		arrive(to, from, UNSUBSCRIBED, plain(pool, UNSUBSCRIBED, to, from), pool, 1);
	if (found != 1)
		return;
	if (step.text.n > REQUEST_MAX)
		step.text = plain(pool, kind, from, to);
	if (apply(user, from, inbound, &step, &err) < 0)
		log_event(LOG_WARN, "subscription-lost", log_s("from", from),
		    log_s("to", user->jid), log_z("reason", err.text));
	else
		arrived(user, from, &step, text, pool, depth);
	xmpp_user_close(&user);
}

/* --- the sender's side --- */

static enum kind kind_of(struct slice type, bool *known)
{
	for (size_t i = 0; i < 4; i++) {
		*known = slice_eq(type, slice_str(kinds[i]));
		if (*known)
			return (enum kind)i;
	}
	return SUBSCRIBE;
}

/* RFC 6121 3.1.2: from the account, to the account: without resources. */
static struct slice rewrite(struct xmpp *x, const struct xml *el, struct slice to)
{
	struct pool *pool = sess_cmd_pool(x->s);
	struct buf text = { 0 };

	xml_write(&text, xml_with(pool, xml_with(pool, el, "from", x->account), "to", to),
	    SLICE(NS_CLIENT));
	struct slice copy = pool_slice(pool, buf_slice(&text));
	buf_done(&text);
	return copy;
}

enum sess_next xmpp_subscription(struct xmpp *x, const struct xml *el, const struct xmpp_to *to)
{
	struct pool *pool = sess_cmd_pool(x->s);
	struct err err = { 0 };
	bool known;
	struct step step = { .kind = kind_of(xml_attr(el, "type"), &known) };
	struct slice contact = to->jid.bare;

	if (!known || to->where == XMPP_AT_SERVER || to->where == XMPP_AT_SELF)
		return xmpp_error(x, el, "modify", "bad-request", NULL);
	if (to->where == 0)
		return xmpp_error(x, el, "cancel", "remote-server-not-found", NULL);
	if (apply(x->res->user, contact, outbound, &step, &err) < 0)
		return err.kind == ERR_LIMIT
		    ? xmpp_error(x, el, "wait", "resource-constraint", err.text)
		    : xmpp_error(x, el, "wait", "internal-server-error", NULL);
	if (step.deliver)
		arrive(x->account, contact, step.kind, rewrite(x, el, contact), pool, 0);
	if (step.kind == SUBSCRIBED && (step.had & ROSTER_IN))
		xmpp_presence_show(x->res->user, contact, false);
	if (step.kind == UNSUBSCRIBED && (step.had & ROSTER_FROM))
		xmpp_presence_show(x->res->user, contact, true);
	return SESS_NEXT;
}

/* RFC 6121 2.5.2: the contact is gone from the roster already. */
void xmpp_unsubscribe_both(
    struct xmpp_user *user, struct slice contact, unsigned bits, struct pool *pool)
{
	if (bits & (ROSTER_TO | ROSTER_OUT))
		arrive(user->jid, contact, UNSUBSCRIBE,
		    plain(pool, UNSUBSCRIBE, user->jid, contact), pool, 1);
	if (!(bits & (ROSTER_FROM | ROSTER_IN)))
		return;
	if (bits & ROSTER_FROM)
		xmpp_presence_show(user, contact, true);
	arrive(user->jid, contact, UNSUBSCRIBED, plain(pool, UNSUBSCRIBED, user->jid, contact),
	    pool, 1);
}

/* --- when a client comes online --- */

/* RFC 6121 3.1.3: requests that wait for an answer are shown again; 3.1.2: those
   of the account's own that nobody answered are sent again. */
static enum sess_next online(struct xmpp *x)
{
	struct pool *pool = sess_cmd_pool(x->s);
	struct xmpp_user *user = x->res->user;
	struct buf asked_of = { 0 };
	struct xmpp_queue requests = { 0 };

	pthread_mutex_lock(&user->lock);
	for (size_t i = 0; user->roster && i < user->roster->n; i++) {
		const struct roster_item *item = user->roster->items[i];
		if (item->request.n) {
			struct xmpp_stanza *stanza = xmpp_stanza_new(XMPP_PRESENCE, item->request);
			xmpp_queue_put(&requests, stanza);
			xmpp_stanza_unref(&stanza);
		}
		if (item->bits & ROSTER_OUT) {
			buf_adds(&asked_of, item->jid);
			buf_addc(&asked_of, '\0');
		}
	}
	pthread_mutex_unlock(&user->lock);
	for (struct xmpp_stanza *s; (s = xmpp_queue_take(&requests)); xmpp_stanza_unref(&s))
		xmpp_user_exactly(user, x->res->name, s);
	for (struct slice rest = buf_slice(&asked_of); rest.n > 0;) {
		struct slice contact = slice_cut(&rest, '\0');
		arrive(user->jid, contact, SUBSCRIBE, plain(pool, SUBSCRIBE, user->jid, contact),
		    pool, 0);
	}
	buf_done(&asked_of);
	return SESS_NEXT;
}

/* RFC 6121 3.4.1: clients are told that they may approve ahead. */
static void offer(struct xmpp *x, struct buf *out)
{
	if (x->account.n)
		buf_addz(out, "<sub xmlns='urn:xmpp:features:pre-approval'/>");
}

XMPP_MODULE(subscription) = { .name = "subscription", .online = online, .offer = offer };
