/* page_client_ca.c - whose certificates a domain asks its clients for (SPEC C-092) */
#include "webadmin/web.h"

static const struct web_field fields[] = {
	{ .name = "domain", .kind = WEB_PARAM, .from = "domain" },
	{ .name = "issuer",
	    .label = "Issued By",
	    .help = "One of the domain's own trusted certificates.",
	    .kind = WEB_CHOICE },
	{ .name = "required",
	    .label = "Required",
	    .help = "Clients without a good certificate get no TLS at all.",
	    .kind = WEB_CHECK },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "set",
	    .op = "client-ca set",
	    .fields = fields,
	    .submit = "Update",
	    .done = "Saved." },
	{ 0 },
};

static json_t *choices_of(struct web *web, const json_t *rows)
{
	json_t *choices = json_pack("[{s:s, s:s}]", "value", "none", "label", "nobody: do not ask");
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const char *value = json_string_value(json_object_get(row, "sha256"));
		const char *label = json_string_value(json_object_get(row, "issued-to"));
		json_array_append_new(choices,
		    json_pack(
			"{s:s, s:s}", "value", value ? value : "", "label", label ? label : ""));
		if (json_is_true(json_object_get(row, "chosen")))
			web_default(web, "set", "issuer", json_string(value));
	}
	return choices;
}

static int load(struct web *web)
{
	if (web_need(web, "clients", "client-ca show", web_arg(web, "domain", "domain")) != 0)
		return -1;
	const json_t *clients = json_object_get(web->model, "clients");
	web_choices(web, "set", "issuer", choices_of(web, json_object_get(clients, "rows")));
	if (json_is_true(json_object_get(clients, "required")))
		web_default(web, "set", "required", json_string("on"));
	return 0;
}

WEB_RUN(client_ca)

HTTP_ROUTE(web_client_ca) = {
	.path = "/admin/domain/:domain/security/clients",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_DOMAIN_ADMIN,
	.run = run,
};

WEB_PAGE(client_ca) = {
	.route = &http_route_web_client_ca,
	.title = "Client Certificates",
	.template = "client_ca",
	.about = "Whether clients are asked for a certificate, and whose it must be.",
	.group = WEB_DOMAIN_SECURITY,
	.place = 30,
	.load = load,
	.actions = actions,
};
