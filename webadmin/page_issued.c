/* page_issued.c - one certificate that an authority issued: taken away, or taken back */
#include "webadmin/web.h"

#define SCOPE                                                                                      \
	{ .name = "scope", .kind = WEB_PARAM, .from = "domain", .example = "server" },             \
	{                                                                                          \
		.name = "serial", .kind = WEB_PARAM, .from = "serial"                              \
	}

static const struct web_choice reasons[] = {
	{ "unspecified", "not said" },
	{ "keyCompromise", "its key may be known to others" },
	{ "superseded", "there is another" },
	{ "cessationOfOperation", "it is not needed any more" },
	{ "affiliationChanged", "its owner belongs to others now" },
	{ "privilegeWithdrawn", "its owner may no longer" },
	{ "cACompromise", "the authority's key may be known to others" },
	{ "certificateHold", "for a while only" },
	{ 0 },
};

static const struct web_field serial_fields[] = { SCOPE, { 0 } };

static const struct web_field revoke_fields[] = {
	SCOPE,
	{ .name = "reason", .label = "Why", .kind = WEB_CHOICE, .choices = reasons },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "revoke",
	    .op = "ca revoke",
	    .fields = revoke_fields,
	    .submit = "Revoke",
	    .danger = true,
	    .ask = "Take certificate {serial} back?",
	    .warn =
		"This server refuses it at once, others when they see the list of revoked ones. "
		"Only one that is on hold can be good again.",
	    .done = "The certificate was revoked." },
	{ .name = "release",
	    .op = "ca release",
	    .fields = serial_fields,
	    .submit = "Release from hold",
	    .done = "The certificate is good again." },
	{ .name = "take",
	    .op = "ca certificate",
	    .fields = serial_fields,
	    .submit = "Download PEM",
	    .give = "pem",
	    .file = "{serial}.pem" },
	{ 0 },
};

static int load(struct web *web)
{
	const char *domain = http_param(web->req, "domain");

	if (web_need(web, "issued", "ca issued",
		json_pack("{s:s, s:s}", "scope", domain ? domain : "server", "serial",
		    http_param(web->req, "serial"))) != 0)
		return -1;
	json_t *issued = json_object_get(web->model, "issued");
	const char *reason = json_string_value(json_object_get(issued, "reason"));
	web_certificate(web, issued);
	json_object_set_new(
	    issued, "hold", json_boolean(reason && strcmp(reason, "certificateHold") == 0));
	return 0;
}

extern const struct web_page web_page_domain_issued;

WEB_RUN(issued)

static int run_domain(struct http_req *req)
{
	return web_run(req, &web_page_domain_issued);
}

HTTP_ROUTE(web_issued) = {
	.path = "/admin/security/ca/:serial",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.run = run,
};

HTTP_ROUTE(web_domain_issued) = {
	.path = "/admin/domain/:domain/security/ca/:serial",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_DOMAIN_ADMIN,
	.run = run_domain,
};

WEB_PAGE(issued) = {
	.route = &http_route_web_issued,
	.title = "Issued certificate",
	.template = "issued",
	.load = load,
	.actions = actions,
};

WEB_PAGE(domain_issued) = {
	.route = &http_route_web_domain_issued,
	.title = "Issued certificate",
	.template = "issued",
	.load = load,
	.actions = actions,
};
