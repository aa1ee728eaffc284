/* presence.c - who is there, and who is told (RFC 6121 4) */
#include <stdlib.h>

#include "core/loop.h"
#include "core/num.h"
#include "protocols/xmpp/xmpp.h"

enum { DIRECTED_MAX = 100 }; /* addresses that a resource is directly present to */

/* --- stanzas --- */

/* "<presence to='...'" and what text has behind "<presence". */
static struct xmpp_stanza *addressed(struct slice text, struct slice to)
{
	struct buf out = { 0 };

	buf_addz(&out, "<presence");
	xml_put_attr(&out, "to", to);
	buf_adds(&out, slice_from(text, strlen("<presence")));
	struct xmpp_stanza *stanza = xmpp_stanza_new(XMPP_PRESENCE, buf_slice(&out));
	buf_done(&out);
	return stanza;
}

static struct xmpp_stanza *unavailable(struct slice from)
{
	struct buf out = { 0 };

	buf_addz(&out, "<presence type='unavailable'");
	xml_put_attr(&out, "from", from);
	buf_addz(&out, "/>");
	struct xmpp_stanza *stanza = xmpp_stanza_new(XMPP_PRESENCE, buf_slice(&out));
	buf_done(&out);
	return stanza;
}

/* --- to others --- */

static void tell(struct slice jid, struct slice text)
{
	struct xmpp_user *user = xmpp_user_get(jid);

	if (!user)
		return;
	struct xmpp_stanza *stanza = addressed(text, jid);
	xmpp_user_available(user, NULL, stanza);
	xmpp_stanza_unref(&stanza);
	xmpp_user_close(&user);
}

/* The contacts with that bit, each ending in NUL: nobody holds two locks. */
static void contacts(struct xmpp_user *user, unsigned bit, struct buf *out)
{
	pthread_mutex_lock(&user->lock);
	for (size_t i = 0; user->roster && i < user->roster->n; i++) {
		if (!(user->roster->items[i]->bits & bit))
			continue;
		buf_adds(out, user->roster->items[i]->jid);
		buf_addc(out, '\0');
	}
	pthread_mutex_unlock(&user->lock);
}

static void broadcast(struct xmpp_res *res, struct xmpp_stanza *stanza)
{
	struct buf who = { 0 };

	contacts(res->user, ROSTER_FROM, &who);
	for (struct slice rest = buf_slice(&who); rest.n > 0;)
		tell(slice_cut(&rest, '\0'), xmpp_stanza_text(stanza));
	buf_done(&who);
	/* RFC 6121 4.2.2: and to the account's other resources. */
	xmpp_user_available(res->user, res, stanza);
}

/* Copies of what the account's resources said last, as references. */
static size_t presences(struct xmpp_user *user, const struct xmpp_res *but, struct xmpp_queue *out)
{
	pthread_mutex_lock(&user->lock);
	for (struct xmpp_res *r = user->first; r; r = r->next)
		if (r->available && r->presence && r != but)
			xmpp_queue_put(out, r->presence);
	pthread_mutex_unlock(&user->lock);
	return out->n;
}

void xmpp_presence_show(struct xmpp_user *user, struct slice to, bool gone)
{
	struct xmpp_queue now = { 0 };
	struct buf names = { 0 };

	if (!gone)
		presences(user, NULL, &now);
	for (struct xmpp_stanza *p; (p = xmpp_queue_take(&now)); xmpp_stanza_unref(&p))
		tell(to, xmpp_stanza_text(p));
	if (!gone)
		return;
	pthread_mutex_lock(&user->lock);
	for (struct xmpp_res *r = user->first; r; r = r->next)
		if (r->available) {
			buf_adds(&names, r->jid);
			buf_addc(&names, '\0');
		}
	pthread_mutex_unlock(&user->lock);
	for (struct slice rest = buf_slice(&names); rest.n > 0;) {
		struct xmpp_stanza *p = unavailable(slice_cut(&rest, '\0'));
		tell(to, xmpp_stanza_text(p));
		xmpp_stanza_unref(&p);
	}
	buf_done(&names);
}

/* RFC 6121 4.3: what a contact's resources said last, if the contact lets us know. */
static void probe(struct xmpp_res *res, struct slice contact)
{
	struct xmpp_user *user = xmpp_user_get(contact);
	struct xmpp_queue now = { 0 };

	if (!user)
		return;
	pthread_mutex_lock(&user->lock);
	const struct roster_item *item =
	    user->roster ? roster_find(user->roster, res->user->jid) : NULL;
	bool allowed = item && (item->bits & ROSTER_FROM);
	pthread_mutex_unlock(&user->lock);
	if (allowed)
		presences(user, NULL, &now);
	xmpp_user_close(&user);
	for (struct xmpp_stanza *p; (p = xmpp_queue_take(&now)); xmpp_stanza_unref(&p)) {
		struct xmpp_stanza *to_us = addressed(xmpp_stanza_text(p), res->jid);
		xmpp_user_exactly(res->user, res->name, to_us);
		xmpp_stanza_unref(&to_us);
	}
}

/* --- directed presence (RFC 6121 4.6) --- */

static bool note_directed(struct xmpp_res *res, struct slice to, bool gone)
{
	unsigned i = 0;

	while (i < res->directed_n && !slice_eq(res->directed[i], to))
		i++;
	if (gone && i < res->directed_n) {
		free((char *)(uintptr_t)res->directed[i].p);
		res->directed[i] = res->directed[--res->directed_n];
	}
	if (gone || i < res->directed_n)
		return true;
	if (res->directed_n == DIRECTED_MAX)
		return false;
	if (!res->directed)
		res->directed = mem_get(DIRECTED_MAX * sizeof(*res->directed));
	res->directed[res->directed_n++] = slice_of(mem_str(to), to.n);
	return true;
}

static void send_to(const struct jid *to, struct xmpp_stanza *stanza)
{
	struct xmpp_user *user = xmpp_user_get(to->bare);

	if (!user)
		return;
	if (to->resource.n)
		xmpp_user_exactly(user, to->resource, stanza);
	else
		xmpp_user_available(user, NULL, stanza);
	xmpp_user_close(&user);
}

static enum sess_next directed(
    struct xmpp *x, const struct xml *el, const struct xmpp_to *to, bool gone)
{
	struct pool *pool = sess_cmd_pool(x->s);
	struct slice full = to->jid.bare;

	if (to->where == 0)
		return xmpp_error(x, el, "cancel", "remote-server-not-found", NULL);
	if (to->where == XMPP_AT_SERVER)
		return SESS_NEXT;
	if (to->jid.resource.n)
		full = slice_str(pool_printf(
		    pool, "%.*s/%.*s", SLICE_ARG(to->jid.bare), SLICE_ARG(to->jid.resource)));
	pthread_mutex_lock(&x->res->user->lock);
	bool noted = note_directed(x->res, full, gone);
	pthread_mutex_unlock(&x->res->user->lock);
	if (!noted)
		return xmpp_error(x, el, "wait", "resource-constraint", NULL);
	struct xmpp_stanza *stanza = xmpp_stanza_of(XMPP_PRESENCE, el);
	send_to(&to->jid, stanza);
	xmpp_stanza_unref(&stanza);
	return SESS_NEXT;
}

/* --- a resource comes, changes, goes --- */

void xmpp_presence_gone(struct xmpp_res *res)
{
	struct xmpp_stanza *stanza = unavailable(res->jid);
	struct pool pool = { 0 };

	pthread_mutex_lock(&res->user->lock);
	bool was = res->available;
	res->available = false;
	xmpp_stanza_unref(&res->presence);
	struct slice *list = res->directed;
	unsigned n = res->directed_n;
	res->directed = NULL;
	res->directed_n = 0;
	pthread_mutex_unlock(&res->user->lock);

	if (was)
		broadcast(res, stanza);
	for (unsigned i = 0; i < n; i++) {
		struct jid jid;
		if (jid_parse(&pool, list[i], &jid))
			send_to(&jid, stanza);
		free((char *)(uintptr_t)list[i].p);
	}
	free(list);
	xmpp_stanza_unref(&stanza);
	pool_done(&pool);
}

/* RFC 6121 4.7.2.3: -128 to 127; absent: 0. */
static bool priority_of(struct xmpp *x, const struct xml *el, int8_t *out)
{
	const struct xml *child = xml_child(el, NS_CLIENT, "priority");
	int64_t n = 0;

	if (child && !num_i64(slice_trim(xml_text(sess_cmd_pool(x->s), child)), -128, 127, &n))
		return false;
	*out = (int8_t)n;
	return true;
}

/* RFC 6121 4.2: ask for the presence of contacts, tell ours. */
static void first_presence(struct xmpp *x)
{
	struct buf who = { 0 };
	struct xmpp_queue own = { 0 };

	contacts(x->res->user, ROSTER_TO, &who);
	for (struct slice rest = buf_slice(&who); rest.n > 0;)
		probe(x->res, slice_cut(&rest, '\0'));
	buf_done(&who);
	presences(x->res->user, x->res, &own);
	for (struct xmpp_stanza *p; (p = xmpp_queue_take(&own)); xmpp_stanza_unref(&p))
		xmpp_user_exactly(x->res->user, x->res->name, p);
}

static enum sess_next come_online(struct xmpp *x)
{
	enum sess_next next = SESS_NEXT;

	for (size_t i = 0; i < xmpp_module_table_n; i++)
		if (xmpp_module_table[i]->online && xmpp_module_table[i]->online(x) == SESS_MORE)
			next = SESS_MORE;
	return next;
}

static enum sess_next available(struct xmpp *x, const struct xml *el)
{
	struct xmpp_res *res = x->res;
	int8_t priority;

	if (!priority_of(x, el, &priority))
		return xmpp_error(x, el, "modify", "bad-request", NULL);
	pthread_mutex_lock(&res->user->lock);
	bool first = !res->available;
	/* XEP-0160 3: what waits is for who takes messages. */
	bool comes = first || (res->priority < 0 && priority >= 0);
	pthread_mutex_unlock(&res->user->lock);
	if (comes && loop_thread())
		return SESS_LATER;
	struct xmpp_stanza *stanza = xmpp_stanza_of(XMPP_PRESENCE, el);
	pthread_mutex_lock(&res->user->lock);
	xmpp_stanza_unref(&res->presence);
	res->presence = xmpp_stanza_ref(stanza);
	res->available = true;
	res->priority = priority;
	pthread_mutex_unlock(&res->user->lock);
	broadcast(res, stanza);
	xmpp_stanza_unref(&stanza);
	if (first)
		first_presence(x);
	return comes ? come_online(x) : SESS_NEXT;
}

enum sess_next xmpp_presence(struct xmpp *x, const struct xml *el, const struct xmpp_to *to)
{
	struct slice type = xml_attr(el, "type");
	bool gone = slice_eq(type, SLICE("unavailable"));

	if (slice_eq(type, SLICE("error")))
		return SESS_NEXT;
	if (slice_istarts(type, SLICE("subscribe")) || slice_istarts(type, SLICE("unsubscribe"))) {
		/* RFC 6121 3.1.1: such a stanza has an address. */
		if (!to->given)
			return xmpp_error(x, el, "modify", "bad-request", NULL);
		return loop_thread() ? SESS_LATER : xmpp_subscription(x, el, to);
	}
	if (slice_eq(type, SLICE("probe"))) {
		if (to->where == XMPP_AT_OTHER)
			probe(x->res, to->jid.bare);
		return SESS_NEXT;
	}
	if (type.n && !gone) /* RFC 6121 4.7.1 */
		return xmpp_error(x, el, "modify", "bad-request", NULL);
	if (to->given)
		return directed(x, el, to, gone);
	if (!gone)
		return available(x, el);
	xmpp_presence_gone(x->res);
	return SESS_NEXT;
}
