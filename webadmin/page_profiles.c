/* page_profiles.c - named certificates of the server's own (E-012): the list */
#include "webadmin/profiles.h"
#include "webadmin/subject.h"

static const struct web_choice kinds[] = {
	{ "P-256", "EC P-256" },
	{ "P-384", "EC P-384" },
	{ "RSA-2048", "RSA 2048 bit" },
	{ "RSA-3072", "RSA 3072 bit" },
	{ "RSA-4096", "RSA 4096 bit" },
	{ 0 },
};

/* E-013 */
static const struct web_field add_fields[] = {
	{ .name = "profile",
	    .label = "Name of the profile",
	    .flags = WEB_REQUIRED,
	    .help = "Letters, digits, - and _.",
	    .example = "mx" },
	{ .name = "cn",
	    .label = "Common Name",
	    .help =
		"The host name that others use: that of the listener, which the MX record names, "
		"or that from which mail is delivered.",
	    .example = "mx.example.org" },
	{ .name = "type", .label = "Key", .kind = WEB_CHOICE, .choices = kinds },
	WEB_SUBJECT_FIELDS,
	{ 0 },
};

static const struct web_field import_fields[] = {
	{ .name = "profile",
	    .label = "Name of the profile",
	    .flags = WEB_REQUIRED,
	    .help = "One that is not there is made.",
	    .example = "mx" },
	WEB_IDENTITY_FIELDS,
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "add",
	    .op = "profile add",
	    .fields = add_fields,
	    .submit = "Create Self-Signed",
	    .done = "Profile {profile} was made.",
	    .then = "/admin/security/profiles/:profile" },
	{ .name = "import",
	    .op = "profile import",
	    .fields = import_fields,
	    .submit = "Import",
	    .done = "Profile {profile} was imported.",
	    .then = "/admin/security/profiles/:profile" },
	{ 0 },
};

/* E-013: the host that listens, and the one that mail is delivered from. */
static void propose_names(struct web *web)
{
	const json_t *helo = web_op(web, "setting get", json_pack("{s:s}", "name", "relay.helo"));
	const char *names[] = {
		json_string_value(json_object_get(json_object_get(web->model, "profiles"), "host")),
		json_string_value(json_object_get(helo, "value")),
	};
	json_t *choices = json_array();

	for (size_t i = 0; i < 2; i++)
		if (names[i] && *names[i])
			web_add_name(choices, names[i]);
	web_choices(web, "add", "cn", choices);
	if (names[0])
		web_default(web, "add", "cn", json_string(names[0]));
}

static int load(struct web *web)
{
	if (web_rows(web, "profiles", "profile list", NULL) != 0)
		return -1;
	web_subject_defaults(web, "add", add_fields, NULL);
	propose_names(web);
	web_pending(web);
	return 0;
}

WEB_RUN(profiles)

HTTP_ROUTE(web_profiles) = {
	.path = "/admin/security/profiles",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.body_max = WEB_PEM_MAX,
	.run = run,
};

WEB_PAGE(profiles) = {
	.route = &http_route_web_profiles,
	.title = "Certificates",
	.template = "profiles",
	.about = "Named certificates of the server's own, for listeners, outgoing mail and LDAP.",
	.group = WEB_SERVER_SECURITY,
	.place = 20,
	.load = load,
	.actions = actions,
};
