/* mod_time.c - what time it is (XEP-0202) */
#include <time.h>

#include "protocols/xmpp/xmpp.h"

#define NS_TIME "urn:xmpp:time"

static enum sess_next run(struct xmpp *x, const struct xml *iq, const struct xml *payload)
{
	char text[160];
	time_t now = time(NULL);
	struct tm tm;

	(void)payload;
	gmtime_r(&now, &tm);
	size_t n = strftime(text, sizeof(text),
	    "<time xmlns='" NS_TIME "'><tzo>+00:00</tzo><utc>%Y-%m-%dT%H:%M:%SZ</utc></time>", &tm);
	return xmpp_result(x, iq, slice_of(text, n));
}

static const char *const features[] = { NS_TIME, NULL };

XMPP_MODULE(time) = {
	.name = "time",
	.server_features = features,
	.hooks = { { XMPP_IQ_GET, NS_TIME, "time", XMPP_AT_SERVER, .run = run } },
};
