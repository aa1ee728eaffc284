/* page_relay.c - servers that outgoing mail is handed to with a name and a password */
#include "webadmin/web.h"

static const struct web_field login_fields[] = {
	{ .name = "host",
	    .label = "Server",
	    .help = "As it is named in the setting relay.route.",
	    .flags = WEB_REQUIRED,
	    .example = "smtp.provider.example" },
	{ .name = "user", .label = "User name", .flags = WEB_REQUIRED },
	{ .name = "password",
	    .label = "Password",
	    .help = "It is kept sealed, used in TLS only, and never shown.",
	    .kind = WEB_PASSWORD,
	    .flags = WEB_REQUIRED | WEB_NEW },
	{ 0 },
};

static const struct web_field host_fields[] = {
	{ .name = "host", .kind = WEB_HIDDEN, .flags = WEB_REQUIRED },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "login",
	    .op = "relay login",
	    .fields = login_fields,
	    .legend = "New login",
	    .submit = "Save login",
	    .done = "The login at {host} was saved." },
	{ .name = "logout",
	    .op = "relay logout",
	    .fields = host_fields,
	    .submit = "Forget",
	    .danger = true,
	    .ask = "Forget name and password for {host}?",
	    .warn = "Mail that goes by this server waits until there is another login.",
	    .done = "The login at {host} was forgotten." },
	{ 0 },
};

static int load(struct web *web)
{
	return web_rows(web, "logins", "relay logins", NULL);
}

WEB_RUN(relay)

HTTP_ROUTE(web_relay) = {
	.path = "/admin/relay",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.run = run,
};

WEB_PAGE(relay) = {
	.route = &http_route_web_relay,
	.title = "Relay logins",
	.template = "relay",
	.group = WEB_SERVER,
	.place = 25,
	.load = load,
	.actions = actions,
};
