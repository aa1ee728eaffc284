/* page_log.c - what became of a message: found by address, told from the log */
#include "webadmin/web.h"

static const struct web_field search_fields[] = {
	{ .name = "address",
	    .label = "Address of a sender or a recipient",
	    .flags = WEB_REQUIRED,
	    .example = "ann@example.org" },
	{ .name = "days", .label = "How many days back", .example = "7" },
	{ 0 },
};

static const struct web_field trace_fields[] = {
	{ .name = "mid",
	    .label = "Number of a message",
	    .help =
		"It stands in its Received line behind \"id\", and in the answer to who sent it.",
	    .flags = WEB_REQUIRED },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "search",
	    .op = "log search",
	    .fields = search_fields,
	    .submit = "Find messages",
	    .show = "found" },
	{ .name = "trace",
	    .op = "log trace",
	    .fields = trace_fields,
	    .submit = "Tell its story",
	    .show = "story" },
	{ 0 },
};

static int load(struct web *web)
{
	(void)web;
	return 0;
}

WEB_RUN(log)

HTTP_ROUTE(web_log) = {
	.path = "/admin/log",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.run = run,
};

WEB_PAGE(log) = {
	.route = &http_route_web_log,
	.title = "Mail log",
	.template = "log",
	.group = WEB_SERVER,
	.place = 22,
	.load = load,
	.actions = actions,
};
