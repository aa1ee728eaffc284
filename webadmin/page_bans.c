/* page_bans.c - addresses that are banned */
#include "webadmin/web.h"

static const struct web_field add_fields[] = {
	{ .name = "address",
	    .label = "Address or network",
	    .flags = WEB_REQUIRED,
	    .example = "192.0.2.0/24" },
	{ .name = "time",
	    .label = "For how long",
	    .help = "A day when left out.",
	    .example = "12h" },
	{ 0 },
};

static const struct web_field remove_fields[] = {
	{ .name = "address", .kind = WEB_HIDDEN, .flags = WEB_REQUIRED },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "add",
	    .op = "ban add",
	    .fields = add_fields,
	    .legend = "Ban by hand",
	    .submit = "Ban",
	    .done = "{address} is banned." },
	{ .name = "remove",
	    .op = "ban remove",
	    .fields = remove_fields,
	    .submit = "Let in",
	    .done = "{address} is let in again." },
	{ 0 },
};

static int load(struct web *web)
{
	return web_rows(web, "bans", "ban list", NULL);
}

WEB_RUN(bans)

HTTP_ROUTE(web_bans) = {
	.path = "/admin/bans",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.run = run,
};

WEB_PAGE(bans) = {
	.route = &http_route_web_bans,
	.title = "Bans",
	.template = "bans",
	.group = WEB_SERVER,
	.place = 35,
	.load = load,
	.actions = actions,
};
