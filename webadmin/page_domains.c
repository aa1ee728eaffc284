/* page_domains.c - all domains, and a new one */
#include "webadmin/web.h"

static const struct web_field fields[] = {
	{ .name = "name",
	    .label = "Name of a new domain",
	    .flags = WEB_REQUIRED,
	    .example = "example.org" },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "add",
	    .op = "domain add",
	    .fields = fields,
	    .submit = "Add domain",
	    .done = "{name} is hosted here now. It has a key and a self-signed certificate.",
	    .then = "/admin/domain/:name" },
	{ 0 },
};

static int load(struct web *web)
{
	return web_rows(web, "domains", "domain list", NULL);
}

WEB_RUN(domains)

HTTP_ROUTE(web_domains) = {
	.path = "/admin/domains",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.run = run,
};

WEB_PAGE(domains) = {
	.route = &http_route_web_domains,
	.title = "Domains",
	.template = "domains",
	.group = WEB_SERVER,
	.place = 10,
	.load = load,
	.actions = actions,
};
