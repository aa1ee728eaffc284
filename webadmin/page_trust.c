/* page_trust.c - authorities that are trusted: by the server, and by a domain */
#include "webadmin/web.h"

enum { MARKED_MAX = 500 };

static const struct web_field add_fields[] = {
	{ .name = "domain", .kind = WEB_PARAM, .from = "domain" },
	{ .name = "pem",
	    .label = "PEM-encoded Certificates",
	    .help =
		"One or more. That of an authority lets all that it issued be trusted, that of a "
		"server only itself.",
	    .example = "-----BEGIN CERTIFICATE-----",
	    .kind = WEB_AREA,
	    .flags = WEB_REQUIRED | WEB_CODE | WEB_OR_FILE },
	{ 0 },
};

static const struct web_field remove_fields[] = {
	{ .name = "sha256", .label = "Certificates", .kind = WEB_HIDDEN },
	{ 0 },
};

static const struct web_field crl_fields[] = {
	{ .name = "domain", .kind = WEB_PARAM, .from = "domain" },
	{ .name = "pem",
	    .label = "PEM-encoded lists",
	    .help =
		"The authority must be trusted here. A newer list takes the place of an older one.",
	    .example = "-----BEGIN X509 CRL-----",
	    .kind = WEB_AREA,
	    .flags = WEB_REQUIRED | WEB_CODE | WEB_OR_FILE },
	{ 0 },
};

static const struct web_field scope_fields[] = {
	{ .name = "domain", .kind = WEB_PARAM, .from = "domain" },
	{ 0 },
};

static json_t *scope(struct web *web)
{
	return http_param(web->req, "domain") ? web_arg(web, "domain", "domain") : json_object();
}

static int remove_marked(struct web *web)
{
	const char *marked[MARKED_MAX];
	size_t n = http_fields(web->req, "sha256", marked, MARKED_MAX);

	if (n == 0)
		return web_refuse(web, NULL, "Mark what is to be removed first");
	for (size_t i = 0; i < n; i++) {
		json_t *args = scope(web);
		json_object_set_new(args, "sha256", json_string(marked[i]));
		if (!web_op(web, "trust remove", args))
			return -1;
	}
	return WEB_DONE;
}

static const struct web_action actions[] = {
	{ .name = "add",
	    .op = "trust add",
	    .fields = add_fields,
	    .submit = "Set Certificate",
	    .done = "It is trusted from now on." },
	{ .name = "remove",
	    .op = "trust remove",
	    .fields = remove_fields,
	    .submit = "Remove Marked",
	    .danger = true,
	    .ask = "Trust the marked certificates no longer?",
	    .warn = "What they issued will be refused from the next connection on.",
	    .done = "The marked certificates were removed.",
	    .run = remove_marked },
	{ .name = "crl-add",
	    .op = "trust crl-add",
	    .fields = crl_fields,
	    .submit = "Set list",
	    .done = "What it lists is refused from now on." },
	{ .name = "crl-remove",
	    .op = "trust crl-remove",
	    .fields = scope_fields,
	    .submit = "Forget all lists",
	    .danger = true,
	    .ask = "Forget all lists of revoked certificates here?",
	    .warn = "What they list is believed again, until it expires.",
	    .done = "The lists were forgotten." },
	{ 0 },
};

/* From what may be removed here to what came with the system. C-069, C-070:
   what is inherited has no checkbox. */
static json_t *sorted(const json_t *rows, const char *own, bool *any)
{
	const char *const order[] = { "domain", "server", "built-in" };
	json_t *all = json_array(), *row;
	size_t i;

	for (size_t turn = 0; turn < 3; turn++)
		json_array_foreach(rows, i, row)
		{
			const char *set = json_string_value(json_object_get(row, "set"));
			bool is_own = strcmp(order[turn], own) == 0;
			if (!set || strcmp(set, order[turn]) != 0)
				continue;
			json_object_set_new(row, "own", json_boolean(is_own));
			json_array_append(all, row);
			*any = *any || is_own;
		}
	return all;
}

static int load(struct web *web)
{
	const char *own = http_param(web->req, "domain") ? "domain" : "server";
	bool any = false;

	if (web_need(web, "trust", "trust list", scope(web)) != 0)
		return -1;
	web_try(web, "lists", "trust crl-list", scope(web));
	json_t *answer = json_object_get(web->model, "trust");
	json_object_set_new(answer, "rows", sorted(json_object_get(answer, "rows"), own, &any));
	web_page_rows(web, answer);
	json_object_set_new(web->model, "any", json_boolean(any));
	json_object_set_new(web->model, "whose", json_string(own));
	return 0;
}

extern const struct web_page web_page_domain_trust;

WEB_RUN(trust)

static int run_domain(struct http_req *req)
{
	return web_run(req, &web_page_domain_trust);
}

HTTP_ROUTE(web_trust) = {
	.path = "/admin/security/trust",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.body_max = WEB_PEM_MAX,
	.run = run,
};

HTTP_ROUTE(web_domain_trust) = {
	.path = "/admin/domain/:domain/security/trust",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_DOMAIN_ADMIN,
	.body_max = WEB_PEM_MAX,
	.run = run_domain,
};

WEB_PAGE(trust) = {
	.route = &http_route_web_trust,
	.title = "Trusted Certificates",
	.template = "trust",
	.about =
	    "Authorities that are believed everywhere: for outgoing connections, for clients of "
	    "all domains. And what they revoked.",
	.group = WEB_SERVER_SECURITY,
	.place = 10,
	.load = load,
	.actions = actions,
};

WEB_PAGE(domain_trust) = {
	.route = &http_route_web_domain_trust,
	.title = "Trusted Certificates",
	.template = "trust",
	.about = "Authorities that are believed by this domain, beside those of the server.",
	.group = WEB_DOMAIN_SECURITY,
	.place = 20,
	.load = load,
	.actions = actions,
};
