/* page_my_certificates.c - certificates by which a user logs in without a password (C-096) */
#include "webadmin/web.h"

#define SELF                                                                                       \
	{                                                                                          \
		.name = "address", .kind = WEB_SELF                                                \
	}

static const struct web_field add_fields[] = {
	SELF,
	{ .name = "pem",
	    .label = "PEM-encoded Certificate",
	    .help = "That of your mail program or browser; its private key stays where it is.",
	    .example = "-----BEGIN CERTIFICATE-----",
	    .kind = WEB_AREA,
	    .flags = WEB_REQUIRED | WEB_CODE | WEB_OR_FILE },
	{ 0 },
};

static const struct web_field remove_fields[] = {
	SELF,
	{ .name = "fingerprint", .kind = WEB_HIDDEN, .flags = WEB_REQUIRED },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "add",
	    .op = "account cert-add",
	    .fields = add_fields,
	    .submit = "Add certificate",
	    .done = "It was added." },
	{ .name = "remove",
	    .op = "account cert-remove",
	    .fields = remove_fields,
	    .submit = "Remove",
	    .danger = true,
	    .ask = "Log in by this certificate no longer?",
	    .done = "It was removed." },
	{ 0 },
};

static int load(struct web *web)
{
	return web_need(web, "certificates", "account cert-list", web_self(web));
}

WEB_RUN(my_certificates)

HTTP_ROUTE(web_my_certificates) = {
	.path = "/portal/certificates",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_USER,
	.body_max = WEB_PEM_MAX,
	.run = run,
};

WEB_PAGE(my_certificates) = {
	.route = &http_route_web_my_certificates,
	.title = "Login certificates",
	.template = "my_certificates",
	.group = WEB_YOU,
	.place = 65,
	.load = load,
	.actions = actions,
};
