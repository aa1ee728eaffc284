/* page_pki.c - a domain's private key, certificate and the chain above it
 *
 * The page shows what makes sense next: without a key the menu of sizes alone,
 * with one what can be made of it (C-018 to C-058). What is there already
 * stands open, what would change it is folded. */
#include "webadmin/profiles.h"
#include "webadmin/subject.h"

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

/* The last one asks for a text instead of making something (C-022). */
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

#define PEM(label_, help_, example_, more_)                                                        \
	{                                                                                          \
		.name = "pem", .label = label_, .help = help_, .example = example_,                \
		.kind = WEB_AREA, .flags = WEB_REQUIRED | WEB_CODE | WEB_OR_FILE | (more_)         \
	}

static const struct web_field import_fields[] = {
	DOMAIN,
	PEM("PEM-encoded Private Key", "PKCS#8, SEC 1 or PKCS#1, and not protected by a password.",
	    "-----BEGIN PRIVATE KEY-----", WEB_SECRET),
	{ 0 },
};

static const struct web_field install_fields[] = {
	DOMAIN,
	PEM("Key and certificates as one PEM text",
	    "The key, the domain's certificate, then those of the authorities above it.",
	    "-----BEGIN PRIVATE KEY-----", WEB_SECRET),
	{ 0 },
};

static const struct web_field bring_fields[] = { DOMAIN, WEB_IDENTITY_FIELDS, { 0 } };

static const struct web_field files_fields[] = {
	DOMAIN,
	{ .name = "certificate",
	    .label = "File with the certificates",
	    .help = "On the server's machine. It is read now, and whenever it changes.",
	    .example = "/etc/ssl/fullchain.pem",
	    .flags = WEB_REQUIRED },
	{ .name = "key",
	    .label = "File with the private key",
	    .help = "When it is not in the same file.",
	    .example = "/etc/ssl/private/privkey.pem" },
	{ 0 },
};

static const struct web_field take_fields[] = { DOMAIN, WEB_FILE_PASSWORD_FIELDS, { 0 } };

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
	WEB_SUBJECT_FIELDS,
	{ .name = "names",
	    .label = "The certificate is good for",
	    .help = "Beside the Common Name. Without any, it is good for that name alone.",
	    .kind = WEB_MARKS },
	{ .name = "more",
	    .label = "And for these host names",
	    .example = "www.example.org",
	    .flags = WEB_MORE },
	{ 0 },
};

static const struct web_choice signers[] = {
	{ "off", "this domain's authority" },
	{ "on", "the server's authority" },
	{ 0 },
};

static const struct web_field certify_fields[] = {
	DOMAIN,
	{ .name = "by-server", .label = "Signed by", .kind = WEB_CHOICE, .choices = signers },
	{ 0 },
};

static const struct web_field cert_fields[] = {
	DOMAIN,
	PEM("PEM-encoded Certificate",
	    "As the authority sent it: one certificate, made for the key above.",
	    "-----BEGIN CERTIFICATE-----", 0),
	{ 0 },
};

static const struct web_field refresh_fields[] = {
	DOMAIN,
	{ .name = "new-serial", .kind = WEB_HIDDEN },
	{ 0 },
};

static const struct web_field chain_fields[] = {
	DOMAIN,
	PEM("PEM-encoded Certificates",
	    "First the issuer of the domain's certificate, then the issuer of that one. They are "
	    "sent in this order.",
	    "-----BEGIN CERTIFICATE-----", 0),
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
	{ .name = "bring",
	    .op = "pki import",
	    .fields = bring_fields,
	    .submit = "Install file",
	    .done = "Key and certificate were installed." },
	{ .name = "files",
	    .op = "pki files",
	    .fields = files_fields,
	    .submit = "Read them",
	    .done = "Key and certificate are read from there." },
	{ .name = "take",
	    .op = "pki export",
	    .fields = take_fields,
	    .submit = "Download .p12",
	    .give = "pkcs12",
	    .file = "{file}.p12" },
	{ .name = "renew",
	    .op = "pki renew-now",
	    .fields = domain_fields,
	    .submit = "Renew now",
	    .done = "The certificate was renewed." },
	{ .name = "compare",
	    .op = "pki check",
	    .fields = domain_fields,
	    .submit = "Compare with MX",
	    .show = "compared" },
	{ .name = "staple",
	    .op = "pki ocsp-refresh",
	    .fields = domain_fields,
	    .submit = "Ask the responder now",
	    .done = "The responder was asked." },
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
	{ .name = "request-file",
	    .op = "pki csr",
	    .fields = subject_fields,
	    .form = "request",
	    .submit = "Download Request",
	    .give = "pem",
	    .file = "{domain}.csr" },
	{ .name = "self-signed",
	    .op = "pki self-signed",
	    .fields = subject_fields,
	    .form = "request",
	    .submit = "Generate Self-Signed",
	    .done = "{domain} has a self-signed certificate." },
	{ .name = "certify",
	    .op = "ca certify",
	    .fields = certify_fields,
	    .submit = "Sign now",
	    .done = "{domain} has a certificate that was signed here." },
	{ .name = "cert",
	    .op = "pki cert-set",
	    .fields = cert_fields,
	    .submit = "Set Certificate",
	    .done = "The certificate was set." },
	{ .name = "cert-take",
	    .op = "pki certificate",
	    .fields = domain_fields,
	    .submit = "Download PEM",
	    .give = "chain",
	    .file = "{domain}.pem" },
	{ .name = "refresh",
	    .op = "pki refresh",
	    .fields = refresh_fields,
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

static int load(struct web *web)
{
	if (web_need(web, "pki", "pki show", web_arg(web, "domain", "domain")) != 0)
		return -1;
	json_t *pki = json_object_get(web->model, "pki");
	web_certificate(web, pki);
	const char *mode = json_string_value(json_object_get(pki, "mode"));
	web_default(web, "mode", "mode", json_string(mode));
	json_object_set_new(web->model, "demo", json_boolean(mode && strcmp(mode, "test") == 0));
	web_said(web, pki, "request", subject_fields);
	web_offer_names(web, pki, "request");
	web_default(web, "take", "file", json_string(http_param(web->req, "domain")));
	web_try(web, "staple", "pki ocsp", web_arg(web, "domain", "domain"));
	if (web->action && strcmp(web->action->name, "import") == 0)
		json_object_set_new(web->model, "importing", json_true());
	return 0;
}

WEB_RUN(pki)

HTTP_ROUTE(web_pki) = {
	.path = "/admin/domain/:domain/security/pki",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_DOMAIN_ADMIN,
	.body_max = WEB_PEM_MAX,
	.run = run,
};

WEB_PAGE(pki) = {
	.route = &http_route_web_pki,
	.title = "PKI",
	.template = "pki",
	.about = "Private key, certificate and the chain above it: what servers of this domain "
		 "show to whoever connects.",
	.group = WEB_DOMAIN_SECURITY,
	.place = 10,
	.load = load,
	.actions = actions,
};
