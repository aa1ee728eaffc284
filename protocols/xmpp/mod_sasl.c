/* mod_sasl.c - logging in (RFC 6120 6), with channel binding told (XEP-0440) */
#include <stdlib.h>

#include "core/conf.h"
#include "core/limit.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/text.h"
#include "protocols/xmpp/xmpp.h"

#define NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"

CONF_KEY(xmpp_max_logins) = {
	.name = "xmpp.max-failed-logins",
	.type = CONF_INT,
	.def = "5", /* RFC 6120 6.4.5: between 2 and 5 */
	.min = 1,
	.max = 100,
	.help = "refused logins after which an XMPP stream is ended",
};

/* RFC 6120 13.8: no login without TLS. */
static bool may_login(const struct xmpp *x)
{
	return sess_is_tls(x->s) && x->account.n == 0;
}

static enum sess_next fail(struct xmpp *x, const char *condition)
{
	auth_free(&x->auth);
	sess_printf(x->s, "<failure xmlns='" NS_SASL "'><%s/></failure>", condition);
	return SESS_NEXT;
}

/* Every reason gets the same answer, late. */
static enum sess_next wrong(struct xmpp *x)
{
	struct slice login = auth_tried(x->auth);

	log_event(LOG_WARN, "login-failed", log_s("account", login),
	    log_z("mech", auth_mech(x->auth)), log_z("peer", sess_peer_text(x->s)));
	sess_delay(x->s, limit_fail(sess_peer(x->s), login));
	fail(x, "not-authorized");
	if (++x->refused < (unsigned)conf_num(&conf_key_xmpp_max_logins))
		return SESS_NEXT;
	return xmpp_stream_error(x, "policy-violation", "too many failed logins");
}

/* RFC 6120 6.3.7: the account is one of the stream's domain. */
static bool is_at_home(struct xmpp *x, const struct auth_account *who, struct jid *jid)
{
	return jid_parse(sess_cmd_pool(x->s), slice_str(who->name), jid) &&
	    slice_eq(jid->domain, x->home);
}

static enum sess_next succeed(struct xmpp *x, struct slice last_word)
{
	const struct auth_account *who = auth_who(x->auth);
	struct slice name = slice_str(who->name);
	struct jid jid;

	if (!is_at_home(x, who, &jid)) {
		log_event(LOG_INFO, "login-refused", log_s("account", name),
		    log_z("reason", "not of this domain"));
		return fail(x, "invalid-authzid");
	}
	if (!sess_account(x->s, name))
		return xmpp_stream_error(x, "resource-constraint", "too many sessions");
	limit_succeed(sess_peer(x->s), name);
	log_event(LOG_INFO, "login", log_s("account", name), log_z("mech", auth_mech(x->auth)));
	x->account = slice_of(mem_str(jid.bare), jid.bare.n);
	sess_printf(x->s, "<success xmlns='" NS_SASL "'");
	if (last_word.n) {
		buf_addc(sess_out(x->s), '>');
		base64_put(sess_out(x->s), last_word);
		buf_addz(sess_out(x->s), "</success>");
	} else {
		buf_addz(sess_out(x->s), "/>");
	}
	auth_free(&x->auth);
	xmpp_stream_restart(x); /* RFC 6120 6.4.6 */
	return SESS_NEXT;
}

static enum sess_next go_on(struct xmpp *x, enum auth_result result, struct buf *challenge)
{
	struct buf nothing = { 0 };

	switch (result) {
	case AUTH_OK:
		return succeed(x, (struct slice){ 0 });
	case AUTH_MORE:
		/* RFC 6120 6.3.10: SCRAM's last word goes with the success. */
		if (auth_last_word(x->auth) &&
		    auth_step(x->auth, (struct slice){ 0 }, &nothing) == AUTH_OK)
			return succeed(x, buf_slice(challenge));
		sess_printf(x->s, "<challenge xmlns='" NS_SASL "'>");
		base64_put(sess_out(x->s), buf_slice(challenge));
		buf_addz(sess_out(x->s), "</challenge>");
		return SESS_NEXT;
	case AUTH_WRONG:
		return wrong(x);
	case AUTH_LATER:
		auth_free(&x->auth);
		return SESS_LATER;
	case AUTH_TEMP:
		return fail(x, "temporary-auth-failure");
	case AUTH_ABORT:
		break;
	}
	return fail(x, "malformed-request");
}

/* RFC 6120 6.4.2: "=" is a response of no bytes; none at all is none. */
static bool decode(struct xmpp *x, const struct xml *el, struct buf *out, struct slice *data)
{
	struct slice text = slice_trim(xml_text(sess_cmd_pool(x->s), el));

	*data = (struct slice){ 0 };
	if (text.n == 0)
		return true;
	buf_room(out, text.n + 1); /* growing leaves no copy of a password behind */
	if (!slice_eq(text, SLICE("=")) && !base64_get(out, text))
		return false;
	*data = slice_of(out->p, out->n);
	return true;
}

/* LOGIN is not one of XMPP's mechanisms. */
static bool next_mech(struct slice *rest, struct slice *mech)
{
	do
		*mech = slice_word(rest);
	while (slice_eq(*mech, SLICE("LOGIN")));
	return mech->n > 0;
}

static bool is_offered(struct slice wanted, const struct auth_channel *channel)
{
	struct slice rest = slice_str(auth_mechs(channel)), mech;

	while (next_mech(&rest, &mech))
		if (slice_eq(mech, wanted))
			return true;
	return false;
}

static enum sess_next on_auth(struct xmpp *x, const struct xml *el, const struct xml *none)
{
	struct auth_channel channel;
	struct buf challenge = { 0 }, initial = { 0 };
	struct slice mech = xml_attr(el, "mechanism"), data;

	(void)none;
	if (!may_login(x))
		return fail(x, sess_is_tls(x->s) ? "not-authorized" : "encryption-required");
	auth_channel_of(x->s, &channel);
	if (!is_offered(mech, &channel))
		return fail(x, "invalid-mechanism");
	sess_cmd_pool(x->s)->wipe = true; /* it has the password's text */
	enum sess_next next;
	if (decode(x, el, &initial, &data)) {
		auth_free(&x->auth);
		x->auth = auth_new("xmpp", &channel);
		auth_domain(x->auth, x->domain);
		next = go_on(x, auth_begin(x->auth, mech, data, &challenge), &challenge);
	} else {
		next = fail(x, "incorrect-encoding");
	}
	buf_wipe(&challenge);
	buf_wipe(&initial);
	return next;
}

static enum sess_next on_response(struct xmpp *x, const struct xml *el, const struct xml *none)
{
	struct buf challenge = { 0 }, response = { 0 };
	struct slice data;

	(void)none;
	if (!x->auth)
		return fail(x, "malformed-request");
	sess_cmd_pool(x->s)->wipe = true;
	enum sess_next next = decode(x, el, &response, &data)
	    ? go_on(x, auth_step(x->auth, data, &challenge), &challenge)
	    : fail(x, "incorrect-encoding");
	buf_wipe(&challenge);
	buf_wipe(&response);
	return next;
}

static enum sess_next on_abort(struct xmpp *x, const struct xml *el, const struct xml *none)
{
	(void)el, (void)none;
	return fail(x, "aborted"); /* RFC 6120 6.4.4 */
}

static void offer(struct xmpp *x, struct buf *out)
{
	struct auth_channel channel;

	if (!may_login(x))
		return;
	auth_channel_of(x->s, &channel);
	struct slice rest = slice_str(auth_mechs(&channel)), mech;
	buf_addz(out, "<mechanisms xmlns='" NS_SASL "'>");
	while (next_mech(&rest, &mech))
		buf_printf(out, "<mechanism>%.*s</mechanism>", SLICE_ARG(mech));
	buf_addz(out, "</mechanisms>");
	if (channel.bound)
		buf_addz(out,
		    "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>"
		    "<channel-binding type='tls-exporter'/></sasl-channel-binding>");
}

XMPP_MODULE(sasl) = {
	.name = "sasl",
	.offer = offer,
	.hooks = {
		{ XMPP_NONZA, NS_SASL, "auth", .run = on_auth },
		{ XMPP_NONZA, NS_SASL, "response", .run = on_response, .waits = true },
		{ XMPP_NONZA, NS_SASL, "abort", .run = on_abort },
	},
};
