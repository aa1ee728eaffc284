/* page_ldap.c - the LDAP directory that knows a domain's users */
#include "webadmin/web.h"

#define DOMAIN                                                                                     \
	{                                                                                          \
		.name = "domain", .kind = WEB_PARAM, .from = "domain"                              \
	}

static const struct web_field domain_fields[] = { DOMAIN, { 0 } };

static const struct web_field set_fields[] = {
	DOMAIN,
	{ .name = "url",
	    .label = "Server",
	    .help =
		"ldaps:// is implicit TLS, ldap:// goes on with STARTTLS. Nothing is said in the "
		"clear.",
	    .example = "ldaps://ldap.example.org",
	    .flags = WEB_REQUIRED },
	{ .name = "base",
	    .label = "Users are below",
	    .example = "ou=people,dc=example,dc=org",
	    .flags = WEB_REQUIRED },
	{ .name = "filter",
	    .label = "Which entry is the user's",
	    .help = "%u stands for the user, %d for the domain, %a for the address.",
	    .example = "(&(objectClass=inetOrgPerson)(mail=%a))",
	    .flags = WEB_CODE },
	{ .name = "bind-dn",
	    .label = "Who asks",
	    .help = "A DN. Without one the directory is asked by nobody in particular.",
	    .example = "cn=mail,dc=example,dc=org",
	    .flags = WEB_EMPTY },
	{ .name = "password",
	    .label = "Password of who asks",
	    .help = "Empty: it stays as it is.",
	    .kind = WEB_PASSWORD },
	{ .name = "attributes", .label = "Attributes that a try shows", .example = "cn mail" },
	{ 0 },
};

static const struct web_field test_fields[] = {
	DOMAIN,
	{ .name = "user", .label = "User", .flags = WEB_REQUIRED, .example = "ann" },
	{ .name = "password",
	    .label = "Is this the password?",
	    .help = "Empty: it is only looked for.",
	    .kind = WEB_PASSWORD },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "set",
	    .op = "ldap set",
	    .fields = set_fields,
	    .submit = "Save",
	    .done = "Saved. Try it with a user." },
	{ .name = "test",
	    .op = "ldap test",
	    .fields = test_fields,
	    .submit = "Ask the directory",
	    .show = "tried" },
	{ .name = "remove",
	    .op = "ldap remove",
	    .fields = domain_fields,
	    .submit = "Ask no directory",
	    .danger = true,
	    .ask = "Ask no LDAP directory for the users of {domain} any more?",
	    .warn = "Accounts and their mail stay. Those without a password here let nobody in.",
	    .done = "No directory is asked any more." },
	{ 0 },
};

static int load(struct web *web)
{
	if (web_need(web, "domain", "domain show", web_arg(web, "name", "domain")) != 0)
		return -1;
	bool found = web_try(web, "ldap", "ldap show", web_arg(web, "domain", "domain"));
	const json_t *ldap = json_object_get(web->model, "ldap");
	for (const struct web_field *f = set_fields; found && f->name; f++) {
		json_t *value = json_object_get(ldap, f->name);
		if (value)
			web_default(web, "set", f->name, json_incref(value));
	}
	return 0;
}

WEB_RUN(ldap)

HTTP_ROUTE(web_ldap) = {
	.path = "/admin/domain/:domain/security/ldap",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_DOMAIN_ADMIN,
	.run = run,
};

WEB_PAGE(ldap) = {
	.route = &http_route_web_ldap,
	.title = "LDAP",
	.template = "ldap",
	.about = "A directory that knows the users of this domain and their passwords.",
	.group = WEB_DOMAIN_SECURITY,
	.place = 60,
	.load = load,
	.actions = actions,
};
