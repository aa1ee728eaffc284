/* page_smime.c - what a domain signs its users' S/MIME certificates with (C-111) */
#include "webadmin/subject.h"

#define DOMAIN                                                                                     \
	{                                                                                          \
		.name = "domain", .kind = WEB_PARAM, .from = "domain"                              \
	}

static const struct web_field domain_fields[] = { DOMAIN, { 0 } };

static const struct web_field request_fields[] = { DOMAIN, WEB_SUBJECT_FIELDS, { 0 } };

static const struct web_field set_fields[] = {
	DOMAIN,
	{ .name = "pem",
	    .label = "PEM-encoded Certificates and Private Key",
	    .help = "The certificate of an authority, then those above it, and its private key. "
		    "Without a key it must belong to the one that is there.",
	    .example = "-----BEGIN CERTIFICATE-----",
	    .kind = WEB_AREA,
	    .flags = WEB_REQUIRED | WEB_SECRET | WEB_CODE | WEB_OR_FILE },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "self-signed",
	    .op = "smime ca-self-signed",
	    .fields = domain_fields,
	    .submit = "Generate Self-Signed",
	    .ask = "Make a new key and certificate for S/MIME of {domain}?",
	    .warn = "They take the place of those that sign now. Certificates that were issued "
		    "before stay, signed as they are.",
	    .done = "There is a new special certificate." },
	{ .name = "request",
	    .op = "smime ca-csr",
	    .fields = request_fields,
	    .submit = "Generate Signing Request",
	    .show = "request" },
	{ .name = "request-file",
	    .op = "smime ca-csr",
	    .fields = request_fields,
	    .form = "request",
	    .submit = "Download Request",
	    .give = "pem",
	    .file = "{domain}-smime.csr" },
	{ .name = "set",
	    .op = "smime ca-set",
	    .fields = set_fields,
	    .submit = "Set Certificate",
	    .done = "The certificate was set." },
	{ .name = "remove",
	    .op = "smime ca-remove",
	    .fields = domain_fields,
	    .submit = "Remove Certificate",
	    .danger = true,
	    .ask = "Remove the special S/MIME key and certificate of {domain}?",
	    .warn = "The domain's own, which servers show, sign from then on.",
	    .done = "The special key and certificate were removed." },
	{ 0 },
};

/* C-114: without a private key of the domain there is nothing to do here. */
static int load(struct web *web)
{
	if (web_need(web, "pki", "pki show", web_arg(web, "domain", "domain")) != 0)
		return -1;
	web_try(web, "authority", "smime ca-show", web_arg(web, "domain", "domain"));
	web_certificate(web, json_object_get(web->model, "authority"));
	if (web_try(web, "issued", "smime issued", web_arg(web, "domain", "domain")))
		web_page_rows(web, json_object_get(web->model, "issued"));
	return 0;
}

WEB_RUN(smime)

HTTP_ROUTE(web_smime) = {
	.path = "/admin/domain/:domain/security/smime",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_DOMAIN_ADMIN,
	.body_max = WEB_PEM_MAX,
	.run = run,
};

WEB_PAGE(smime) = {
	.route = &http_route_web_smime,
	.title = "S/MIME",
	.template = "smime",
	.about = "What users' certificates for mail are signed with, and which were issued.",
	.group = WEB_DOMAIN_SECURITY,
	.place = 40,
	.load = load,
	.actions = actions,
};
