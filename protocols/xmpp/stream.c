/* stream.c - stream headers and features (RFC 6120 4.2, 4.3, 4.7) */
#include <stdlib.h>

#include "core/log.h"
#include "core/loop.h"
#include "core/random.h"
#include "core/text.h"
#include "protocols/xmpp/xmpp.h"
#include "storage/dir.h"

void xmpp_stream_restart(struct xmpp *x)
{
	x->open = false;
	x->scan = (struct xml_scan){ 0 };
	free((char *)(uintptr_t)x->root.p);
	x->root = (struct slice){ 0 };
}

/* "1.0" and above (RFC 6120 4.7.5). */
static bool is_version(struct slice version)
{
	return version.n > 2 && version.p[0] >= '1' && version.p[0] <= '9' &&
	    slice_chr(version, '.') > 0;
}

static void set_domain(struct xmpp *x, struct slice domain, struct slice home)
{
	free((char *)(uintptr_t)x->domain.p);
	free((char *)(uintptr_t)x->home.p);
	x->domain = slice_of(mem_str(domain), domain.n);
	x->home = slice_of(mem_str(home), home.n);
}

/* The domain that the peer wants, hosted here. SESS_NEXT: it is in x->domain. */
static enum sess_next find_domain(struct xmpp *x, struct slice to)
{
	struct pool *pool = sess_cmd_pool(x->s);
	struct dir_domain domain;
	struct jid jid;

	if (!jid_parse(pool, to, &jid) || jid.local.n || jid.resource.n)
		return xmpp_stream_error(x, "host-unknown", NULL);
	if (slice_eq(jid.domain, x->domain))
		return SESS_NEXT;
	if (x->account.n) /* who is logged in cannot turn to another domain */
		return xmpp_stream_error(x, "host-unknown", NULL);
	if (loop_thread())
		return SESS_LATER;
	int found = dir_domain(jid.domain, pool, &domain);
	if (found != 1)
		return xmpp_stream_error(
		    x, found < 0 ? "internal-server-error" : "host-unknown", NULL);
	set_domain(x, jid.domain, slice_str(domain_unicode(pool, slice_str(domain.name))));
	return SESS_NEXT;
}

static unsigned count(struct slice text, struct slice word)
{
	unsigned n = 0;

	for (ptrdiff_t at; (at = slice_find(text, word)) >= 0; n++)
		text = slice_from(text, (size_t)at + word.n);
	return n;
}

/* The start tag holds for all stanzas: in it a stanza must be one of jabber:client
   (RFC 6120 4.8.2). It is kept where it declares more than the usual two
   prefixes. */
static bool keep_root(struct xmpp *x)
{
	enum xml_fault fault;
	const struct xml *probe =
	    xml_read(sess_cmd_pool(x->s), x->header, SLICE("<x/>"), false, &xmpp_limits, &fault);

	if (!probe || !slice_eq(probe->ns, SLICE(NS_CLIENT)))
		return false;
	if (slice_find(x->header, SLICE("<stream:stream")) < 0 ||
	    count(x->header, SLICE("xmlns")) != 2)
		x->root = slice_of(mem_str(x->header), x->header.n);
	return true;
}

static void answer(struct xmpp *x)
{
	unsigned char id[16];
	struct buf *out = sess_out(x->s);

	random_bytes(id, sizeof(id));
	buf_addz(out,
	    "<?xml version='1.0'?><stream:stream xmlns='" NS_CLIENT "' xmlns:stream='" NS_STREAM
	    "' version='1.0' xml:lang='en' id='");
	hex_put(out, slice_of(id, sizeof(id)));
	buf_addz(out, "' from='");
	xml_escape(out, x->domain);
	buf_addc(out, '\'');
	if (x->account.n)
		xml_put_attr(out, "to", x->account);
	buf_addz(out, "><stream:features>");
	for (size_t i = 0; i < xmpp_module_table_n; i++)
		if (xmpp_module_table[i]->offer)
			xmpp_module_table[i]->offer(x, out);
	buf_addz(out, "</stream:features>");
}

enum sess_next xmpp_stream_open(struct xmpp *x, const struct xml *header)
{
	/* RFC 6120 4.9.3.10 */
	if (!xml_is(header, SLICE(NS_STREAM), SLICE("stream")))
		return xmpp_stream_error(x,
		    slice_eq(header->ns, SLICE(NS_STREAM)) ? "bad-format" : "invalid-namespace",
		    NULL);
	enum sess_next next = find_domain(x, xml_attr(header, "to"));
	if (next != SESS_NEXT)
		return next;
	if (!is_version(xml_attr(header, "version")))
		return xmpp_stream_error(x, "unsupported-version", NULL);
	if (!keep_root(x))
		return xmpp_stream_error(x, "invalid-namespace", NULL);
	answer(x);
	x->open = true;
	return SESS_NEXT;
}
