/* page_aliases.c - addresses of a domain that lead to others */
#include "webadmin/web.h"

static const struct web_field add_fields[] = {
	{ .name = "name", .kind = WEB_MADE, .example = "{local}@{domain}" },
	{ .name = "local",
	    .label = "Alias",
	    .help = "What stands before @{domain}.",
	    .flags = WEB_REQUIRED | WEB_LOCAL,
	    .example = "sales" },
	{ .name = "target",
	    .label = "Leads to",
	    .help = "One or more addresses, here or elsewhere, with blanks between them.",
	    .flags = WEB_REQUIRED | WEB_WORDS,
	    .example = "ann@example.org bob@example.org" },
	{ 0 },
};

static const struct web_field remove_fields[] = {
	{ .name = "name", .kind = WEB_HIDDEN, .flags = WEB_REQUIRED },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "add",
	    .op = "alias add",
	    .fields = add_fields,
	    .legend = "New alias",
	    .submit = "Add alias",
	    .done = "{local}@{domain} was added." },
	{ .name = "remove",
	    .op = "alias remove",
	    .fields = remove_fields,
	    .submit = "Remove",
	    .ask = "Remove the alias {name}?",
	    .warn = "Mail for it will be refused, or go where mail for unknown names goes.",
	    .done = "{name} was removed." },
	{ 0 },
};

static int load(struct web *web)
{
	if (web_need(web, "domain", "domain show", web_arg(web, "name", "domain")) != 0)
		return -1;
	return web_rows(web, "aliases", "alias list", web_arg(web, "domain", "domain"));
}

WEB_RUN(aliases)

HTTP_ROUTE(web_aliases) = {
	.path = "/admin/domain/:domain/aliases",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_DOMAIN_ADMIN,
	.run = run,
};

WEB_PAGE(aliases) = {
	.route = &http_route_web_aliases,
	.title = "Aliases",
	.template = "aliases",
	.group = WEB_DOMAIN,
	.place = 20,
	.load = load,
	.actions = actions,
};
