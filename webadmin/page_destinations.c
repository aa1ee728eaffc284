/* page_destinations.c - how mail goes to other domains: all that have something of their own, and
 * one */
#include "webadmin/settings.h"

/* --- all of them --- */

static const struct web_field name_fields[] = {
	{ .name = "destination",
	    .label = "Domain",
	    .help = "Or .example.org, with a dot before it: all domains below it.",
	    .flags = WEB_REQUIRED,
	    .example = "partner.example" },
	{ .name = "settings",
	    .label = "What holds there",
	    .help = "NAME=VALUE, several with blanks between; more on the next page.",
	    .flags = WEB_REQUIRED | WEB_WORDS,
	    .example = "tls=verify" },
	{ 0 },
};

static const struct web_field row_fields[] = {
	{ .name = "destination", .kind = WEB_HIDDEN, .flags = WEB_REQUIRED },
	{ 0 },
};

static const struct web_field test_fields[] = {
	{ .name = "domain",
	    .label = "Domain",
	    .flags = WEB_REQUIRED,
	    .example = "partner.example" },
	{ 0 },
};

static const struct web_action all_actions[] = {
	{ .name = "add",
	    .op = "destination set",
	    .fields = name_fields,
	    .legend = "Another destination",
	    .submit = "Save",
	    .done = "{destination} has settings of its own.",
	    .then = "/admin/destination/:destination" },
	{ .name = "remove",
	    .op = "destination remove",
	    .fields = row_fields,
	    .submit = "Forget",
	    .danger = true,
	    .ask = "Send mail to {destination} as to all others?",
	    .warn = "What is said for it, TLS included, is forgotten.",
	    .done = "The default holds for {destination}." },
	{ .name = "test",
	    .op = "destination test",
	    .fields = test_fields,
	    .legend = "Try a connection",
	    .submit = "Connect",
	    .show = "tried" },
	{ 0 },
};

static int load_all(struct web *web)
{
	web_try(web, "policies", "destination policies", NULL);
	web_try(web, "reports", "tls-report show", NULL);
	return web_rows(web, "destinations", "destination list", NULL);
}

extern const struct web_page web_page_destination;

WEB_RUN(destinations)

static int run_one(struct http_req *req)
{
	return web_run(req, &web_page_destination);
}

HTTP_ROUTE(web_destinations) = {
	.path = "/admin/destinations",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.run = run,
};

WEB_PAGE(destinations) = {
	.route = &http_route_web_destinations,
	.title = "Destinations",
	.template = "destinations",
	.group = WEB_SERVER,
	.place = 24,
	.load = load_all,
	.actions = all_actions,
};

/* --- one --- */

static int load_one(struct web *web)
{
	web_settings(web);
	return 0;
}

static const struct web_action one_actions[] = {
	{ .name = "save", .op = "setting set", .submit = "Save", .run = web_settings_save_all },
	{ 0 },
};

HTTP_ROUTE(web_destination) = {
	.path = "/admin/destination/:destination",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.run = run_one,
};

WEB_PAGE(destination) = {
	.route = &http_route_web_destination,
	.title = "Mail to {destination}",
	.template = "destination",
	.under = &web_page_destinations,
	.load = load_one,
	.actions = one_actions,
};
