/* page_queue.c - mail that waits for other servers, and one message of it */
#include "webadmin/web.h"

/* --- all of it --- */

static const struct web_field flush_fields[] = {
	{ .name = "domain", .label = "Only for the domain", .example = "example.org" },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "flush",
	    .op = "queue flush",
	    .fields = flush_fields,
	    .submit = "Try all now",
	    .done = "It is tried now." },
	{ 0 },
};

static const char *const filters[] = { "domain", "sender", "older", NULL };

/* What cannot be looked for is said, and all is shown. */
static int load_rows(struct web *web)
{
	static const struct web_cursor cursor = { "after", "id" };
	json_t *args = json_object(), *one;

	web_filters(web, args, filters);
	one = json_deep_copy(args);
	json_object_set_new(one, "limit", json_integer(1));
	if (web_try(web, "queue", "queue list", one))
		return web_rows_after(web, "queue", "queue list", args, &cursor);
	json_decref(args);
	return 0;
}

static int load(struct web *web)
{
	if (load_rows(web) != 0)
		return -1;
	web_try(web, "status", "queue status", NULL);
	json_t *queue = json_object_get(web->model, "queue");
	json_t *status = json_object_get(web->model, "status");
	json_object_set_new(web->model, "any",
	    json_boolean(json_array_size(json_object_get(queue, "rows")) > 0 ||
		json_integer_value(json_object_get(status, "messages")) > 0));
	web_try(web, "destinations", "queue destinations", json_pack("{s:i}", "limit", 20));
	return 0;
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

/* --- one message --- */

static const struct web_field id_fields[] = {
	{ .name = "id", .kind = WEB_PARAM, .from = "id" },
	{ 0 },
};

static const struct web_action message_actions[] = {
	{ .name = "retry",
	    .op = "queue retry",
	    .fields = id_fields,
	    .submit = "Try now",
	    .done = "It is tried now." },
	{ .name = "hold",
	    .op = "queue hold",
	    .fields = id_fields,
	    .submit = "Hold",
	    .done = "It is held until you release it." },
	{ .name = "release",
	    .op = "queue release",
	    .fields = id_fields,
	    .submit = "Release",
	    .done = "It is delivered as usual." },
	{ .name = "bounce",
	    .op = "queue bounce",
	    .fields = id_fields,
	    .submit = "Return",
	    .danger = true,
	    .ask = "Return message {id} to its sender?",
	    .warn = "It is not delivered, and its sender is told.",
	    .done = "The message was returned.",
	    .then = "/admin/queue" },
	{ .name = "delete",
	    .op = "queue delete",
	    .fields = id_fields,
	    .submit = "Delete",
	    .danger = true,
	    .ask = "Delete message {id} from the queue?",
	    .warn = "It is not delivered, and nobody is told.",
	    .done = "The message was deleted.",
	    .then = "/admin/queue" },
	{ 0 },
};

static int load_message(struct web *web)
{
	if (web_need(web, "message", "queue show", web_arg(web, "id", "id")) != 0)
		return -1;
	web_try(web, "view", "queue view", web_arg(web, "id", "id"));
	return 0;
}

extern const struct web_page web_page_queued;

static int run_message(struct http_req *req)
{
	return web_run(req, &web_page_queued);
}

HTTP_ROUTE(web_queued) = {
	.path = "/admin/queue/:id",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.run = run_message,
};

WEB_PAGE(queued) = {
	.route = &http_route_web_queued,
	.title = "Message {id}",
	.template = "queued",
	.load = load_message,
	.actions = message_actions,
};
