/* page_grants.c - what others may do with one's mailboxes */
#include "webadmin/web.h"

static const struct web_choice rights[] = {
	{ "read", "read it" },
	{ "write", "read it, change marks, put messages in, take them out" },
	{ "i", "file mail into it by rules, and not read it" },
	{ "all", "everything, other people's rights too" },
	{ 0 },
};

static const struct web_field set_fields[] = {
	{ .name = "address", .kind = WEB_SELF },
	{ .name = "mailbox", .label = "Mailbox", .kind = WEB_CHOICE },
	{ .name = "who",
	    .label = "For",
	    .help = "An account, @domain for all of its accounts, or anyone.",
	    .flags = WEB_REQUIRED,
	    .example = "bob@example.org" },
	{ .name = "rights", .label = "May", .kind = WEB_CHOICE, .choices = rights },
	{ 0 },
};

static const struct web_field take_fields[] = {
	{ .name = "address", .kind = WEB_SELF },
	{ .name = "mailbox", .kind = WEB_HIDDEN, .flags = WEB_REQUIRED },
	{ .name = "who", .kind = WEB_HIDDEN, .flags = WEB_REQUIRED },
	{ .name = "rights", .kind = WEB_HIDDEN, .flags = WEB_REQUIRED },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "grant",
	    .op = "mailbox acl-set",
	    .fields = set_fields,
	    .legend = "Share a mailbox",
	    .submit = "Share",
	    .done = "{mailbox} is shared with {who} now." },
	{ .name = "take",
	    .op = "mailbox acl-set",
	    .fields = take_fields,
	    .submit = "Take away",
	    .done = "{mailbox} is no longer shared with {who}." },
	{ 0 },
};

static json_t *mailboxes(struct web *web)
{
	const json_t *answer = json_object_get(web->model, "mailboxes");
	json_t *choices = json_array(), *row;
	size_t i;

	json_array_foreach(json_object_get(answer, "rows"), i, row)
	{
		const char *name = json_string_value(json_object_get(row, "mailbox"));
		json_array_append_new(
		    choices, json_pack("{s:s, s:s}", "value", name, "label", name));
	}
	return choices;
}

static int load(struct web *web)
{
	web_try(web, "mailboxes", "mailbox list", web_self(web));
	web_try(web, "acl", "mailbox acl", web_self(web));
	web_choices(web, "grant", "mailbox", mailboxes(web));
	return 0;
}

WEB_RUN(grants)

HTTP_ROUTE(web_grants) = {
	.path = "/portal/mailboxes",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_USER,
	.run = run,
};

WEB_PAGE(grants) = {
	.route = &http_route_web_grants,
	.title = "Sharing",
	.template = "grants",
	.group = WEB_YOU,
	.place = 30,
	.load = load,
	.actions = actions,
};
