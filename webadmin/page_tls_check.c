/* page_tls_check.c - a server's TLS tried from outside: the table, the reason, the transcript */
#include "webadmin/web.h"

static const struct web_choice protocols[] = {
	{ "smtp", "SMTP, mail servers of a domain" },
	{ "imap", "IMAP" },
	{ "pop3", "POP3" },
	{ "xmpp", "XMPP" },
	{ "https", "HTTPS" },
	{ 0 },
};

static const struct web_field fields[] = {
	{ .name = "target",
	    .label = "Domain or host",
	    .help = "A domain, a mail address of it, a host, or an IP address",
	    .example = "example.org",
	    .flags = WEB_REQUIRED },
	{ .name = "protocol", .label = "Protocol", .kind = WEB_CHOICE, .choices = protocols },
	{ .name = "port", .label = "Port", .help = "Empty: the protocol's own" },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "check",
	    .op = "tls check",
	    .fields = fields,
	    .legend = "Try a server",
	    .submit = "Try it",
	    .show = "check" },
	{ 0 },
};

static int load(struct web *web)
{
	(void)web;
	return 0;
}

WEB_RUN(tls_check)

HTTP_ROUTE(web_tls_check) = {
	.path = "/admin/tls-check",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.run = run,
};

WEB_PAGE(tls_check) = {
	.route = &http_route_web_tls_check,
	.title = "TLS tester",
	.template = "tls_check",
	.about = "Try a server's TLS from outside, step by step, and learn what is wrong with it",
	.group = WEB_SERVER_SECURITY,
	.place = 90,
	.load = load,
	.actions = actions,
};
