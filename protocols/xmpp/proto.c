/* proto.c - XMPP as a session: bytes in, elements found and run, inbox out */
#include <stdlib.h>

#include "core/conf.h"
#include "core/listen.h"
#include "core/loop.h"
#include "protocols/xmpp/sm.h"
#include "protocols/xmpp/xmpp.h"

CONF_KEY(xmpp_keepalive) = {
	.name = "xmpp.keepalive",
	.type = CONF_DURATION,
	.def = "5m",
	.min = 1000,
	.max = 24 * 3600 * 1000LL,
	.help = "silence after which an XMPP client is sent a blank, to see whether it is there",
};

CONF_KEY(xmpp_login_time) = {
	.name = "xmpp.login-time",
	.type = CONF_DURATION,
	.def = "1m",
	.min = 1000,
	.max = 3600000,
	.help = "how long an XMPP session that is not logged in may say nothing",
};

CONF_KEY(xmpp_max_stanza) = {
	.name = "xmpp.max-stanza",
	.type = CONF_SIZE,
	.def = "256k",
	.min = 10000, /* RFC 6120 13.12 */
	.max = 1024 * 1024,
	.help = "largest stanza taken of an XMPP client, in bytes",
};

enum {
	LINE_MAX_BYTES = 1024 * 1024 + 1,
	STRANGER_BYTES = 64 * 1024, /* before login: certificates and tickets fit */
	HEADER_BYTES = 10000,
};

const struct xml_limits xmpp_limits = { .depth = 64, .attrs = 64, .name = 1024 };

/* The root in which stanzas stand, where the peer's start tag says nothing else. */
static const struct slice usual_root = { "<stream:stream xmlns='" NS_CLIENT
					 "' xmlns:stream='" NS_STREAM "'>",
	sizeof("<stream:stream xmlns='" NS_CLIENT "' xmlns:stream='" NS_STREAM "'>") - 1 };

/* --- input --- */

static size_t most_bytes(const struct xmpp *x)
{
	if (!x->open)
		return HEADER_BYTES;
	return x->account.n ? (size_t)conf_num(&conf_key_xmpp_max_stanza) : STRANGER_BYTES;
}

/* RFC 6120 4.6.1: blanks between stanzas mean that the peer is there. */
static size_t leading_space(struct slice in)
{
	size_t n = 0;

	while (n < in.n && strchr(" \t\r\n", in.p[n]) && in.p[n])
		n++;
	return n;
}

/* Read what the scanner found complete; what is wrong with it is for run(). */
static void read_piece(struct xmpp *x, struct slice text)
{
	struct slice root = { 0 };
	bool header = x->piece == XML_OPEN;

	x->el = NULL;
	x->counted = false;
	if (header)
		x->header = pool_slice(sess_cmd_pool(x->s), text);
	else
		root = x->root.n ? x->root : usual_root;
	if (header || x->piece == XML_ELEMENT) {
		x->el = xml_read(sess_cmd_pool(x->s), root, text, header, &xmpp_limits, &x->fault);
		if (!x->el)
			x->piece = XML_WRONG;
	}
}

static enum frame frame(struct sess *s, struct slice in, size_t *used)
{
	struct xmpp *x = sess_state(s);

	if (x->scan.at == 0) {
		*used = leading_space(in);
		if (*used > 0)
			return FRAME_MORE;
	}
	x->piece = xml_scan(&x->scan, in, !x->open, xmpp_limits.depth, &x->fault);
	size_t n = x->scan.at;
	if (n > most_bytes(x)) {
		x->piece = XML_WRONG;
		x->fault = XML_LIMIT;
	}
	if (x->piece == XML_MORE)
		return FRAME_MORE;
	*used = n;
	x->scan = (struct xml_scan){ 0 };
	read_piece(x, slice_head(in, n));
	return FRAME_INSTANT;
}

static enum sess_next overlong(struct sess *s, struct slice in, size_t *used)
{
	*used = in.n;
	return xmpp_stream_error(sess_state(s), "policy-violation", "the stanza is too large");
}

/* RFC 6120 4.9.3: each fault's condition. */
static enum sess_next refuse(struct xmpp *x)
{
	switch (x->fault) {
	case XML_RESTRICTED:
		return xmpp_stream_error(x, "restricted-xml", NULL);
	case XML_ENCODING:
		return xmpp_stream_error(x, "unsupported-encoding", NULL);
	case XML_LIMIT:
		return xmpp_stream_error(x, "policy-violation", "the stanza is too large or deep");
	default:
		return xmpp_stream_error(x, "not-well-formed", NULL);
	}
}

/* Another connection took the stream up, or the resource. */
static bool is_replaced(struct xmpp *x)
{
	if (!x->res)
		return false;
	pthread_mutex_lock(&x->res->user->lock);
	bool replaced = x->res->gone || x->res->owner != x;
	pthread_mutex_unlock(&x->res->user->lock);
	return replaced;
}

static enum sess_next run_element(struct xmpp *x)
{
	if (slice_eq(x->el->ns, SLICE(NS_CLIENT)))
		return xmpp_stanza(x, x->el);
	const struct xmpp_hook *hook = xmpp_hook_find(XMPP_NONZA, 0, x->el);
	if (!hook) /* RFC 6120 4.9.3.24 */
		return xmpp_stream_error(x, "unsupported-stanza-type", NULL);
	return hook->waits && loop_thread() ? SESS_LATER : hook->run(x, x->el, NULL);
}

static enum sess_next close_stream(struct xmpp *x)
{
	x->closed = true;
	sess_printf(x->s, "</stream:stream>");
	return SESS_CLOSE;
}

static enum sess_next run(struct sess *s)
{
	struct xmpp *x = sess_state(s);

	if (x->more)
		return x->more(x);
	if (is_replaced(x))
		return xmpp_stream_error(x, "conflict", NULL);
	if (x->deaf)
		return xmpp_stream_error(x, "policy-violation", "nothing is acknowledged");
	switch (x->piece) {
	case XML_OPEN:
		return xmpp_stream_open(x, x->el);
	case XML_ELEMENT:
		return run_element(x);
	case XML_CLOSE:
		return close_stream(x);
	default:
		return refuse(x);
	}
}

/* --- output --- */

static enum sess_next wake(struct sess *s)
{
	struct xmpp *x = sess_state(s);

	if (!x->res || x->closed)
		return SESS_NEXT;
	if (is_replaced(x))
		return xmpp_stream_error(x, "conflict", NULL);
	return xmpp_sm_send(x);
}

/* --- beginning and end --- */

static enum sess_next open_session(struct sess *s)
{
	struct xmpp *x = sess_state(s);

	x->s = s;
	sess_timeout(s, (uint64_t)conf_num(&conf_key_xmpp_login_time));
	return SESS_NEXT;
}

/* RFC 6120 5.4.3.3: the stream begins anew. */
static void secured(struct sess *s)
{
	xmpp_stream_restart(sess_state(s));
}

/* A dead connection is found by the kernel, once there is something to send. */
static enum sess_next idle(struct sess *s)
{
	struct xmpp *x = sess_state(s);

	if (!x->res)
		return SESS_CLOSE;
	buf_addc(sess_out(s), ' ');
	return SESS_NEXT;
}

static void bye(struct sess *s, enum sess_bye why)
{
	static const char *const conditions[] = {
		[SESS_BYE_IDLE] = "connection-timeout",
		[SESS_BYE_DRAIN] = "system-shutdown",
		[SESS_BYE_LIMIT] = "resource-constraint",
		[SESS_BYE_ENDED] = "policy-violation",
	};
	struct xmpp *x = sess_state(s);

	x->s = s; /* a session over the limit was never opened */
	if (!x->closed)
		xmpp_stream_error(x, conditions[why], NULL);
}

static void done(struct sess *s)
{
	struct xmpp *x = sess_state(s);

	xmpp_leave(x);
	auth_free(&x->auth);
	xmpp_stream_restart(x);
	free((char *)(uintptr_t)x->domain.p);
	free((char *)(uintptr_t)x->home.p);
	free((char *)(uintptr_t)x->account.p);
}

PROTOCOL(xmpp) = {
	.name = "xmpp",
	.alpn = "xmpp-client",
	.state_size = sizeof(struct xmpp),
	.line_max = LINE_MAX_BYTES,
	.open = open_session,
	.frame = frame,
	.run = run,
	.secured = secured,
	.overlong = overlong,
	.wake = wake,
	.idle = idle,
	.bye = bye,
	.done = done,
};

LISTENER(xmpp_client) = {
	.name = "xmpp-client",
	.port = 5222,
	.proto = &proto_xmpp,
	.tls = LISTEN_STARTTLS,
	.client = "XMPP",
};

/* XEP-0368 */
LISTENER(xmpps_client) = {
	.name = "xmpps-client",
	.port = 5223,
	.proto = &proto_xmpp,
	.tls = LISTEN_TLS,
	.client = "XMPP",
};
