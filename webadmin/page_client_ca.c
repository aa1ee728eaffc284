/* page_client_ca.c - whose certificates a domain asks its clients for (C-092) */
#include "webadmin/web.h"

/* client_map_names, in the words of people. */
static const struct web_choice maps[] = {
	{ "email", "its e-mail address" },
	{ "cn", "its Common Name: a local part or an address" },
	{ "uid", "the user id in its subject" },
	{ "upn", "the principal name of Windows" },
	{ "fingerprint", "nothing: each account lists its certificates" },
	{ "template", "parts of it, as tls.client-account-template of the domain says" },
	{ 0 },
};

static const struct web_field fields[] = {
	{ .name = "domain", .kind = WEB_PARAM, .from = "domain" },
	{ .name = "issuer",
	    .label = "Issued By",
	    .help = "Clients are asked for a certificate of the marked authorities, which are the "
		    "domain's own trusted ones. None is marked: nobody is asked.",
	    .kind = WEB_MARKS },
	{ .name = "required",
	    .label = "Required",
	    .help = "Clients without a good certificate get no TLS at all.",
	    .kind = WEB_CHECK },
	{ .name = "map",
	    .label = "What in a certificate names the account",
	    .help = "Take Common Name and user id only from authorities that write there what you "
		    "mean.",
	    .kind = WEB_CHOICE,
	    .choices = maps },
	{ 0 },
};

/* C-093: the operation's word for no issuer. */
static int set(struct web *web)
{
	json_t *args = web_action_args(web);
	const char *issuers = json_string_value(json_object_get(args, "issuer"));

	if (args && (!issuers || !*issuers))
		json_object_set_new(args, "issuer", json_string("none"));
	return args && web_op(web, "client-ca set", args) ? WEB_DONE : -1;
}

static const struct web_action actions[] = {
	{ .name = "set",
	    .op = "client-ca set",
	    .fields = fields,
	    .submit = "Update",
	    .done = "Saved.",
	    .run = set },
	{ 0 },
};

/* C-093: those of the domain; the chosen ones are marked. */
static void put_issuers(struct web *web, const json_t *rows)
{
	json_t *choices = json_array(), *row;
	struct buf chosen = { 0 };
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const char *value = json_string_value(json_object_get(row, "sha256"));
		const char *label = json_string_value(json_object_get(row, "issued-to"));
		json_array_append_new(choices,
		    json_pack(
			"{s:s, s:s}", "value", value ? value : "", "label", label ? label : ""));
		if (value && json_is_true(json_object_get(row, "chosen")))
			buf_printf(&chosen, "%s ", value);
	}
	web_choices(web, "set", "issuer", choices);
	web_default(web, "set", "issuer", json_string(buf_z(&chosen)));
	buf_done(&chosen);
}

static int load(struct web *web)
{
	if (web_need(web, "clients", "client-ca show", web_arg(web, "domain", "domain")) != 0)
		return -1;
	const json_t *clients = json_object_get(web->model, "clients");
	put_issuers(web, json_object_get(clients, "rows"));
	web_default(web, "set", "map", json_incref(json_object_get(clients, "map")));
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
