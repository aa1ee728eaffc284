/* probe_protocol.c - the protocols that are tried: their ports and their words */
#include "pki/probe_words.h"

#define XMPP_STREAM                                                                                \
	"<?xml version='1.0'?><stream:stream to='%s' xmlns='jabber:client' "                       \
	"xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"

const struct probe_protocol probe_protocols[] = {
	[PROBE_SMTP] = { "smtp", 25, 465, NULL, true, true, "EHLO %s", "STARTTLS", "STARTTLS",
	    "MAIL FROM:<%s>", "QUIT", probe_read_smtp, false },
	[PROBE_IMAP] = { "imap", 143, 993, NULL, false, true, "a CAPABILITY", "STARTTLS",
	    "a STARTTLS", "a NOOP", "a LOGOUT", probe_read_imap, false },
	[PROBE_POP3] = { "pop3", 110, 995, NULL, false, true, "CAPA", "STLS", "STLS", NULL, "QUIT",
	    probe_read_pop, false },
	[PROBE_XMPP] = { "xmpp", 5222, 5223, "_xmpp-client._tcp", false, false, XMPP_STREAM,
	    "urn:ietf:params:xml:ns:xmpp-tls",
	    "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", NULL, "</stream:stream>",
	    probe_read_xmpp, false },
	[PROBE_HTTPS] = { "https", 443, 443, NULL, false, false, NULL, NULL, NULL,
	    "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", NULL, probe_read_http, true },
};

const char *const probe_protocol_names[] = { "smtp", "imap", "pop3", "xmpp", "https", NULL };

const struct probe_protocol *probe_protocol(struct slice name)
{
	for (size_t i = 0; i < sizeof(probe_protocols) / sizeof(*probe_protocols); i++)
		if (slice_ieq(name, slice_str(probe_protocols[i].name)))
			return &probe_protocols[i];
	return NULL;
}

struct probe_place probe_place(const struct probe *probe)
{
	const struct probe_protocol *p = probe->protocol;
	bool wrapped = probe->wrapped || p->always || probe->port == p->wrapped_port;
	unsigned port = probe->port ? probe->port : wrapped ? p->wrapped_port : p->port;

	return (struct probe_place){ port, wrapped, p->service, p->mail };
}
