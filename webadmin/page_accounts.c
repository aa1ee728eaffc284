/* page_accounts.c - the accounts of a domain, and a new one */
#include "webadmin/web.h"

static const struct web_choice roles[] = {
	{ "user", "User: the own mail" },
	{ "domain-admin", "Domain admin: this domain" },
	{ "server-admin", "Server admin: everything" },
	{ 0 },
};

static const struct web_field fields[] = {
	{ .name = "address", .kind = WEB_MADE, .example = "{local}@{domain}" },
	{ .name = "local",
	    .label = "Name",
	    .help = "What stands before @{domain}.",
	    .flags = WEB_REQUIRED | WEB_LOCAL,
	    .example = "ann" },
	{ .name = "password",
	    .label = "Password",
	    .kind = WEB_PASSWORD,
	    .flags = WEB_REQUIRED | WEB_NEW },
	{ .name = "again",
	    .label = "Password, once more",
	    .kind = WEB_PASSWORD,
	    .flags = WEB_REQUIRED | WEB_AGAIN },
	{ .name = "quota",
	    .label = "Quota",
	    .help = "Most bytes of mail that it may keep, like 500M or 2G.",
	    .example = "2G" },
	{ .name = "role", .label = "Role", .kind = WEB_CHOICE, .choices = roles },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "add",
	    .op = "account add",
	    .fields = fields,
	    .legend = "New account",
	    .submit = "Add account",
	    .done = "{local}@{domain} was added." },
	{ 0 },
};

static int load(struct web *web)
{
	if (web_need(web, "domain", "domain show", web_arg(web, "name", "domain")) != 0)
		return -1;
	return web_rows(web, "accounts", "account list", web_arg(web, "domain", "domain"));
}

WEB_RUN(accounts)

HTTP_ROUTE(web_accounts) = {
	.path = "/admin/domain/:domain/accounts",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_DOMAIN_ADMIN,
	.run = run,
};

WEB_PAGE(accounts) = {
	.route = &http_route_web_accounts,
	.title = "Accounts",
	.template = "accounts",
	.group = WEB_DOMAIN,
	.place = 10,
	.load = load,
	.actions = actions,
};
