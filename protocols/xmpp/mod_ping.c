/* mod_ping.c - is somebody there? (XEP-0199) */
#include "protocols/xmpp/xmpp.h"

#define NS_PING "urn:xmpp:ping"

static enum sess_next run(struct xmpp *x, const struct xml *iq, const struct xml *payload)
{
	(void)payload;
	return xmpp_result(x, iq, (struct slice){ 0 });
}

static const char *const features[] = { NS_PING, NULL };

XMPP_MODULE(ping) = {
	.name = "ping",
	.server_features = features,
	.account_features = features,
	.hooks = { { XMPP_IQ_GET, NS_PING, "ping", XMPP_AT_SERVER | XMPP_AT_SELF, .run = run } },
};
