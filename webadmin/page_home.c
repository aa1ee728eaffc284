/* page_home.c - the first page: the server for its admins; others are led to what is theirs */
#include "webadmin/web.h"

static int load(struct web *web)
{
	static const struct web_cursor cursor = { "after", "domain" };

	web_try(web, "status", "server status", NULL);
	web_try(web, "queue", "queue status", NULL);
	web_try(web, "storage", "storage status", NULL);
	web_try(web, "listeners", "listener list", NULL);
	json_t *listeners = json_object_get(web->model, "listeners");
	json_object_set_new(listeners, "n",
	    json_integer((json_int_t)json_array_size(json_object_get(listeners, "rows"))));
	return web_rows_after(web, "pki", "pki list", json_object(), &cursor);
}

static int run(struct http_req *req);

HTTP_ROUTE(web_home) = {
	.path = "/",
	.methods = HTTP_GET,
	.who = HTTP_USER,
	.run = run,
};

WEB_PAGE(home) = {
	.route = &http_route_web_home,
	.title = "Overview",
	.template = "home",
	.group = WEB_SERVER,
	.place = 0,
	.load = load,
};

static int run(struct http_req *req)
{
	const struct op_caller *caller = http_caller(req);

	if (caller->role == OP_SERVER_ADMIN)
		return web_run(req, &web_page_home);
	if (caller->role == OP_DOMAIN_ADMIN)
		return http_redirect(
		    req, pool_printf(http_pool(req), "/admin/domain/%s", caller->domain));
	return http_redirect(req, "/portal");
}
