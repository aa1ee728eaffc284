/* reply.c - what a session says: results, errors, the end of a stream */
#include "core/log.h"
#include "protocols/xmpp/sm.h"
#include "protocols/xmpp/xmpp.h"

size_t xmpp_begin(struct xmpp *x)
{
	return sess_out(x->s)->n;
}

void xmpp_end(struct xmpp *x, size_t begun, bool stanza)
{
	if (stanza && x->res)
		xmpp_sm_sent(x, slice_from(buf_slice(sess_out(x->s)), begun));
}

enum sess_next xmpp_result(struct xmpp *x, const struct xml *iq, struct slice payload)
{
	struct buf *out = sess_out(x->s);
	size_t begun = xmpp_begin(x);

	buf_addz(out, "<iq type='result'");
	xml_put_attr(out, "id", xml_attr(iq, "id"));
	xml_put_attr(out, "from", xml_attr(iq, "to"));
	if (x->res)
		xml_put_attr(out, "to", x->res->jid);
	if (payload.n) {
		buf_addc(out, '>');
		buf_adds(out, payload);
		buf_addz(out, "</iq>");
	} else {
		buf_addz(out, "/>");
	}
	xmpp_end(x, begun, true);
	return SESS_NEXT;
}

void xmpp_write_error(struct buf *out, const struct xml *stanza, const char *type,
    const char *condition, const char *text)
{
	buf_addc(out, '<');
	buf_adds(out, stanza->name);
	buf_addz(out, " type='error'");
	xml_put_attr(out, "id", xml_attr(stanza, "id"));
	xml_put_attr(out, "from", xml_attr(stanza, "to"));
	xml_put_attr(out, "to", xml_attr(stanza, "from"));
	buf_printf(out, "><error type='%s'><%s xmlns='" NS_STANZA_ERRORS "'/>", type, condition);
	if (text) {
		buf_addz(out, "<text xmlns='" NS_STANZA_ERRORS "' xml:lang='en'>");
		xml_escape(out, slice_str(text));
		buf_addz(out, "</text>");
	}
	buf_addz(out, "</error></");
	buf_adds(out, stanza->name);
	buf_addc(out, '>');
}

/* RFC 6120 8.3.1: no error for an error, nor for a result. */
enum sess_next xmpp_error(struct xmpp *x, const struct xml *stanza, const char *type,
    const char *condition, const char *text)
{
	struct slice kind = xml_attr(stanza, "type");

	if (slice_eq(kind, SLICE("error")) || slice_eq(kind, SLICE("result")))
		return SESS_NEXT;
	size_t begun = xmpp_begin(x);
	xmpp_write_error(sess_out(x->s), stanza, type, condition, text);
	xmpp_end(x, begun, true);
	return SESS_NEXT;
}

/* RFC 6120 4.9.1.2: a stream is opened before it is said what is wrong with it. */
enum sess_next xmpp_stream_error(struct xmpp *x, const char *condition, const char *text)
{
	struct buf *out = sess_out(x->s);

	if (!x->open)
		buf_addz(out,
		    "<?xml version='1.0'?><stream:stream xmlns='" NS_CLIENT
		    "' xmlns:stream='" NS_STREAM "' version='1.0'>");
	x->open = x->closed = true;
	buf_printf(out, "<stream:error><%s xmlns='" NS_STREAM_ERRORS "'/>", condition);
	if (text) {
		buf_addz(out, "<text xmlns='" NS_STREAM_ERRORS "' xml:lang='en'>");
		xml_escape(out, slice_str(text));
		buf_addz(out, "</text>");
	}
	buf_addz(out, "</stream:error></stream:stream>");
	log_event(LOG_INFO, "stream-error", log_z("condition", condition),
	    log_z("text", text ? text : ""));
	return SESS_CLOSE;
}
