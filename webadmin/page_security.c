/* page_security.c - where the pages on keys, certificates and trust are found (C-010, C-066)
 */
#include "webadmin/web.h"

extern const struct web_page web_page_domain_security;

WEB_RUN(security)

static int run_domain(struct http_req *req)
{
	return web_run(req, &web_page_domain_security);
}

HTTP_ROUTE(web_security) = {
	.path = "/admin/security",
	.methods = HTTP_GET,
	.who = HTTP_SERVER_ADMIN,
	.run = run,
};

HTTP_ROUTE(web_domain_security) = {
	.path = "/admin/domain/:domain/security",
	.methods = HTTP_GET,
	.who = HTTP_DOMAIN_ADMIN,
	.run = run_domain,
};

/* A domain that is not hosted has no pages. */
static int load_domain(struct web *web)
{
	return web_need(web, "domain", "domain show", web_arg(web, "name", "domain"));
}

WEB_PAGE(security) = {
	.route = &http_route_web_security,
	.title = "Security",
	.template = "hub",
	.group = WEB_SERVER,
	.place = 50,
	.hub = WEB_SERVER_SECURITY,
};

WEB_PAGE(domain_security) = {
	.route = &http_route_web_domain_security,
	.title = "Security",
	.template = "hub",
	.group = WEB_DOMAIN,
	.place = 30,
	.hub = WEB_DOMAIN_SECURITY,
	.load = load_domain,
};
