/* page_domain_dns.c - what a domain's owner publishes in the DNS, and the keys that sign its mail
 */
#include "webadmin/web.h"

#define DOMAIN                                                                                     \
	{                                                                                          \
		.name = "domain", .kind = WEB_PARAM, .from = "domain"                              \
	}

static const struct web_field domain_fields[] = { DOMAIN, { 0 } };

static const struct web_field key_fields[] = {
	DOMAIN,
	{ .name = "selector", .kind = WEB_HIDDEN, .flags = WEB_REQUIRED },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "add",
	    .op = "dkim add",
	    .fields = domain_fields,
	    .legend = "New keys",
	    .submit = "Make keys",
	    .done = "Keys were made: publish their records, then let them sign." },
	{ .name = "rotate",
	    .op = "dkim rotate",
	    .fields = domain_fields,
	    .legend = "Keys in place of those that sign",
	    .submit = "Rotate",
	    .done = "Keys were made: they sign by themselves, once they have been published." },
	{ .name = "activate",
	    .op = "dkim activate",
	    .fields = key_fields,
	    .submit = "Let it sign",
	    .done = "{selector} signs from now on." },
	{ .name = "remove",
	    .op = "dkim remove",
	    .fields = key_fields,
	    .submit = "Remove",
	    .danger = true,
	    .ask = "Remove the key {selector}?",
	    .warn = "Mail that it signed and that is still on its way cannot be verified any more, "
		    "once its record is gone.",
	    .done = "{selector} was removed." },
	{ 0 },
};

/* The DNS is asked only when somebody wants to know: that takes its time. */
static int load(struct web *web)
{
	json_t *args = web_arg(web, "name", "domain");

	if (http_query(web->req, "check"))
		json_object_set_new(args, "check", json_true());
	if (web_need(web, "dns", "domain dns", args) != 0)
		return -1;
	return web_rows(web, "keys", "dkim list", web_arg(web, "domain", "domain"));
}

WEB_RUN(domain_dns)

HTTP_ROUTE(web_domain_dns) = {
	.path = "/admin/domain/:domain/dns",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_DOMAIN_ADMIN,
	.run = run,
};

WEB_PAGE(domain_dns) = {
	.route = &http_route_web_domain_dns,
	.title = "DNS",
	.template = "domain_dns",
	.about = "The records that this domain should publish, and the keys that sign its mail.",
	.group = WEB_DOMAIN,
	.place = 60,
	.load = load,
	.network = "check",
	.actions = actions,
};
