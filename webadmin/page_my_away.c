/* page_my_away.c - forward one's mail, and have it answered */
#include "webadmin/web.h"

static const struct web_field forward_fields[] = {
	{ .name = "address", .kind = WEB_SELF },
	{ .name = "to",
	    .label = "Forward to",
	    .help = "One or more addresses, with blanks between them. Empty: nowhere.",
	    .flags = WEB_WORDS | WEB_EMPTY,
	    .example = "ann@example.org" },
	{ .name = "keep", .label = "Keep a copy here", .kind = WEB_CHECK },
	{ 0 },
};

static const struct web_field vacation_fields[] = {
	{ .name = "address", .kind = WEB_SELF },
	{ .name = "on", .label = "Answer mail", .kind = WEB_CHECK },
	{ .name = "text",
	    .label = "Text",
	    .help = "Everybody gets it once in a while; lists and machines never do.",
	    .kind = WEB_AREA,
	    .flags = WEB_EMPTY },
	{ .name = "subject",
	    .label = "Subject",
	    .help = "Empty: \"Auto:\" and that of the message.",
	    .flags = WEB_EMPTY },
	{ .name = "from",
	    .label = "First day",
	    .help = "Empty: from now on.",
	    .example = "2026-12-24",
	    .flags = WEB_EMPTY },
	{ .name = "until",
	    .label = "Last day",
	    .help = "Empty: without end.",
	    .example = "2026-12-31",
	    .flags = WEB_EMPTY },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "forward",
	    .op = "account forward",
	    .fields = forward_fields,
	    .legend = "Forward",
	    .submit = "Save",
	    .done = "It is done with mail that comes from now on." },
	{ .name = "vacation",
	    .op = "account vacation",
	    .fields = vacation_fields,
	    .legend = "While you are away",
	    .submit = "Save",
	    .done = "It is done with mail that comes from now on." },
	{ 0 },
};

static void show(struct web *web, const char *action, const char *field, const char *member)
{
	const json_t *value = json_object_get(json_object_get(web->model, "away"), member);

	web_default(web, action, field, json_deep_copy(value));
}

static int load(struct web *web)
{
	if (web_need(web, "away", "account away", web_self(web)) != 0)
		return -1;
	show(web, "forward", "to", "forward");
	show(web, "forward", "keep", "keep");
	show(web, "vacation", "on", "vacation");
	show(web, "vacation", "text", "text");
	show(web, "vacation", "subject", "subject");
	show(web, "vacation", "from", "from");
	show(web, "vacation", "until", "until");
	return 0;
}

WEB_RUN(my_away)

HTTP_ROUTE(web_my_away) = {
	.path = "/portal/away",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_USER,
	.run = run,
};

WEB_PAGE(my_away) = {
	.route = &http_route_web_my_away,
	.title = "Forward and answer",
	.template = "my_away",
	.group = WEB_YOU,
	.place = 25,
	.load = load,
	.actions = actions,
};
