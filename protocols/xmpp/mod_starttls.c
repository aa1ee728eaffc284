/* mod_starttls.c - TLS on a clear stream (RFC 6120 5) */
#include "protocols/xmpp/xmpp.h"

#define NS_TLS "urn:ietf:params:xml:ns:xmpp-tls"

/* The certificate is the one of the domain that the stream was opened to. */
static bool can_start(const struct xmpp *x)
{
	sess_tls_target(x->s, x->domain);
	return sess_offers_tls(x->s);
}

static enum sess_next run(struct xmpp *x, const struct xml *el, const struct xml *none)
{
	(void)el, (void)none;
	if (!can_start(x)) {
		sess_printf(x->s, "<failure xmlns='" NS_TLS "'/></stream:stream>");
		x->closed = true;
		return SESS_CLOSE; /* RFC 6120 5.4.2.2 */
	}
	sess_printf(x->s, "<proceed xmlns='" NS_TLS "'/>");
	return SESS_STARTTLS;
}

static void offer(struct xmpp *x, struct buf *out)
{
	if (can_start(x))
		buf_addz(out, "<starttls xmlns='" NS_TLS "'><required/></starttls>");
}

XMPP_MODULE(starttls) = {
	.name = "starttls",
	.offer = offer,
	.hooks = { { XMPP_NONZA, NS_TLS, "starttls", .run = run } },
};
