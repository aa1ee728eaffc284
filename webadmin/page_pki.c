/* page_pki.c - a domain's private key, certificate and the chain above it
 *
 * The page shows what makes sense next: without a key the menu of sizes alone,
 * with one what can be made of it (SPEC C-018 to C-058). */
#include "webadmin/web.h"

#define DOMAIN                                                                                     \
	{                                                                                          \
		.name = "domain", .kind = WEB_PARAM, .from = "domain"                              \
	}

static const struct web_field domain_fields[] = { DOMAIN, { 0 } };

/* --- mode --- */

static const struct web_choice modes[] = {
	{ "disabled", "Disabled" },
	{ "test", "Test" },
	{ "enabled", "Enabled" },
	{ 0 },
};

static const struct web_field mode_fields[] = {
	DOMAIN,
	{ .name = "mode", .label = "PKI Services", .kind = WEB_CHOICE, .choices = modes },
	{ 0 },
};

/* --- key --- */

/* The last one asks for a text instead of making something (SPEC C-022). */
static const struct web_choice sizes[] = {
	{ "P-256", "EC P-256" },
	{ "P-384", "EC P-384" },
	{ "RSA-2048", "RSA 2048 bit" },
	{ "RSA-3072", "RSA 3072 bit" },
	{ "RSA-4096", "RSA 4096 bit" },
	{ "import", "Import" },
	{ 0 },
};

static const struct web_field key_fields[] = {
	DOMAIN,
	{ .name = "type",
	    .label = "Size",
	    .help = "P-256 is fast and good for all clients of today. Large RSA keys take seconds.",
	    .kind = WEB_CHOICE,
	    .choices = sizes },
	{ 0 },
};

static const struct web_field import_fields[] = {
	DOMAIN,
	{ .name = "pem",
	    .label = "PEM-encoded Private Key",
	    .help = "PKCS#8, SEC 1 or PKCS#1, and not protected by a password.",
	    .example = "-----BEGIN PRIVATE KEY-----",
	    .kind = WEB_AREA,
	    .flags = WEB_REQUIRED | WEB_SECRET | WEB_CODE },
	{ 0 },
};

static const struct web_field install_fields[] = {
	DOMAIN,
	{ .name = "pem",
	    .label = "Key and certificates as one PEM text",
	    .help =
		"The key, the domain's certificate, then those of the authorities above it. They "
		"take the place of what is there at once.",
	    .example = "-----BEGIN PRIVATE KEY-----",
	    .kind = WEB_AREA,
	    .flags = WEB_REQUIRED | WEB_SECRET | WEB_CODE },
	{ 0 },
};

static int make_key(struct web *web)
{
	const char *type = http_field(web->req, "type");
	json_t *args = web_action_args(web);

	if (args && type && strcmp(type, "import") == 0) {
		json_decref(args);
		json_object_set_new(web->model, "importing", json_true());
		return WEB_SHOW;
	}
	return args && web_op(web, "pki key-generate", args) ? WEB_DONE : -1;
}

/* --- certificate --- */

static const struct web_field subject_fields[] = {
	DOMAIN,
	{ .name = "cn",
	    .label = "Common Name",
	    .help = "The name that clients use to connect.",
	    .kind = WEB_CHOICE },
	{ .name = "o", .label = "Organization" },
	{ .name = "ou", .label = "Unit" },
	{ .name = "l", .label = "City" },
	{ .name = "st", .label = "Province" },
	{ .name = "c", .label = "Country", .help = "Two letters.", .example = "DE" },
	{ .name = "contact",
	    .label = "Contact",
	    .help = "E-mail address of who answers for the certificate; it may be elsewhere.",
	    .example = "hostmaster@example.org" },
	{ .name = "names",
	    .label = "Further names",
	    .help = "Host names, with blanks between them. Empty: all names of the domain." },
	{ 0 },
};

static const struct web_field cert_fields[] = {
	DOMAIN,
	{ .name = "pem",
	    .label = "PEM-encoded Certificate",
	    .help = "As the authority sent it: one certificate, made for the key above.",
	    .example = "-----BEGIN CERTIFICATE-----",
	    .kind = WEB_AREA,
	    .flags = WEB_REQUIRED | WEB_CODE },
	{ 0 },
};

static const struct web_field chain_fields[] = {
	DOMAIN,
	{ .name = "pem",
	    .label = "PEM-encoded Certificates",
	    .help =
		"First the issuer of the domain's certificate, then the issuer of that one. They "
		"are sent in this order.",
	    .example = "-----BEGIN CERTIFICATE-----",
	    .kind = WEB_AREA,
	    .flags = WEB_REQUIRED | WEB_CODE },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "mode",
	    .op = "pki mode",
	    .fields = mode_fields,
	    .submit = "Update",
	    .done = "Saved." },
	{ .name = "key",
	    .op = "pki key-generate",
	    .fields = key_fields,
	    .submit = "Generate Key",
	    .done = "{domain} has a new private key. It needs a certificate now.",
	    .run = make_key },
	{ .name = "import",
	    .op = "pki key-import",
	    .fields = import_fields,
	    .submit = "Import Key",
	    .done = "The key was imported. It needs a certificate now." },
	{ .name = "install",
	    .op = "pki install",
	    .fields = install_fields,
	    .submit = "Install",
	    .done = "Key and certificate were installed." },
	{ .name = "key-remove",
	    .op = "pki key-remove",
	    .fields = domain_fields,
	    .submit = "Remove Key",
	    .danger = true,
	    .ask = "Remove the private key of {domain}?",
	    .warn = "Its certificate goes with it, and without both there is no TLS for this "
		    "domain. A removed key cannot be brought back.",
	    .done = "Key and certificate were removed." },
	{ .name = "request",
	    .op = "pki csr",
	    .fields = subject_fields,
	    .submit = "Generate Signing Request",
	    .show = "request" },
	{ .name = "self-signed",
	    .op = "pki self-signed",
	    .fields = subject_fields,
	    .form = "request",
	    .submit = "Generate Self-Signed",
	    .done = "{domain} has a self-signed certificate." },
	{ .name = "cert",
	    .op = "pki cert-set",
	    .fields = cert_fields,
	    .submit = "Set Certificate",
	    .done = "The certificate was set." },
	{ .name = "refresh",
	    .op = "pki refresh",
	    .fields = domain_fields,
	    .submit = "Refresh Self-Signed",
	    .done = "The certificate has a new time of validity." },
	{ .name = "cert-remove",
	    .op = "pki cert-remove",
	    .fields = domain_fields,
	    .submit = "Remove Certificate",
	    .danger = true,
	    .ask = "Remove the certificate of {domain}?",
	    .warn = "Its key stays. Until there is another certificate there is no TLS for this "
		    "domain.",
	    .done = "The certificate was removed." },
	{ .name = "chain",
	    .op = "pki chain-set",
	    .fields = chain_fields,
	    .submit = "Set CA Chain",
	    .done = "The chain was set." },
	{ .name = "chain-remove",
	    .op = "pki chain-remove",
	    .fields = domain_fields,
	    .submit = "Remove CA Chain",
	    .danger = true,
	    .ask = "Remove the CA chain of {domain}?",
	    .warn = "Clients that do not know the authorities in between will warn.",
	    .done = "The chain was removed." },
	{ 0 },
};

/* --- what is shown --- */

static void add_name(json_t *choices, const char *name)
{
	json_array_append_new(choices, json_pack("{s:s, s:s}", "value", name, "label", name));
}

/* SPEC C-034, C-035: the domain, its aliases, and a wildcard beside the name, or
   below it when it has no more than two parts. */
static json_t *common_names(struct web *web, const json_t *domain)
{
	const char *name = json_string_value(json_object_get(domain, "name"));
	struct slice rest = slice_str(json_string_value(json_object_get(domain, "aliases")));
	json_t *choices = json_array();
	const char *dot = strchr(name, '.');

	add_name(choices, name);
	while (rest.n > 0)
		add_name(choices, pool_str(http_pool(web->req), slice_word(&rest)));
	if (dot)
		add_name(choices,
		    pool_printf(
			http_pool(web->req), "*.%s", strchr(dot + 1, '.') ? dot + 1 : name));
	return choices;
}

/* What was said last time. */
static void fill_subject(struct web *web, const json_t *pki)
{
	for (const struct web_field *f = subject_fields; f->name; f++) {
		json_t *said =
		    json_object_get(pki, pool_printf(http_pool(web->req), "said-%s", f->name));
		if (said)
			web_default(web, "request", f->name, json_incref(said));
	}
}

static int load(struct web *web)
{
	if (web_need(web, "domain", "domain show", web_arg(web, "name", "domain")) != 0 ||
	    web_need(web, "pki", "pki show", web_arg(web, "domain", "domain")) != 0)
		return -1;
	const json_t *pki = json_object_get(web->model, "pki");
	web_default(web, "mode", "mode", json_incref(json_object_get(pki, "mode")));
	web_choices(web, "request", "cn", common_names(web, json_object_get(web->model, "domain")));
	fill_subject(web, pki);
	if (web->action && strcmp(web->action->name, "import") == 0)
		json_object_set_new(web->model, "importing", json_true());
	return 0;
}

WEB_RUN(pki)

HTTP_ROUTE(web_pki) = {
	.path = "/admin/domain/:domain/pki",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_DOMAIN_ADMIN,
	.body_max = 256 << 10,
	.run = run,
};

WEB_PAGE(pki) = {
	.route = &http_route_web_pki,
	.title = "Certificate",
	.template = "pki",
	.group = WEB_DOMAIN,
	.place = 30,
	.load = load,
	.actions = actions,
};
