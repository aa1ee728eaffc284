/* page_clients.c - what one's mail program has to be told (P-035) */
#include "webadmin/web.h"

/* A listener with several addresses is told once. */
static void drop_twins(json_t *rows)
{
	for (size_t i = json_array_size(rows); i > 1; i--)
		if (json_equal(json_array_get(rows, i - 1), json_array_get(rows, i - 2)))
			json_array_remove(rows, i - 1);
}

static int load(struct web *web)
{
	if (web_need(web, "clients", "listener clients", web_self(web)) != 0)
		return -1;
	drop_twins(json_object_get(json_object_get(web->model, "clients"), "rows"));
	return 0;
}

WEB_RUN(clients)

HTTP_ROUTE(web_clients) = {
	.path = "/portal/clients",
	.methods = HTTP_GET,
	.who = HTTP_USER,
	.run = run,
};

WEB_PAGE(clients) = {
	.route = &http_route_web_clients,
	.title = "Mail programs",
	.template = "clients",
	.group = WEB_YOU,
	.place = 50,
	.load = load,
};
