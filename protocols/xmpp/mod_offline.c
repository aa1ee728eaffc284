/* mod_offline.c - what came while nobody was there, once somebody is (XEP-0160, XEP-0203) */
#include <time.h>

#include "protocols/xmpp/offline.h"
#include "protocols/xmpp/xmpp.h"

enum { AT_ONCE = 50 };

/* The message with its delay, as XEP-0203 writes it: the stored text ends in its
   own end tag, or is one empty element. */
static void put_delayed(struct buf *out, struct slice text, struct slice from, int64_t born)
{
	static const struct slice end = { "</message>", 10 };
	char when[40];
	time_t seconds = (time_t)(born / 1000);
	struct tm tm;
	bool empty = !slice_iends(text, end);

	gmtime_r(&seconds, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	buf_adds(out, slice_head(text, text.n - (empty ? 2 : end.n)));
	if (empty)
		buf_addc(out, '>');
	buf_addz(out, "<delay xmlns='urn:xmpp:delay'");
	xml_put_attr(out, "from", from);
	buf_printf(out, " stamp='%s'/></message>", when);
}

static void see(void *arg, struct slice text, int64_t born)
{
	struct xmpp *x = arg;
	size_t begun = xmpp_begin(x);

	if (text.n < 11)
		return;
	put_delayed(sess_out(x->s), text, x->domain, born);
	xmpp_end(x, begun, true);
}

static enum sess_next flush(struct xmpp *x)
{
	int n;

	do
		n = xmpp_offline_take(x->res->user, AT_ONCE, see, x);
	while (n == AT_ONCE && !sess_full(x->s));
	x->more = n == AT_ONCE ? flush : NULL;
	return n == AT_ONCE ? SESS_MORE : SESS_NEXT;
}

/* XEP-0160 3: a resource of negative priority gets none. */
static enum sess_next online(struct xmpp *x)
{
	return x->res->priority < 0 ? SESS_NEXT : flush(x);
}

static const char *const features[] = { "msgoffline", NULL };

XMPP_MODULE(offline) = { .name = "offline", .server_features = features, .online = online };
