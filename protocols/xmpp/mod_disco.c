/* mod_disco.c - what is here and what it can (XEP-0030); the modules' rows say it */
#include "protocols/xmpp/xmpp.h"

#define NS_INFO "http://jabber.org/protocol/disco#info"
#define NS_ITEMS "http://jabber.org/protocol/disco#items"

static void put_features(struct buf *out, const char *const *features)
{
	for (; features && *features; features++)
		buf_printf(out, "<feature var='%s'/>", *features);
}

/* There are no nodes. */
static enum sess_next no_node(struct xmpp *x, const struct xml *iq)
{
	return xmpp_error(x, iq, "cancel", "item-not-found", NULL);
}

static enum sess_next answer(struct xmpp *x, const struct xml *iq, const struct xml *query,
    const char *identity, bool server)
{
	struct buf text = { 0 };

	if (xml_attr(query, "node").n)
		return no_node(x, iq);
	buf_printf(&text, "<query xmlns='" NS_INFO "'><identity %s/>", identity);
	for (size_t i = 0; i < xmpp_module_table_n; i++)
		put_features(&text,
		    server ? xmpp_module_table[i]->server_features
			   : xmpp_module_table[i]->account_features);
	buf_addz(&text, "</query>");
	enum sess_next next = xmpp_result(x, iq, buf_slice(&text));
	buf_done(&text);
	return next;
}

static enum sess_next server_info(struct xmpp *x, const struct xml *iq, const struct xml *query)
{
	return answer(x, iq, query, "category='server' type='im' name='Signet'", true);
}

static enum sess_next account_info(struct xmpp *x, const struct xml *iq, const struct xml *query)
{
	return answer(x, iq, query, "category='account' type='registered'", false);
}

static enum sess_next items(struct xmpp *x, const struct xml *iq, const struct xml *query)
{
	if (xml_attr(query, "node").n)
		return no_node(x, iq);
	return xmpp_result(x, iq, SLICE("<query xmlns='" NS_ITEMS "'/>"));
}

static const char *const features[] = { NS_INFO, NS_ITEMS, NULL };

XMPP_MODULE(disco) = {
	.name = "disco",
	.server_features = features,
	.account_features = features,
	.hooks = {
		{ XMPP_IQ_GET, NS_INFO, "query", XMPP_AT_SERVER, .run = server_info },
		{ XMPP_IQ_GET, NS_INFO, "query", XMPP_AT_SELF, .run = account_info },
		{ XMPP_IQ_GET, NS_ITEMS, "query", XMPP_AT_SERVER | XMPP_AT_SELF, .run = items },
	},
};
