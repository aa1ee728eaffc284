/* page_tickets.c - the keys under which TLS session tickets are sealed */
#include "webadmin/web.h"

static const struct web_field rotate_fields[] = {
	{ .name = "forget",
	    .label = "Open no ticket any more that was made until now",
	    .help =
		"When the old secret may be known to others. Clients make full handshakes once.",
	    .kind = WEB_CHECK },
	{ 0 },
};

static const struct web_field export_fields[] = {
	{ .name = "password",
	    .label = "A password for the file",
	    .kind = WEB_PASSWORD,
	    .flags = WEB_REQUIRED | WEB_NEW },
	{ .name = "again",
	    .label = "The password, once more",
	    .kind = WEB_PASSWORD,
	    .flags = WEB_REQUIRED | WEB_AGAIN },
	{ 0 },
};

static const struct web_field import_fields[] = {
	{ .name = "keys", .label = "File", .kind = WEB_FILE, .flags = WEB_REQUIRED },
	{ .name = "password",
	    .label = "Its password",
	    .kind = WEB_PASSWORD,
	    .flags = WEB_REQUIRED },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "rotate",
	    .op = "tls ticket-keys-rotate",
	    .fields = rotate_fields,
	    .submit = "Begin anew",
	    .done = "Tickets are sealed under a new secret." },
	{ .name = "export",
	    .op = "tls ticket-keys-export",
	    .fields = export_fields,
	    .submit = "Download keys",
	    .give = "keys",
	    .file = "ticket-keys.txt" },
	{ .name = "import",
	    .op = "tls ticket-keys-import",
	    .fields = import_fields,
	    .submit = "Go on with them",
	    .done = "The keys of the other server are used." },
	{ 0 },
};

static int load(struct web *web)
{
	return web_need(web, "keys", "tls ticket-keys", NULL);
}

WEB_RUN(tickets)

HTTP_ROUTE(web_tickets) = {
	.path = "/admin/settings/general/tickets",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.run = run,
};

WEB_PAGE(tickets) = {
	.route = &http_route_web_tickets,
	.title = "Ticket keys",
	.template = "tickets",
	.about =
	    "What TLS sessions are resumed by: keys that turn, and that a second server may share.",
	.group = WEB_GENERAL,
	.place = 20,
	.load = load,
	.actions = actions,
};
