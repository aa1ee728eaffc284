/* page_domain.c - one domain: its names, where lost mail goes, its addresses */
#include "webadmin/web.h"

#define NAME                                                                                       \
	{                                                                                          \
		.name = "name", .kind = WEB_PARAM, .from = "domain"                                \
	}

static const struct web_field name_fields[] = { NAME, { 0 } };

static const struct web_field catch_all_fields[] = {
	NAME,
	{ .name = "address",
	    .label = "Mail for unknown names goes to",
	    .help = "Leave it empty, and such mail is refused.",
	    .example = "postmaster@example.org" },
	{ 0 },
};

static const struct web_field address_fields[] = {
	NAME,
	{ .name = "address",
	    .label = "IP addresses",
	    .help = "Clients that connect to one of them and name no domain are shown this "
		    "domain's certificate.",
	    .example = "192.0.2.1 2001:db8::1",
	    .flags = WEB_WORDS },
	{ 0 },
};

static const struct web_field alias_fields[] = {
	{ .name = "domain", .kind = WEB_PARAM, .from = "domain" },
	{ .name = "name",
	    .label = "A further name",
	    .help = "All addresses are reached under it, too.",
	    .flags = WEB_REQUIRED,
	    .example = "example.net" },
	{ 0 },
};

static const struct web_field unalias_fields[] = {
	{ .name = "name", .kind = WEB_HIDDEN, .flags = WEB_REQUIRED },
	{ 0 },
};

static const struct web_field rename_fields[] = {
	NAME,
	{ .name = "to",
	    .label = "New name",
	    .help = "Accounts and mail come along; whoever is logged in has to do it again. Key "
		    "and certificate stay as they are.",
	    .flags = WEB_REQUIRED,
	    .example = "example.net" },
	{ .name = "keep-alias", .kind = WEB_CHECK, .label = "The old name stays, as an alias" },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "catch-all",
	    .op = "domain catch-all",
	    .fields = catch_all_fields,
	    .submit = "Save",
	    .done = "Saved." },
	{ .name = "addresses",
	    .op = "domain address",
	    .fields = address_fields,
	    .submit = "Save",
	    .done = "Saved." },
	{ .name = "alias",
	    .op = "domain-alias add",
	    .fields = alias_fields,
	    .submit = "Add name",
	    .done = "{name} stands for this domain now." },
	{ .name = "unalias",
	    .op = "domain-alias remove",
	    .fields = unalias_fields,
	    .submit = "Remove",
	    .done = "{name} was removed." },
	{ .name = "main",
	    .op = "domain main",
	    .fields = name_fields,
	    .submit = "Make it the main domain",
	    .done = "{domain} is the main domain now." },
	{ .name = "rename",
	    .op = "domain rename",
	    .fields = rename_fields,
	    .submit = "Rename",
	    .ask = "Rename {domain} to {to}?",
	    .warn = "All its addresses change. Whoever is logged in has to do it again.",
	    .done = "The domain is called {to} now.",
	    .then = "/admin/domain/:to" },
	{ .name = "remove",
	    .op = "domain remove",
	    .fields = name_fields,
	    .submit = "Remove this domain",
	    .danger = true,
	    .ask = "Remove {domain}?",
	    .warn =
		"Its aliases, settings, key and certificate go with it. A domain that still has "
		"accounts cannot be removed.",
	    .done = "{domain} is hosted here no longer.",
	    .then = "/admin/domains" },
	{ 0 },
};

/* The names stand in one text, parted by blanks. */
static void split_aliases(struct web *web, json_t *domain)
{
	struct slice rest = slice_str(json_string_value(json_object_get(domain, "aliases")));
	json_t *names = json_array();

	while (rest.n > 0) {
		struct slice name = slice_word(&rest);
		if (name.n > 0)
			json_array_append_new(
			    names, json_pack("{s:s}", "name", pool_str(http_pool(web->req), name)));
	}
	json_object_set_new(domain, "names", names);
}

static int load(struct web *web)
{
	if (web_need(web, "domain", "domain show", web_arg(web, "name", "domain")) != 0)
		return -1;
	json_t *domain = json_object_get(web->model, "domain");
	split_aliases(web, domain);
	web_default(web, "catch-all", "address", json_incref(json_object_get(domain, "catch-all")));
	web_default(web, "addresses", "address", json_incref(json_object_get(domain, "addresses")));
	web_try(web, "pki", "pki show", web_arg(web, "domain", "domain"));
	web_try(web, "accounts", "account list", web_arg(web, "domain", "domain"));
	json_t *accounts = json_object_get(web->model, "accounts");
	json_object_set_new(accounts, "n",
	    json_integer((json_int_t)json_array_size(json_object_get(accounts, "rows"))));
	return 0;
}

WEB_RUN(domain)

HTTP_ROUTE(web_domain) = {
	.path = "/admin/domain/:domain",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_DOMAIN_ADMIN,
	.run = run,
};

extern const struct web_page web_page_domains;

WEB_PAGE(domain) = {
	.route = &http_route_web_domain,
	.title = "{domain}",
	.template = "domain",
	.group = WEB_DOMAIN,
	.place = 0,
	.under = &web_page_domains,
	.load = load,
	.actions = actions,
};
