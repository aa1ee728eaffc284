/* page_policy.c - a mail flow policy and all that can be set for it */
#include "webadmin/settings.h"

static const struct web_choice behaviours[] = {
	{ "accept", "accept" },
	{ "relay", "relay" },
	{ "reject", "reject" },
	{ "tcprefuse", "tcprefuse" },
	{ "continue", "continue" },
	{ 0 },
};

static int load(struct web *web)
{
	if (web_need(web, "policy", "policy show", web_arg(web, "name", "policy")) < 0)
		return -1;
	const json_t *policy = json_object_get(web->model, "policy");
	web_default(web, "change", "behaviour", json_incref(json_object_get(policy, "behaviour")));
	web_default(web, "change", "note", json_incref(json_object_get(policy, "note")));
	web_settings(web);
	return 0;
}

static const struct web_field change_fields[] = {
	{ .name = "name", .kind = WEB_PARAM, .from = "policy" },
	{ .name = "behaviour", .label = "Behaviour", .kind = WEB_CHOICE, .choices = behaviours },
	{ .name = "note", .label = "Note", .flags = WEB_EMPTY },
	{ 0 },
};

static const struct web_field name_fields[] = {
	{ .name = "name", .kind = WEB_PARAM, .from = "policy" },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "change",
	    .op = "policy change",
	    .fields = change_fields,
	    .legend = "What is done with its clients",
	    .submit = "Save",
	    .done = "The policy was changed." },
	{ .name = "save", .op = "policy set", .submit = "Save", .run = web_settings_save_all },
	{ .name = "remove",
	    .op = "policy remove",
	    .fields = name_fields,
	    .submit = "Remove policy",
	    .danger = true,
	    .ask = "Remove the policy {policy}?",
	    .done = "The policy was removed.",
	    .then = "/admin/mail-flow" },
	{ 0 },
};

extern const struct web_page web_page_mail_flow;

WEB_RUN(policy)

HTTP_ROUTE(web_policy) = {
	.path = "/admin/policy/:policy",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.run = run,
};

WEB_PAGE(policy) = {
	.route = &http_route_web_policy,
	.title = "Policy {policy}",
	.template = "policy",
	.under = &web_page_mail_flow,
	.load = load,
	.actions = actions,
};
