/* mod_bind.c - binding a resource (RFC 6120 7) */
#include "core/conf.h"
#include "core/log.h"
#include "core/random.h"
#include "core/text.h"
#include "protocols/xmpp/xmpp.h"

#define NS_BIND "urn:ietf:params:xml:ns:xmpp-bind"

CONF_KEY(xmpp_max_resources) = {
	.name = "xmpp.max-resources",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_DOMAIN | CONF_ACCOUNT,
	.def = "20",
	.min = 1,
	.max = 10000,
	.help = "XMPP clients that an account may have at a time",
};

/* RFC 6120 7.6: what the client wants, or a name that nobody can guess. */
static struct slice resource(struct xmpp *x, const struct xml *payload, bool *bad)
{
	const struct xml *wanted = xml_child(payload, NS_BIND, "resource");
	struct slice name = wanted ? xml_text(sess_cmd_pool(x->s), wanted) : (struct slice){ 0 };
	unsigned char bytes[8];
	struct buf text = { 0 };

	*bad = name.n > 0 && !jid_is_resource(name);
	if (name.n > 0)
		return name;
	random_bytes(bytes, sizeof(bytes));
	hex_put(&text, slice_of(bytes, sizeof(bytes)));
	name = pool_slice(sess_cmd_pool(x->s), buf_slice(&text));
	buf_done(&text);
	return name;
}

static unsigned most(const struct xmpp_user *user)
{
	struct buf account = { 0 };
	ptrdiff_t at = slice_chr(user->jid, '@');

	buf_adds(&account, user->jid);
	const char *name = buf_z(&account);
	int64_t n = conf_num_at(&conf_key_xmpp_max_resources,
	    &(struct conf_at){ .account = name, .domain = name + at + 1 });
	buf_done(&account);
	return (unsigned)n;
}

/* RFC 6120 7.7.2.2: who binds the same resource again is the same client, back
   before its old connection was known to be dead. */
static void end_old(struct xmpp_user *user, struct slice name)
{
	pthread_mutex_lock(&user->lock);
	struct xmpp_res *old = xmpp_res_find(user, name);
	if (old) {
		old->refs++;
		old->owner = NULL;
		old->sm.resumable = false;
	}
	pthread_mutex_unlock(&user->lock);
	if (!old)
		return;
	xmpp_rise(old);
	xmpp_res_end(old);
	pthread_mutex_lock(&user->lock);
	xmpp_res_wake(old);
	pthread_mutex_unlock(&user->lock);
	xmpp_res_unref(&old);
}

/* The reference to the user goes to the resource, if there is room for one. */
static bool add(struct xmpp *x, struct xmpp_user *user, struct slice name)
{
	pthread_mutex_lock(&user->lock);
	bool room = user->resources < most(user) && !xmpp_res_find(user, name);
	if (room) {
		x->res = xmpp_res_add(user, name);
		x->res->owner = x;
		x->res->handle = sess_handle(x->s);
	}
	pthread_mutex_unlock(&user->lock);
	return room;
}

static enum sess_next tell(struct xmpp *x, const struct xml *iq)
{
	struct buf text = { 0 };

	log_event(LOG_INFO, "bound", log_s("jid", x->res->jid));
	sess_timeout(x->s, (uint64_t)conf_num(&conf_key_xmpp_keepalive));
	buf_addz(&text, "<bind xmlns='" NS_BIND "'><jid>");
	xml_escape(&text, x->res->jid);
	buf_addz(&text, "</jid></bind>");
	enum sess_next next = xmpp_result(x, iq, buf_slice(&text));
	buf_done(&text);
	return next;
}

static enum sess_next run(struct xmpp *x, const struct xml *iq, const struct xml *payload)
{
	struct xmpp_user *user = NULL;
	bool bad;
	struct slice name = resource(x, payload, &bad);

	if (x->res || bad) /* RFC 6120 7.7.2.1 */
		return xmpp_error(x, iq, "modify", x->res ? "not-allowed" : "bad-request", NULL);
	if (xmpp_user_open(x->account, &user) != 1 || xmpp_user_roster(user) < 0) {
		xmpp_user_close(&user);
		return xmpp_error(x, iq, "wait", "internal-server-error", NULL);
	}
	end_old(user, name);
	if (add(x, user, name))
		return tell(x, iq);
	xmpp_user_close(&user);
	return xmpp_error(x, iq, "wait", "resource-constraint", "too many clients");
}

static void offer(struct xmpp *x, struct buf *out)
{
	if (x->account.n)
		buf_addz(out, "<bind xmlns='" NS_BIND "'><required/></bind>");
}

XMPP_MODULE(bind) = {
	.name = "bind",
	.offer = offer,
	.hooks = { { XMPP_IQ_SET, NS_BIND, "bind", XMPP_AT_SELF, .waits = true, .run = run } },
};
