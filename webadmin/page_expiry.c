/* page_expiry.c - what expires when, over all domains or of one */
#include "webadmin/web.h"

enum { SOON = 30 }; /* days: when the postmaster is told first */

static const char *const filters[] = { "within", "domain", NULL };

/* Where something can be done about it. */
static const struct {
	const char *kind, *server, *domain; /* pages, of the server's and of a domain's */
} places[] = {
	{ "certificate", NULL, "pki" },
	{ "profile", NULL, NULL },
	{ "trusted", "/admin/security/trust", "trust" },
	{ "authority", "/admin/security/ca", "ca" },
};

static const char *place_of(struct web *web, const char *kind, const char *of)
{
	bool server = strcmp(of, "server") == 0;

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		if (strcmp(places[i].kind, kind) != 0)
			continue;
		if (places[i].domain && !server)
			return pool_printf(http_pool(web->req), "/admin/domain/%s/security/%s",
			    web_url(web, of), places[i].domain);
		return strcmp(kind, "profile") == 0
		    ? pool_printf(
			  http_pool(web->req), "/admin/security/profiles/%s", web_url(web, of))
		    : places[i].server;
	}
	return NULL;
}

static void link_row(struct web *web, json_t *row)
{
	const char *kind = json_string_value(json_object_get(row, "kind"));
	const char *of = json_string_value(json_object_get(row, "of"));
	const char *place = kind && of ? place_of(web, kind, of) : NULL;

	json_object_set_new(row, "place", json_string(place ? place : ""));
}

static void mark_rows(struct web *web, json_t *answer)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(answer, "rows"), i, row)
	{
		link_row(web, row);
		json_int_t days = json_integer_value(json_object_get(row, "days"));
		json_object_set_new(row, "over", json_boolean(days < 0));
		json_object_set_new(row, "soon", json_boolean(days >= 0 && days < SOON));
	}
}

/* What cannot be looked for is said. */
static int load_rows(struct web *web, json_t *args)
{
	static const struct web_cursor cursor = { "skip", NULL };
	int rc = 0;

	web_filters(web, args, filters);
	if (web_try(web, "expiry", "pki expiry", json_deep_copy(args)))
		rc = web_rows_after(web, "expiry", "pki expiry", args, &cursor);
	else
		json_decref(args);
	if (rc == 0)
		mark_rows(web, json_object_get(web->model, "expiry"));
	return rc;
}

static int load(struct web *web)
{
	const char *domain = http_param(web->req, "domain");

	json_object_set_new(web->model, "one-domain", json_boolean(domain != NULL));
	return load_rows(web, domain ? web_arg(web, "domain", "domain") : json_object());
}

extern const struct web_page web_page_domain_expiry;

WEB_RUN(expiry)

static int run_domain(struct http_req *req)
{
	return web_run(req, &web_page_domain_expiry);
}

HTTP_ROUTE(web_expiry) = {
	.path = "/admin/security/expiry",
	.methods = HTTP_GET,
	.who = HTTP_SERVER_ADMIN,
	.run = run,
};

HTTP_ROUTE(web_domain_expiry) = {
	.path = "/admin/domain/:domain/security/expiry",
	.methods = HTTP_GET,
	.who = HTTP_DOMAIN_ADMIN,
	.run = run_domain,
};

WEB_PAGE(expiry) = {
	.route = &http_route_web_expiry,
	.title = "Expiry",
	.template = "expiry",
	.about = "What expires when, over all domains, the soonest first.",
	.group = WEB_SERVER_SECURITY,
	.place = 40,
	.load = load,
};

WEB_PAGE(domain_expiry) = {
	.route = &http_route_web_domain_expiry,
	.title = "Expiry",
	.template = "expiry",
	.about = "What of this domain expires when, the soonest first.",
	.group = WEB_DOMAIN_SECURITY,
	.place = 70,
	.load = load,
};
