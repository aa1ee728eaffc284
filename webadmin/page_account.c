/* page_account.c - one account, as its admins see it */
#include "webadmin/web.h"

#define ADDRESS                                                                                    \
	{                                                                                          \
		.name = "address", .kind = WEB_PARAM, .from = "account"                            \
	}

static const struct web_choice roles[] = {
	{ "user", "User: the own mail" },
	{ "domain-admin", "Domain admin: this domain" },
	{ "server-admin", "Server admin: everything" },
	{ 0 },
};

static const struct web_field address_fields[] = { ADDRESS, { 0 } };

static const struct web_field password_fields[] = {
	ADDRESS,
	{ .name = "password",
	    .label = "New password",
	    .help = "All of the account's sessions are ended.",
	    .kind = WEB_PASSWORD,
	    .flags = WEB_REQUIRED | WEB_NEW },
	{ .name = "again",
	    .label = "New password, once more",
	    .kind = WEB_PASSWORD,
	    .flags = WEB_REQUIRED | WEB_AGAIN },
	{ 0 },
};

static const struct web_field quota_fields[] = {
	ADDRESS,
	{ .name = "quota",
	    .label = "Quota",
	    .help = "Most bytes of mail that it may keep, like 500M or 2G; 0 is no bound.",
	    .flags = WEB_REQUIRED },
	{ 0 },
};

static const struct web_field role_fields[] = {
	ADDRESS,
	{ .name = "role", .label = "Role", .kind = WEB_CHOICE, .choices = roles },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "password",
	    .op = "account password",
	    .fields = password_fields,
	    .legend = "Password",
	    .submit = "Set password",
	    .done = "{account} has a new password." },
	{ .name = "quota",
	    .op = "account quota",
	    .fields = quota_fields,
	    .submit = "Save quota",
	    .done = "Saved." },
	{ .name = "role",
	    .op = "account role",
	    .fields = role_fields,
	    .submit = "Save role",
	    .done = "Saved." },
	{ .name = "suspend",
	    .op = "account suspend",
	    .fields = address_fields,
	    .submit = "Suspend",
	    .done = "Nobody gets into {account} now. It still takes mail." },
	{ .name = "resume",
	    .op = "account resume",
	    .fields = address_fields,
	    .submit = "Let in again",
	    .done = "{account} may log in again." },
	{ .name = "index",
	    .op = "index rebuild",
	    .fields = address_fields,
	    .submit = "Make the search index anew",
	    .done = "The search index of {account} was made anew." },
	{ .name = "remove",
	    .op = "account remove",
	    .fields = address_fields,
	    .submit = "Remove the account",
	    .danger = true,
	    .ask = "Remove {account} and all its mail?",
	    .warn = "This cannot be undone.",
	    .done = "{account} was removed.",
	    .then = "/admin/domain/:domain/accounts" },
	{ 0 },
};

/* As it is typed: 2147483648 is 2G. */
static json_t *size_text(json_int_t n)
{
	static const char units[] = "kMGT";
	int i = -1;

	for (; n > 0 && n % 1024 == 0 && i < 3; i++)
		n /= 1024;
	return i < 0 ? json_integer(n) : json_sprintf("%lld%c", (long long)n, units[i]);
}

/* One's own password is changed where the old one is asked for. */
static int load(struct web *web)
{
	if (web_need(web, "account", "account show", web_arg(web, "address", "account")) != 0)
		return -1;
	json_t *account = json_object_get(web->model, "account");
	const char *address = json_string_value(json_object_get(account, "address"));
	json_object_set_new(account, "own",
	    json_boolean(address && strcmp(address, http_caller(web->req)->name) == 0));
	web_try(web, "search", "index show", web_arg(web, "address", "account"));
	web_default(web, "quota", "quota",
	    size_text(json_integer_value(json_object_get(account, "quota"))));
	web_default(web, "role", "role", json_incref(json_object_get(account, "role")));
	return 0;
}

WEB_RUN(account)

HTTP_ROUTE(web_account) = {
	.path = "/admin/domain/:domain/accounts/:account",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_DOMAIN_ADMIN,
	.run = run,
};

WEB_PAGE(account) = {
	.route = &http_route_web_account,
	.title = "{account}",
	.template = "account",
	.load = load,
	.actions = actions,
};
