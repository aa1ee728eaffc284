/* page_audit.c - the audit trail: who changed what, from where and when */
#include "webadmin/web.h"

static const char *const filters[] = { "who", "since", "domain", NULL };

/* What cannot be looked for is said, and all is shown. */
static int load_rows(struct web *web, json_t *args)
{
	static const struct web_cursor cursor = { "before", "id" };

	web_filters(web, args, filters);
	if (web_try(web, "audit", "audit list", json_deep_copy(args)))
		return web_rows_after(web, "audit", "audit list", args, &cursor);
	json_decref(args);
	return 0;
}

static int load(struct web *web)
{
	const char *domain = http_param(web->req, "domain");

	json_object_set_new(web->model, "one-domain", json_boolean(domain != NULL));
	return load_rows(web, domain ? web_arg(web, "domain", "domain") : json_object());
}

extern const struct web_page web_page_domain_audit;

WEB_RUN(audit)

static int run_domain(struct http_req *req)
{
	return web_run(req, &web_page_domain_audit);
}

HTTP_ROUTE(web_audit) = {
	.path = "/admin/security/audit",
	.methods = HTTP_GET,
	.who = HTTP_SERVER_ADMIN,
	.run = run,
};

HTTP_ROUTE(web_domain_audit) = {
	.path = "/admin/domain/:domain/security/audit",
	.methods = HTTP_GET,
	.who = HTTP_DOMAIN_ADMIN,
	.run = run_domain,
};

WEB_PAGE(audit) = {
	.route = &http_route_web_audit,
	.title = "Audit trail",
	.template = "audit",
	.about = "Who changed what, from where and when.",
	.group = WEB_SERVER_SECURITY,
	.place = 80,
	.load = load,
};

WEB_PAGE(domain_audit) = {
	.route = &http_route_web_domain_audit,
	.title = "Audit trail",
	.template = "audit",
	.about = "Who changed what of this domain, from where and when.",
	.group = WEB_DOMAIN_SECURITY,
	.place = 80,
	.load = load,
};
