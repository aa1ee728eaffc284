/* page_ca.c - authorities for those who have none: a domain's and the server's
 *
 * Both are one page: its operations have the scope as their first argument. */
#include "webadmin/subject.h"

#define SCOPE                                                                                      \
	{                                                                                          \
		.name = "scope", .kind = WEB_PARAM, .from = "domain", .example = "server"          \
	}

static const struct web_field scope_fields[] = { SCOPE, { 0 } };

static const struct web_choice kinds[] = {
	{ "P-256", "EC P-256" },
	{ "P-384", "EC P-384" },
	{ "RSA-3072", "RSA 3072 bit" },
	{ "RSA-4096", "RSA 4096 bit" },
	{ 0 },
};

static const struct web_field create_fields[] = {
	SCOPE,
	{ .name = "cn", .label = "Name", .example = "Example Root" },
	{ .name = "type", .label = "Key", .kind = WEB_CHOICE, .choices = kinds },
	{ .name = "days", .label = "Days", .help = "How long it lasts; ten years or so." },
	WEB_SUBJECT_FIELDS,
	{ 0 },
};

static const struct web_choice profiles[] = {
	{ "server", "a server" },
	{ "client", "a client that logs in" },
	{ "email", "mail (S/MIME)" },
	{ "authority", "another authority (server admins)" },
	{ 0 },
};

static const struct web_field sign_fields[] = {
	SCOPE,
	{ .name = "request",
	    .label = "Request",
	    .help = "As PEM or DER (PKCS#10).",
	    .example = "-----BEGIN CERTIFICATE REQUEST-----",
	    .kind = WEB_AREA,
	    .flags = WEB_REQUIRED | WEB_CODE | WEB_OR_FILE },
	{ .name = "profile", .label = "Good for", .kind = WEB_CHOICE, .choices = profiles },
	{ .name = "days", .label = "Days" },
	{ .name = "names",
	    .label = "For these names",
	    .help = "Instead of those that it asks for. Those of the domain, hosts below it, "
		    "addresses at it.",
	    .example = "mail.example.org ann@example.org" },
	{ .name = "any-names",
	    .label = "Also names that are not the domain's",
	    .kind = WEB_CHECK,
	    .flags = WEB_ADMIN },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "create",
	    .op = "ca create",
	    .fields = create_fields,
	    .submit = "Create Authority",
	    .done = "The authority was made." },
	{ .name = "sign",
	    .op = "ca sign",
	    .fields = sign_fields,
	    .submit = "Sign",
	    .show = "signed" },
	{ .name = "renew",
	    .op = "ca renew",
	    .fields = scope_fields,
	    .submit = "Renew",
	    .ask = "Make its certificate anew, for a new time?",
	    .warn =
		"Key and name stay, and so does the good standing of what it signed. Give the new "
		"certificate to those who believe it.",
	    .done = "Its certificate has a new time of validity." },
	{ .name = "crl",
	    .op = "ca crl",
	    .fields = scope_fields,
	    .submit = "Download list (CRL)",
	    .give = "pem",
	    .file = "revoked.pem" },
	{ .name = "remove",
	    .op = "ca remove",
	    .fields = scope_fields,
	    .submit = "Sign no more",
	    .danger = true,
	    .ask = "Let this authority sign no more?",
	    .warn = "What it signed stays good and can be revoked; its list is served on.",
	    .done = "It signs no more." },
	{ 0 },
};

static json_t *scope_args(struct web *web)
{
	const char *domain = http_param(web->req, "domain");

	return json_pack("{s:s}", "scope", domain ? domain : "server");
}

static int load(struct web *web)
{
	static const struct web_cursor cursor = { "after", "serial" };
	static const char *const filters[] = { "state", NULL };
	json_t *args = scope_args(web);

	if (web_need(web, "ca", "ca show", scope_args(web)) != 0) {
		json_decref(args);
		return -1;
	}
	web_certificate(web, json_object_get(web->model, "ca"));
	web_subject_defaults(web, "create", create_fields, http_param(web->req, "domain"));
	web_filters(web, args, filters);
	if (web_rows_after(web, "issued", "ca list", args, &cursor) != 0)
		return -1;
	json_object_set_new(web->model, "here", json_string(web_href(web, web->page->route->path)));
	return 0;
}

extern const struct web_page web_page_domain_ca;

WEB_RUN(ca)

static int run_domain(struct http_req *req)
{
	return web_run(req, &web_page_domain_ca);
}

HTTP_ROUTE(web_ca) = {
	.path = "/admin/security/ca",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.body_max = WEB_PEM_MAX,
	.run = run,
};

HTTP_ROUTE(web_domain_ca) = {
	.path = "/admin/domain/:domain/security/ca",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_DOMAIN_ADMIN,
	.body_max = WEB_PEM_MAX,
	.run = run_domain,
};

WEB_PAGE(ca) = {
	.route = &http_route_web_ca,
	.title = "Authority",
	.template = "ca",
	.about = "Sign certificates of your own: for domains, servers and clients.",
	.group = WEB_SERVER_SECURITY,
	.place = 30,
	.load = load,
	.actions = actions,
};

WEB_PAGE(domain_ca) = {
	.route = &http_route_web_domain_ca,
	.title = "Authority",
	.template = "ca",
	.about = "Sign certificates for servers, clients and users of this domain, list them, take "
		 "them back.",
	.group = WEB_DOMAIN_SECURITY,
	.place = 50,
	.load = load,
	.actions = actions,
};
