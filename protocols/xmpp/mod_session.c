/* mod_session.c - establishing a session, which means nothing any more (RFC 3921 3)
 *
 * COMPAT: clients of before RFC 6121 ask for it; draft-cridland-xmpp-session tells
 * the others that they need not. */
#include "protocols/xmpp/xmpp.h"

#define NS_SESSION "urn:ietf:params:xml:ns:xmpp-session"

static enum sess_next run(struct xmpp *x, const struct xml *iq, const struct xml *payload)
{
	(void)payload;
	return xmpp_result(x, iq, (struct slice){ 0 });
}

static void offer(struct xmpp *x, struct buf *out)
{
	if (x->account.n)
		buf_addz(out, "<session xmlns='" NS_SESSION "'><optional/></session>");
}

XMPP_MODULE(session) = {
	.name = "session",
	.offer = offer,
	.hooks = { { XMPP_IQ_SET, NS_SESSION, "session", XMPP_AT_SELF | XMPP_AT_SERVER,
	    .run = run } },
};
