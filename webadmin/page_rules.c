/* page_rules.c - rules in Sieve: of the server, of a domain, of who is logged in
 *
 * The three pages differ in whose rules they show: a part of the path, the
 * caller, or nobody. */
#include "webadmin/web.h"

#define DOMAIN                                                                                     \
	{                                                                                          \
		.name = "domain", .kind = WEB_PARAM, .from = "domain"                              \
	}
#define MINE                                                                                       \
	{                                                                                          \
		.name = "account", .kind = WEB_SELF                                                \
	}
#define NAME                                                                                       \
	{                                                                                          \
		.name = "name", .kind = WEB_HIDDEN, .flags = WEB_REQUIRED                          \
	}
#define SCRIPT                                                                                     \
	{ .name = "name", .label = "Name", .flags = WEB_REQUIRED, .example = "main" },             \
	    { .name = "script",                                                                    \
		    .label = "Script",                                                             \
		    .help = "Sieve, RFC 5228. It is stored only when it is right.",                \
		    .kind = WEB_AREA,                                                              \
		    .example = "if header :contains \"List-Id\" \"sailing\" { ... }",              \
		    .flags = WEB_REQUIRED | WEB_CODE },                                            \
	{                                                                                          \
		.name = "activate", .label = "Make it the active one", .kind = WEB_CHECK           \
	}

#define ACTIONS(set, check, pick, whose)                                                           \
	{ .name = "set",                                                                           \
		.op = "rule set",                                                                  \
		.fields = set,                                                                     \
		.submit = "Save",                                                                  \
		.done = "{name} was saved." },                                                     \
	    { .name = "check",                                                                     \
		    .op = "rule check",                                                            \
		    .fields = check,                                                               \
		    .form = "set",                                                                 \
		    .submit = "Check",                                                             \
		    .show = "checked" },                                                           \
	    { .name = "activate",                                                                  \
		    .op = "rule activate",                                                         \
		    .fields = pick,                                                                \
		    .submit = "Activate",                                                          \
		    .done = "{name} is active now." },                                             \
	    { .name = "off",                                                                       \
		    .op = "rule activate",                                                         \
		    .fields = whose,                                                               \
		    .submit = "Deactivate",                                                        \
		    .done = "No script is active now." },                                          \
	    { .name = "remove",                                                                    \
		    .op = "rule remove",                                                           \
		    .fields = pick,                                                                \
		    .submit = "Remove",                                                            \
		    .danger = true,                                                                \
		    .ask = "Remove the script {name}?",                                            \
		    .warn = "Its text is gone then.",                                              \
		    .done = "{name} was removed." },                                               \
	{                                                                                          \
		0                                                                                  \
	}

static const struct web_field check_fields[] = {
	{ .name = "script", .kind = WEB_AREA, .flags = WEB_REQUIRED },
	{ 0 },
};

/* Without a domain in the path the parameter is left out: the server's. */
static const struct web_field set_fields[] = { DOMAIN, SCRIPT, { 0 } };
static const struct web_field pick_fields[] = { DOMAIN, NAME, { 0 } };
static const struct web_field whose_fields[] = { DOMAIN, { 0 } };
static const struct web_action actions[] = { ACTIONS(
    set_fields, check_fields, pick_fields, whose_fields) };

static const struct web_field my_set_fields[] = { MINE, SCRIPT, { 0 } };
static const struct web_field my_pick_fields[] = { MINE, NAME, { 0 } };
static const struct web_field my_fields[] = { MINE, { 0 } };
static const struct web_action my_actions[] = { ACTIONS(
    my_set_fields, check_fields, my_pick_fields, my_fields) };

/* --- what is shown --- */

static json_t *whose(struct web *web)
{
	if (web->page->group == WEB_YOU)
		return json_pack("{s:s}", "account", http_caller(web->req)->name);
	return http_param(web->req, "domain") ? web_arg(web, "domain", "domain") : json_object();
}

/* The script that ?script= names is put into the form. */
static void open_script(struct web *web)
{
	const char *name = http_query(web->req, "script");
	json_t *args = whose(web);

	if (!name || http_method(web->req) != HTTP_GET) {
		json_decref(args);
		return;
	}
	json_object_set_new(args, "name", json_string(name));
	if (!web_try(web, "opened", "rule show", args))
		return;
	const json_t *opened = json_object_get(web->model, "opened");
	web_default(web, "set", "name", json_incref(json_object_get(opened, "name")));
	web_default(web, "set", "script", json_incref(json_object_get(opened, "script")));
	if (json_is_true(json_object_get(opened, "active")))
		web_default(web, "set", "activate", json_string("on"));
}

static int load(struct web *web)
{
	if (web_need(web, "rules", "rule list", whose(web)) != 0)
		return -1;
	open_script(web);
	if (web->page->group == WEB_YOU)
		web_try(web, "faults", "rule faults", web_self(web));
	return 0;
}

/* --- three pages --- */

extern const struct web_page web_page_domain_rules, web_page_my_rules;

WEB_RUN(rules)

static int run_domain(struct http_req *req)
{
	return web_run(req, &web_page_domain_rules);
}

static int run_mine(struct http_req *req)
{
	return web_run(req, &web_page_my_rules);
}

HTTP_ROUTE(web_rules) = {
	.path = "/admin/rules",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.body_max = 256 << 10,
	.run = run,
};

HTTP_ROUTE(web_domain_rules) = {
	.path = "/admin/domain/:domain/rules",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_DOMAIN_ADMIN,
	.body_max = 256 << 10,
	.run = run_domain,
};

HTTP_ROUTE(web_my_rules) = {
	.path = "/portal/rules",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_USER,
	.body_max = 256 << 10,
	.run = run_mine,
};

WEB_PAGE(rules) = {
	.route = &http_route_web_rules,
	.title = "Rules",
	.template = "rules",
	.group = WEB_SERVER,
	.place = 40,
	.load = load,
	.actions = actions,
};

WEB_PAGE(domain_rules) = {
	.route = &http_route_web_domain_rules,
	.title = "Rules",
	.template = "rules",
	.group = WEB_DOMAIN,
	.place = 40,
	.load = load,
	.actions = actions,
};

WEB_PAGE(my_rules) = {
	.route = &http_route_web_my_rules,
	.title = "Rules",
	.template = "rules",
	.group = WEB_YOU,
	.place = 20,
	.load = load,
	.actions = my_actions,
};
