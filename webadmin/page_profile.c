/* page_profile.c - one certificate profile: request, what an authority sent back, export */
#include "webadmin/profiles.h"
#include "webadmin/subject.h"

#define PROFILE                                                                                    \
	{                                                                                          \
		.name = "profile", .kind = WEB_PARAM, .from = "profile"                            \
	}

static const struct web_field profile_fields[] = { PROFILE, { 0 } };

static const struct web_field subject_fields[] = {
	PROFILE,
	{ .name = "cn",
	    .label = "Common Name",
	    .help = "The host name that others use to connect.",
	    .example = "mx.example.org" },
	WEB_SUBJECT_FIELDS,
	{ .name = "names", .label = "Further host names", .example = "mx2.example.org" },
	{ 0 },
};

#define PEM "-----BEGIN CERTIFICATE-----"

/* E-018: two slots. */
static const struct web_field cert_fields[] = {
	PROFILE,
	{ .name = "pem",
	    .label = "Certificate",
	    .help = "As the authority sent it: X.509 PEM, also called \"Apache\".",
	    .example = PEM,
	    .kind = WEB_AREA,
	    .flags = WEB_REQUIRED | WEB_CODE | WEB_OR_FILE },
	{ .name = "chain",
	    .label = "Intermediate certificates",
	    .help = "When they came in a file of their own.",
	    .example = PEM,
	    .kind = WEB_AREA,
	    .flags = WEB_CODE | WEB_OR_FILE },
	{ 0 },
};

static const struct web_field refresh_fields[] = {
	PROFILE,
	{ .name = "new-serial", .kind = WEB_HIDDEN },
	{ 0 },
};

static const struct web_field import_fields[] = { PROFILE, WEB_IDENTITY_FIELDS, { 0 } };

static const struct web_field export_fields[] = {
	PROFILE,
	WEB_FILE_PASSWORD_FIELDS,
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "request",
	    .op = "profile csr",
	    .fields = subject_fields,
	    .submit = "Generate Signing Request",
	    .show = "request" },
	{ .name = "request-file",
	    .op = "profile csr",
	    .fields = subject_fields,
	    .form = "request",
	    .submit = "Download Request",
	    .give = "pem",
	    .file = "{profile}.csr" },
	{ .name = "self-signed",
	    .op = "profile self-signed",
	    .fields = subject_fields,
	    .form = "request",
	    .submit = "Generate Self-Signed",
	    .done = "Profile {profile} has a self-signed certificate." },
	{ .name = "cert",
	    .op = "profile cert-set",
	    .fields = cert_fields,
	    .submit = "Upload Signed Certificate",
	    .done = "The certificate was set." },
	{ .name = "refresh",
	    .op = "profile refresh",
	    .fields = refresh_fields,
	    .submit = "Refresh Self-Signed",
	    .done = "The certificate has a new time of validity." },
	{ .name = "import",
	    .op = "profile import",
	    .fields = import_fields,
	    .submit = "Import",
	    .done = "Key and certificate were installed." },
	{ .name = "export",
	    .op = "profile export",
	    .fields = export_fields,
	    .submit = "Download .p12",
	    .give = "pkcs12",
	    .file = "{file}.p12" },
	{ .name = "take",
	    .op = "profile certificate",
	    .fields = profile_fields,
	    .submit = "Download PEM",
	    .give = "chain",
	    .file = "{profile}.pem" },
	{ .name = "chain-remove",
	    .op = "profile chain-remove",
	    .fields = profile_fields,
	    .submit = "Remove chain",
	    .danger = true,
	    .ask = "Send the certificate of {profile} alone?",
	    .warn = "Clients that do not know the authorities in between will warn.",
	    .done = "The chain was removed." },
	{ .name = "remove",
	    .op = "profile remove",
	    .fields = profile_fields,
	    .submit = "Remove Profile",
	    .danger = true,
	    .ask = "Remove profile {profile}?",
	    .warn = "Its private key and certificate go with it. A removed key cannot be brought "
		    "back.",
	    .done = "Profile {profile} was removed.",
	    .then = "/admin/security/profiles" },
	{ 0 },
};

static int load(struct web *web)
{
	if (web_need(web, "profile", "profile show", web_arg(web, "profile", "profile")) != 0)
		return -1;
	json_t *profile = json_object_get(web->model, "profile");
	web_certificate(web, profile);
	web_said(web, profile, "request", subject_fields);
	web_default(web, "export", "file", json_string(http_param(web->req, "profile")));
	web_pending(web);
	return 0;
}

WEB_RUN(profile)

HTTP_ROUTE(web_profile) = {
	.path = "/admin/security/profiles/:profile",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.body_max = WEB_PEM_MAX,
	.run = run,
};

WEB_PAGE(profile) = {
	.route = &http_route_web_profile,
	.title = "{profile}",
	.template = "profile",
	.load = load,
	.actions = actions,
};
