/* page_portal.c - an account as its owner sees it */
#include "webadmin/web.h"

static int load(struct web *web)
{
	if (web_need(web, "account", "account show", web_self(web)) != 0)
		return -1;
	web_try(web, "mailboxes", "mailbox list", web_self(web));
	web_try(web, "smime", "smime show", web_self(web));
	return 0;
}

WEB_RUN(portal)

HTTP_ROUTE(web_portal) = {
	.path = "/portal",
	.methods = HTTP_GET,
	.who = HTTP_USER,
	.run = run,
};

WEB_PAGE(portal) = {
	.route = &http_route_web_portal,
	.title = "Your account",
	.template = "portal",
	.group = WEB_YOU,
	.place = 0,
	.load = load,
};
