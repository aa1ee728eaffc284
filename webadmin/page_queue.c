/* page_queue.c - mail that waits for other servers */
#include "webadmin/web.h"

static const struct web_field fields[] = {
	{ .name = "id", .kind = WEB_HIDDEN, .flags = WEB_REQUIRED },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "retry",
	    .op = "queue retry",
	    .fields = fields,
	    .submit = "Try now",
	    .done = "It is tried now." },
	{ .name = "delete",
	    .op = "queue delete",
	    .fields = fields,
	    .submit = "Delete",
	    .danger = true,
	    .ask = "Delete message {id} from the queue?",
	    .warn = "It is not delivered, and nobody is told.",
	    .done = "The message was deleted." },
	{ 0 },
};

static int load(struct web *web)
{
	return web_rows(web, "queue", "queue list", NULL);
}

WEB_RUN(queue)

HTTP_ROUTE(web_queue) = {
	.path = "/admin/queue",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.run = run,
};

WEB_PAGE(queue) = {
	.route = &http_route_web_queue,
	.title = "Queue",
	.template = "queue",
	.group = WEB_SERVER,
	.place = 20,
	.load = load,
	.actions = actions,
};
