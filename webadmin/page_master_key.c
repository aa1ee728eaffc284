/* page_master_key.c - the key that all private keys are sealed under: changed, and kept */
#include "webadmin/web.h"

static const struct web_field no_fields[] = { { 0 } };

static const struct web_field protect_fields[] = {
	{ .name = "passphrase",
	    .label = "Passphrase",
	    .help = "It is asked for at each start. Whoever loses it loses all private keys.",
	    .kind = WEB_PASSWORD,
	    .flags = WEB_REQUIRED | WEB_NEW },
	{ .name = "again",
	    .label = "The passphrase, once more",
	    .kind = WEB_PASSWORD,
	    .flags = WEB_REQUIRED | WEB_AGAIN },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "rotate",
	    .op = "master-key rotate",
	    .fields = no_fields,
	    .submit = "Change the master key",
	    .ask = "Make another master key?",
	    .warn =
		"All private keys are sealed anew under it, in the background. A backup of before "
		"needs the key of before, which it contains.",
	    .done = "Keys are being sealed anew." },
	{ .name = "protect",
	    .op = "master-key protect",
	    .fields = protect_fields,
	    .submit = "Keep it under this passphrase",
	    .done = "The passphrase is needed at the next start." },
	{ .name = "unprotect",
	    .op = "master-key unprotect",
	    .fields = no_fields,
	    .submit = "Keep it without a passphrase",
	    .danger = true,
	    .ask = "Keep the master key without a passphrase?",
	    .warn = "Whoever reads the disk can then open all private keys.",
	    .done = "No passphrase is asked for any more." },
	{ 0 },
};

static int load(struct web *web)
{
	if (web_need(web, "key", "master-key show", NULL) != 0)
		return -1;
	const char *kept =
	    json_string_value(json_object_get(json_object_get(web->model, "key"), "kept"));
	json_object_set_new(web->model, "locked", json_boolean(kept && strstr(kept, "passphrase")));
	json_object_set_new(
	    web->model, "credential", json_boolean(kept && strcmp(kept, "credential") == 0));
	return 0;
}

WEB_RUN(master_key)

HTTP_ROUTE(web_master_key) = {
	.path = "/admin/security/master-key",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.run = run,
};

WEB_PAGE(master_key) = {
	.route = &http_route_web_master_key,
	.title = "Master key",
	.template = "master_key",
	.about = "What all private keys on the disk are sealed under.",
	.group = WEB_SERVER_SECURITY,
	.place = 70,
	.load = load,
	.actions = actions,
};
