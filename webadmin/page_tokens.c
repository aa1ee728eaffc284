/* page_tokens.c - tokens for the API */
#include "webadmin/web.h"

static const struct web_field add_fields[] = {
	{ .name = "name",
	    .label = "Name",
	    .help = "What you call it: letters, digits, dots, dashes and underscores.",
	    .flags = WEB_REQUIRED,
	    .example = "monitoring" },
	{ .name = "days", .label = "Good for days", .help = "90 when left out.", .example = "90" },
	{ 0 },
};

static const struct web_field name_fields[] = {
	{ .name = "name", .kind = WEB_HIDDEN, .flags = WEB_REQUIRED },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "add",
	    .op = "token add",
	    .fields = add_fields,
	    .legend = "New token",
	    .submit = "Make token",
	    .show = "made" },
	{ .name = "remove",
	    .op = "token remove",
	    .fields = name_fields,
	    .submit = "Remove",
	    .danger = true,
	    .ask = "Remove the token {name}?",
	    .warn = "Programs that use it are refused from then on.",
	    .done = "{name} was removed." },
	{ 0 },
};

static int load(struct web *web)
{
	return web_rows(web, "tokens", "token list", NULL);
}

WEB_RUN(tokens)

HTTP_ROUTE(web_tokens) = {
	.path = "/portal/tokens",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_USER,
	.run = run,
};

WEB_PAGE(tokens) = {
	.route = &http_route_web_tokens,
	.title = "API tokens",
	.template = "tokens",
	.group = WEB_YOU,
	.place = 70,
	.load = load,
	.actions = actions,
};
