/* page_groups.c - distribution lists of a domain, and the members of one */
#include "webadmin/web.h"

static const struct web_choice senders[] = {
	{ "anyone", "Anyone" },
	{ "members", "Members" },
	{ "domain", "Users of this domain" },
	{ 0 },
};

/* --- all of them --- */

static const struct web_field add_fields[] = {
	{ .name = "name", .kind = WEB_MADE, .example = "{local}@{domain}" },
	{ .name = "local",
	    .label = "Group",
	    .help = "What stands before @{domain}.",
	    .flags = WEB_REQUIRED | WEB_LOCAL,
	    .example = "staff" },
	{ .name = "member",
	    .label = "Members",
	    .help = "Addresses, here or elsewhere, with blanks or line ends between them.",
	    .kind = WEB_AREA,
	    .flags = WEB_WORDS },
	{ .name = "from", .label = "Who may send", .kind = WEB_CHOICE, .choices = senders },
	{ 0 },
};

static const struct web_field remove_fields[] = {
	{ .name = "name", .kind = WEB_HIDDEN, .flags = WEB_REQUIRED },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "add",
	    .op = "group add",
	    .fields = add_fields,
	    .legend = "New group",
	    .submit = "Add group",
	    .done = "{local}@{domain} was added." },
	{ .name = "remove",
	    .op = "group remove",
	    .fields = remove_fields,
	    .submit = "Remove",
	    .ask = "Remove the group {name}?",
	    .warn = "Mail for it will be refused. Its members stay what they are.",
	    .done = "{name} was removed." },
	{ 0 },
};

static int load(struct web *web)
{
	if (web_need(web, "domain", "domain show", web_arg(web, "name", "domain")) != 0)
		return -1;
	return web_rows(web, "groups", "group list", web_arg(web, "domain", "domain"));
}

WEB_RUN(groups)

HTTP_ROUTE(web_groups) = {
	.path = "/admin/domain/:domain/groups",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_DOMAIN_ADMIN,
	.run = run,
};

WEB_PAGE(groups) = {
	.route = &http_route_web_groups,
	.title = "Groups",
	.template = "groups",
	.group = WEB_DOMAIN,
	.place = 22,
	.load = load,
	.actions = actions,
};

/* --- one --- */

static const struct web_field member_fields[] = {
	{ .name = "name", .kind = WEB_PARAM, .from = "group" },
	{ .name = "member",
	    .label = "Addresses",
	    .kind = WEB_AREA,
	    .flags = WEB_REQUIRED | WEB_WORDS },
	{ 0 },
};

static const struct web_field leave_fields[] = {
	{ .name = "name", .kind = WEB_PARAM, .from = "group" },
	{ .name = "member", .kind = WEB_HIDDEN, .flags = WEB_REQUIRED | WEB_WORDS },
	{ 0 },
};

static const struct web_action group_actions[] = {
	{ .name = "join",
	    .op = "group join",
	    .fields = member_fields,
	    .legend = "New members",
	    .submit = "Add",
	    .done = "They were added." },
	{ .name = "leave",
	    .op = "group leave",
	    .fields = leave_fields,
	    .submit = "Take out",
	    .done = "{member} is no member any more." },
	{ 0 },
};

static int load_group(struct web *web)
{
	static const struct web_cursor cursor = { "after", "member" };

	return web_rows_after(
	    web, "members", "group members", web_arg(web, "name", "group"), &cursor);
}

extern const struct web_page web_page_group;

static int run_group(struct http_req *req)
{
	return web_run(req, &web_page_group);
}

HTTP_ROUTE(web_group) = {
	.path = "/admin/domain/:domain/groups/:group",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_DOMAIN_ADMIN,
	.run = run_group,
};

WEB_PAGE(group) = {
	.route = &http_route_web_group,
	.title = "{group}",
	.template = "group",
	.load = load_group,
	.actions = group_actions,
};
