/* page_sessions.c - who is connected */
#include "webadmin/web.h"

static const struct web_field fields[] = {
	{ .name = "icid", .kind = WEB_HIDDEN, .flags = WEB_REQUIRED },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "end",
	    .op = "session end",
	    .fields = fields,
	    .submit = "End",
	    .done = "The connection ends when its command is done." },
	{ 0 },
};

static int load(struct web *web)
{
	return web_rows(web, "sessions", "session list", NULL);
}

WEB_RUN(sessions)

HTTP_ROUTE(web_sessions) = {
	.path = "/admin/sessions",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.run = run,
};

WEB_PAGE(sessions) = {
	.route = &http_route_web_sessions,
	.title = "Sessions",
	.template = "sessions",
	.group = WEB_SERVER,
	.place = 30,
	.load = load,
	.actions = actions,
};
