/* mod_version.c - what software this is (XEP-0092); which version is nobody's business */
#include "protocols/xmpp/xmpp.h"

#define NS_VERSION "jabber:iq:version"

static enum sess_next run(struct xmpp *x, const struct xml *iq, const struct xml *payload)
{
	(void)payload;
	return xmpp_result(
	    x, iq, SLICE("<query xmlns='" NS_VERSION "'><name>Signet</name><version/></query>"));
}

static const char *const features[] = { NS_VERSION, NULL };

XMPP_MODULE(version) = {
	.name = "version",
	.server_features = features,
	.hooks = { { XMPP_IQ_GET, NS_VERSION, "query", XMPP_AT_SERVER, .run = run } },
};
