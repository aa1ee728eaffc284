/* page_listeners.c - where the server listens, changed while it runs */
#include "webadmin/web.h"

static const struct web_choice protocols[] = {
	{ "smtp", "SMTP" },
	{ "lmtp", "LMTP" },
	{ "imap", "IMAP" },
	{ "pop3", "POP3" },
	{ "managesieve", "ManageSieve" },
	{ 0 },
};

static const struct web_choice tls[] = {
	{ "usual", "as usual for the protocol" },
	{ "starttls", "STARTTLS: by an upgrade" },
	{ "implicit", "implicit: from the first byte" },
	{ 0 },
};

static const struct web_choice roles[] = {
	{ "usual", "as usual" },
	{ "public", "public: other servers" },
	{ "submission", "submission: users, who log in" },
	{ "private", "private: own machines, known by a sender group" },
	{ 0 },
};

static const struct web_choice other_tls[] = {
	{ "", "as it is" },
	{ "usual", "as usual for the protocol" },
	{ "starttls", "STARTTLS: by an upgrade" },
	{ "implicit", "implicit: from the first byte" },
	{ 0 },
};

static const struct web_choice other_roles[] = {
	{ "", "as it is" },
	{ "usual", "as usual" },
	{ "public", "public: other servers" },
	{ "submission", "submission: users, who log in" },
	{ "private", "private: own machines, known by a sender group" },
	{ 0 },
};

static const struct web_field add_fields[] = {
	{ .name = "name", .label = "Name", .flags = WEB_REQUIRED, .example = "inside" },
	{ .name = "protocol",
	    .label = "Protocol",
	    .kind = WEB_CHOICE,
	    .flags = WEB_REQUIRED,
	    .choices = protocols },
	{ .name = "address",
	    .label = "Address and port",
	    .flags = WEB_REQUIRED,
	    .help = "Several are parted by blanks; * is all addresses.",
	    .example = "10.0.0.1:25" },
	{ .name = "tls", .label = "TLS", .kind = WEB_CHOICE, .choices = tls },
	{ .name = "role", .label = "Whom SMTP is for", .kind = WEB_CHOICE, .choices = roles },
	{ 0 },
};

static const struct web_field change_fields[] = {
	{ .name = "name", .label = "Name", .flags = WEB_REQUIRED, .example = "pop3" },
	{ .name = "address",
	    .label = "Address and port",
	    .help = "Several are parted by blanks; off for none; unchanged when left out.",
	    .example = "192.0.2.1:110 [2001:db8::1]:110" },
	{ .name = "tls", .label = "TLS", .kind = WEB_CHOICE, .choices = other_tls },
	{ .name = "role", .label = "Whom SMTP is for", .kind = WEB_CHOICE, .choices = other_roles },
	{ 0 },
};

static const struct web_field remove_fields[] = {
	{ .name = "name", .kind = WEB_HIDDEN, .flags = WEB_REQUIRED },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "add",
	    .op = "listener add",
	    .fields = add_fields,
	    .legend = "New listener",
	    .submit = "Add listener",
	    .done = "{name} answers." },
	{ .name = "change",
	    .op = "listener change",
	    .fields = change_fields,
	    .legend = "Move one, or turn it off",
	    .submit = "Change",
	    .done = "{name} was changed." },
	{ .name = "remove",
	    .op = "listener remove",
	    .fields = remove_fields,
	    .submit = "Remove",
	    .ask = "Remove {name}?",
	    .warn = "It accepts no more; sessions that it has go on to their end.",
	    .done = "{name} was removed.",
	    .danger = true },
	{ 0 },
};

static int load(struct web *web)
{
	return web_need(web, "listeners", "listener list", NULL);
}

WEB_RUN(listeners)

HTTP_ROUTE(web_listeners) = {
	.path = "/admin/listeners",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.run = run,
};

WEB_PAGE(listeners) = {
	.route = &http_route_web_listeners,
	.title = "Listeners",
	.template = "listeners",
	.group = WEB_SERVER,
	.place = 22,
	.load = load,
	.actions = actions,
};
