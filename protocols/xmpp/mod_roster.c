/* mod_roster.c - the roster as clients read and change it (RFC 6121 2) */
#include <inttypes.h>

#include "core/num.h"
#include "protocols/xmpp/xmpp.h"

#define NS_ROSTER "jabber:iq:roster"

enum { NAME_MAX_BYTES = 1023, GROUPS_MAX_BYTES = 4096 };

/* --- reading --- */

/* RFC 6121 2.6.3: who has this version is told of changes only. */
static bool is_current(const struct roster *roster, struct slice version)
{
	uint64_t n;

	return num_u64(version, UINT64_MAX, &n) && n == roster->version;
}

static void write_roster(struct buf *out, const struct roster *roster)
{
	buf_printf(out, "<query xmlns='" NS_ROSTER "' ver='%" PRIu64 "'>", roster->version);
	for (size_t i = 0; i < roster->n; i++)
		if (roster->items[i]->bits & ROSTER_LISTED)
			roster_write_item(out, roster->items[i]);
	buf_addz(out, "</query>");
}

static enum sess_next get(struct xmpp *x, const struct xml *iq, const struct xml *query)
{
	struct xmpp_user *user = x->res->user;
	struct slice version = xml_attr(query, "ver");
	struct buf text = { 0 };

	pthread_mutex_lock(&user->lock);
	x->res->interested = true;
	if (!is_current(user->roster, version))
		write_roster(&text, user->roster);
	pthread_mutex_unlock(&user->lock);
	enum sess_next next = xmpp_result(x, iq, buf_slice(&text));
	buf_done(&text);
	return next;
}

/* --- changing --- */

struct change {
	struct slice name, groups;
	unsigned had; /* bits, of what is removed */
};

/* RFC 6121 2.1.2: the client decides on name and groups, and on nothing else. */
static bool set_item(void *arg, struct roster_item *item)
{
	const struct change *change = arg;

	if ((item->bits & ROSTER_LISTED) && slice_eq(item->name, change->name) &&
	    slice_eq(item->groups, change->groups))
		return false;
	item->bits |= ROSTER_LISTED;
	item->name = change->name;
	item->groups = change->groups;
	return true;
}

static bool remove_item(void *arg, struct roster_item *item)
{
	struct change *change = arg;

	change->had = item->bits;
	if (!(item->bits & ROSTER_LISTED))
		return false;
	item->bits = 0;
	return true;
}

/* RFC 6121 2.1.2.6: each group has a name, and none comes twice. */
static bool read_groups(struct xmpp *x, const struct xml *el, struct buf *out)
{
	for (const struct xml *g = xml_child(el, NULL, NULL); g; g = xml_next(g)) {
		struct slice name = xml_text(sess_cmd_pool(x->s), g), rest = buf_slice(out);
		if (!xml_is(g, SLICE(NS_ROSTER), SLICE("group")))
			continue;
		if (name.n == 0 || out->n + name.n > GROUPS_MAX_BYTES)
			return false;
		while (rest.n > 0)
			if (slice_eq(slice_cut(&rest, '\0'), name))
				return false;
		buf_adds(out, name);
		buf_addc(out, '\0');
	}
	return true;
}

static int change(
    struct xmpp *x, const struct jid *jid, bool removes, struct change *c, struct err *err)
{
	struct xmpp_user *user = x->res->user;
	const struct roster_edit edit = { .change = removes ? remove_item : set_item, .arg = c };

	pthread_mutex_lock(&user->edit);
	int rc = roster_change(user, jid->bare, &edit, err);
	pthread_mutex_unlock(&user->edit);
	return rc;
}

static enum sess_next change_item(
    struct xmpp *x, const struct xml *iq, const struct xml *el, const struct jid *jid)
{
	bool removes = slice_eq(xml_attr(el, "subscription"), SLICE("remove"));
	struct change c = { .name = xml_attr(el, "name") };
	struct buf groups = { 0 };
	struct err err = { 0 };

	if (!read_groups(x, el, &groups) || c.name.n > NAME_MAX_BYTES) {
		buf_done(&groups);
		return xmpp_error(x, iq, "modify", "not-acceptable", NULL);
	}
	c.groups = buf_slice(&groups);
	int rc = change(x, jid, removes, &c, &err);
	buf_done(&groups);
	if (rc < 0)
		return err.kind == ERR_LIMIT
		    ? xmpp_error(x, iq, "wait", "resource-constraint", err.text)
		    : xmpp_error(x, iq, "wait", "internal-server-error", NULL);
	if (removes && rc == 0) /* RFC 6121 2.5.3 */
		return xmpp_error(x, iq, "cancel", "item-not-found", NULL);
	if (removes)
		xmpp_unsubscribe_both(x->res->user, jid->bare, c.had, sess_cmd_pool(x->s));
	return xmpp_result(x, iq, (struct slice){ 0 });
}

static enum sess_next set(struct xmpp *x, const struct xml *iq, const struct xml *query)
{
	const struct xml *item = xml_child(query, NS_ROSTER, "item");
	struct jid jid;

	/* RFC 6121 2.3.3: exactly one. */
	if (!item || xml_next(item) || !jid_parse(sess_cmd_pool(x->s), xml_attr(item, "jid"), &jid))
		return xmpp_error(x, iq, "modify", "bad-request", NULL);
	return change_item(x, iq, item, &jid);
}

static void offer(struct xmpp *x, struct buf *out)
{
	if (x->account.n)
		buf_addz(out, "<ver xmlns='urn:xmpp:features:rosterver'/>");
}

static const char *const features[] = { NS_ROSTER, NULL };

XMPP_MODULE(roster) = {
	.name = "roster",
	.server_features = features,
	.offer = offer,
	.hooks = {
		{ XMPP_IQ_GET, NS_ROSTER, "query", XMPP_AT_SELF, .run = get },
		{ XMPP_IQ_SET, NS_ROSTER, "query", XMPP_AT_SELF, .waits = true, .run = set },
	},
};
