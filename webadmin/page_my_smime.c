/* page_my_smime.c - one's S/MIME keys and certificates, and mail that is stored encrypted */
#include "webadmin/web.h"

#define SELF                                                                                       \
	{                                                                                          \
		.name = "address", .kind = WEB_SELF                                                \
	}
#define NUMBER                                                                                     \
	{                                                                                          \
		.name = "number", .kind = WEB_HIDDEN, .flags = WEB_REQUIRED                        \
	}
#define SECRET                                                                                     \
	{                                                                                          \
		.name = "secret", .label = "Your S/MIME secret", .kind = WEB_PASSWORD,             \
		.flags = WEB_REQUIRED                                                              \
	}

static const struct web_field issue_fields[] = {
	SELF,
	{ .name = "secret",
	    .label = "Your S/MIME secret",
	    .help =
		"It locks your private keys, and is kept nowhere: who forgets it loses them. All "
		"your keys have the same one.",
	    .kind = WEB_PASSWORD,
	    .flags = WEB_REQUIRED | WEB_NEW },
	{ .name = "again",
	    .label = "The secret, once more",
	    .kind = WEB_PASSWORD,
	    .flags = WEB_REQUIRED | WEB_AGAIN },
	{ 0 },
};

static const struct web_field import_fields[] = {
	SELF,
	{ .name = "identity",
	    .label = "File",
	    .help = "PKCS#12 (.p12, .pfx) with key and certificate, or PEM. A certificate alone is "
		    "enough to have mail encrypted for it.",
	    .kind = WEB_FILE,
	    .flags = WEB_REQUIRED },
	{ .name = "password", .label = "Password of the file", .kind = WEB_PASSWORD },
	{ .name = "secret",
	    .label = "Your S/MIME secret",
	    .help = "It locks the key from now on.",
	    .kind = WEB_PASSWORD },
	{ 0 },
};

static const struct web_field export_fields[] = {
	SELF,
	{ .name = "number", .label = "Certificate", .kind = WEB_CHOICE },
	SECRET,
	{ .name = "new-password",
	    .label = "A password for the file",
	    .help = "Your mail program will ask for it.",
	    .kind = WEB_PASSWORD,
	    .flags = WEB_REQUIRED | WEB_NEW },
	{ .name = "again",
	    .label = "The password, once more",
	    .kind = WEB_PASSWORD,
	    .flags = WEB_REQUIRED | WEB_AGAIN },
	{ .name = "older",
	    .label = "For older programs",
	    .help = "Weaker locks, which Windows before 10 and the like can open.",
	    .kind = WEB_CHECK },
	{ 0 },
};

static const struct web_field secret_fields[] = {
	SELF,
	{ .name = "secret",
	    .label = "Your S/MIME secret until now",
	    .kind = WEB_PASSWORD,
	    .flags = WEB_REQUIRED },
	{ .name = "new-secret",
	    .label = "From now on",
	    .kind = WEB_PASSWORD,
	    .flags = WEB_REQUIRED | WEB_NEW },
	{ .name = "again",
	    .label = "From now on, once more",
	    .kind = WEB_PASSWORD,
	    .flags = WEB_REQUIRED | WEB_AGAIN },
	{ 0 },
};

static const struct web_field number_fields[] = { SELF, NUMBER, { 0 } };

static const struct web_field encrypt_fields[] = {
	SELF,
	{ .name = "on", .kind = WEB_HIDDEN, .flags = WEB_REQUIRED },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "issue",
	    .op = "smime issue",
	    .fields = issue_fields,
	    .submit = "Request certificate",
	    .done = "You have a new certificate. Mail can be encrypted for you from now on." },
	{ .name = "import",
	    .op = "smime import",
	    .fields = import_fields,
	    .submit = "Import",
	    .done = "The certificate was imported." },
	{ .name = "export",
	    .op = "smime export",
	    .fields = export_fields,
	    .submit = "Download .p12",
	    .give = "pkcs12",
	    .file = "certificate.p12" },
	{ .name = "secret",
	    .op = "smime secret",
	    .fields = secret_fields,
	    .submit = "Change secret",
	    .done = "Your keys are locked with the new secret." },
	{ .name = "remove",
	    .op = "smime remove",
	    .fields = number_fields,
	    .submit = "Remove",
	    .danger = true,
	    .ask = "Remove certificate {number} and its private key?",
	    .warn = "Mail that was encrypted for it can then be read only by who has the key "
		    "elsewhere. Download it before.",
	    .done = "Certificate and key were removed." },
	{ .name = "encrypt",
	    .op = "rule encrypt",
	    .fields = encrypt_fields,
	    .submit = "Store Encrypted",
	    .done = "Saved." },
	{ 0 },
};

/* --- what is shown --- */

/* Those whose private key is here can be taken away. */
static json_t *with_key(struct web *web)
{
	const json_t *answer = json_object_get(web->model, "smime");
	json_t *choices = json_array(), *row;
	size_t i;

	json_array_foreach(json_object_get(answer, "rows"), i, row)
	{
		const char *till = json_string_value(json_object_get(row, "till"));
		json_int_t number = json_integer_value(json_object_get(row, "number"));
		if (json_is_true(json_object_get(row, "private-key")))
			json_array_append_new(choices,
			    json_pack("{s:o, s:o}", "value",
				json_sprintf("%lld", (long long)number), "label",
				json_sprintf("number %lld, till %.10s", (long long)number,
				    till ? till : "?")));
	}
	return choices;
}

static int load(struct web *web)
{
	web_try(web, "smime", "smime show", web_self(web));
	web_try(web, "encrypted", "rule encrypted", web_self(web));
	json_t *choices = with_key(web);
	json_object_set_new(web->model, "keys", json_boolean(json_array_size(choices) > 0));
	web_choices(web, "export", "number", choices);
	return 0;
}

WEB_RUN(my_smime)

HTTP_ROUTE(web_my_smime) = {
	.path = "/portal/smime",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_USER,
	.body_max = 1 << 20,
	.run = run,
};

WEB_PAGE(my_smime) = {
	.route = &http_route_web_my_smime,
	.title = "S/MIME",
	.template = "my_smime",
	.group = WEB_YOU,
	.place = 10,
	.load = load,
	.actions = actions,
};

/* --- a certificate to give to others --- */

static int run_certificate(struct http_req *req)
{
	const char *number = http_param(req, "number");
	json_t *args = json_pack("{s:s, s:s}", "address", http_caller(req)->name, "number", number);
	const json_t *answer = http_op(req, "smime certificate", args);
	const json_t *pem = json_object_get(answer, "certificate");

	if (!pem)
		return http_error(req, 404, "There is no such certificate.");
	return web_give(req, pem, pool_printf(http_pool(req), "%s.pem", http_caller(req)->name));
}

HTTP_ROUTE(web_my_certificate) = {
	.path = "/portal/smime/:number",
	.methods = HTTP_GET,
	.who = HTTP_USER,
	.run = run_certificate,
};
