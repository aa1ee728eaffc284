/* page_mail_flow.c - who may send mail here: sender groups in their order, and policies */
#include "webadmin/web.h"

static const struct web_choice behaviours[] = {
	{ "accept", "accept: take mail for domains of this server" },
	{ "relay", "relay: take mail for everybody" },
	{ "reject", "reject: refuse by the greeting" },
	{ "tcprefuse", "tcprefuse: close without a word" },
	{ "continue", "continue: as if the group were not there" },
	{ 0 },
};

static const struct web_field find_fields[] = {
	{ .name = "address", .label = "IP address", .flags = WEB_REQUIRED, .example = "192.0.2.5" },
	{ .name = "host",
	    .label = "Host name",
	    .help = "The DNS is asked when left out.",
	    .example = "mx.partner.example" },
	{ .name = "listener", .label = "Listener", .help = "smtp when left out." },
	{ 0 },
};

static const struct web_field group_fields[] = {
	{ .name = "name", .label = "Name", .flags = WEB_REQUIRED, .example = "PARTNERS" },
	{ .name = "policy", .label = "Policy", .kind = WEB_CHOICE, .flags = WEB_REQUIRED },
	{ .name = "order", .label = "Place", .help = "1 is the first; the last when left out." },
	{ .name = "listener", .label = "Listener", .help = "smtp when left out." },
	{ .name = "note", .label = "Note" },
	{ 0 },
};

static const struct web_field policy_fields[] = {
	{ .name = "name", .label = "Name", .flags = WEB_REQUIRED, .example = "PARTNER" },
	{ .name = "behaviour", .label = "Behaviour", .kind = WEB_CHOICE, .choices = behaviours },
	{ .name = "note", .label = "Note" },
	{ 0 },
};

static const struct web_action all_actions[] = {
	{ .name = "find",
	    .op = "sender-group find",
	    .fields = find_fields,
	    .legend = "Which group is it?",
	    .submit = "Find",
	    .show = "found" },
	{ .name = "group",
	    .op = "sender-group add",
	    .fields = group_fields,
	    .legend = "New sender group",
	    .submit = "Add group",
	    .done = "The group {name} was added." },
	{ .name = "policy",
	    .op = "policy add",
	    .fields = policy_fields,
	    .legend = "New policy",
	    .submit = "Add policy",
	    .done = "The policy {name} was added.",
	    .then = "/admin/policy/:name" },
	{ 0 },
};

/* What a group may be given. */
static void offer_policies(struct web *web, const char *action)
{
	const json_t *row, *rows = json_object_get(json_object_get(web->model, "policies"), "rows");
	json_t *choices = json_array();
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)rows, i, row)
	{
		const char *name = json_string_value(json_object_get(row, "name"));
		json_array_append_new(
		    choices, json_pack("{s:s, s:s}", "value", name, "label", name));
	}
	web_choices(web, action, "policy", choices);
}

static int load_all(struct web *web)
{
	if (web_need(web, "groups", "sender-group list", NULL) < 0 ||
	    web_need(web, "policies", "policy list", NULL) < 0)
		return -1;
	offer_policies(web, "group");
	return 0;
}

WEB_RUN(mail_flow)

HTTP_ROUTE(web_mail_flow) = {
	.path = "/admin/mail-flow",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.run = run,
};

WEB_PAGE(mail_flow) = {
	.route = &http_route_web_mail_flow,
	.title = "Mail flow",
	.template = "mail_flow",
	.group = WEB_SERVER,
	.place = 23,
	.load = load_all,
	.actions = all_actions,
};

/* --- a group --- */

#define GROUP_FIELDS                                                                               \
	{ .name = "name", .kind = WEB_PARAM, .from = "name" },                                     \
	{                                                                                          \
		.name = "listener", .kind = WEB_PARAM, .from = "listener"                          \
	}

static const struct web_field entry_fields[] = {
	GROUP_FIELDS,
	{ .name = "entry",
	    .label = "Entries",
	    .help = "Addresses, networks, ranges, host names, .domains, certificates "
		    "(fingerprint:..., subject:..., issuer:...), DNS lists (dnsbl:bl.example.org, "
		    "dnsbl-score:3), ALL; one in each line.",
	    .kind = WEB_AREA,
	    .flags = WEB_REQUIRED | WEB_LOCAL | WEB_CODE,
	    .example = "192.0.2.0/24" },
	{ .name = "note", .label = "Note" },
	{ 0 },
};

static const struct web_field remove_entry_fields[] = {
	GROUP_FIELDS,
	{ .name = "entry", .kind = WEB_HIDDEN, .flags = WEB_REQUIRED | WEB_LOCAL },
	{ 0 },
};

static const struct web_field change_fields[] = {
	GROUP_FIELDS,
	{ .name = "policy", .label = "Policy", .kind = WEB_CHOICE },
	{ .name = "note", .label = "Note", .flags = WEB_EMPTY },
	{ 0 },
};

static const struct web_field move_fields[] = {
	GROUP_FIELDS,
	{ .name = "order", .label = "Place", .help = "1 is the first.", .flags = WEB_REQUIRED },
	{ 0 },
};

static const struct web_field group_only[] = { GROUP_FIELDS, { 0 } };

/* One in each line: names of certificates have blanks. */
static int change_entries(struct web *web)
{
	struct slice rest = slice_str(web_value(web, "entry"));
	json_t *args = web_action_args(web), *entries = json_array();

	while (rest.n > 0) {
		struct slice line = slice_trim(slice_cut(&rest, '\n'));
		if (line.n > 0)
			json_array_append_new(entries, json_stringn(line.p, line.n));
	}
	if (!args) {
		json_decref(entries);
		return -1;
	}
	json_object_set_new(args, "entry", entries);
	return web_op(web, web->action->op, args) ? WEB_DONE : -1;
}

static const struct web_action group_actions[] = {
	{ .name = "add",
	    .op = "sender-group entry-add",
	    .fields = entry_fields,
	    .legend = "Who belongs to it",
	    .submit = "Add",
	    .done = "The entries were added.",
	    .run = change_entries },
	{ .name = "take",
	    .op = "sender-group entry-remove",
	    .fields = remove_entry_fields,
	    .submit = "Remove",
	    .done = "{entry} was removed.",
	    .run = change_entries },
	{ .name = "change",
	    .op = "sender-group change",
	    .fields = change_fields,
	    .legend = "What it is given",
	    .submit = "Save",
	    .done = "The group was changed." },
	{ .name = "move",
	    .op = "sender-group move",
	    .fields = move_fields,
	    .legend = "When it is looked at",
	    .submit = "Move",
	    .done = "The group was moved." },
	{ .name = "remove",
	    .op = "sender-group remove",
	    .fields = group_only,
	    .submit = "Remove group",
	    .danger = true,
	    .ask = "Remove the sender group {name}?",
	    .warn = "Its clients belong to the next group that has an entry for them.",
	    .done = "The group {name} was removed.",
	    .then = "/admin/mail-flow" },
	{ 0 },
};

static int load_group(struct web *web)
{
	json_t *args = web_arg(web, "name", "name");

	json_object_set_new(args, "listener", json_string(web_value(web, "listener")));
	if (web_need(web, "policies", "policy list", NULL) < 0 ||
	    web_rows(web, "group", "sender-group show", args) < 0)
		return -1;
	const json_t *group = json_object_get(web->model, "group");
	offer_policies(web, "change");
	web_default(web, "change", "policy", json_incref(json_object_get(group, "policy")));
	web_default(web, "change", "note", json_incref(json_object_get(group, "note")));
	web_default(web, "move", "order", json_incref(json_object_get(group, "order")));
	return 0;
}

extern const struct web_page web_page_sender_group;

static int run_group(struct http_req *req)
{
	return web_run(req, &web_page_sender_group);
}

HTTP_ROUTE(web_sender_group) = {
	.path = "/admin/sender-group/:listener/:name",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.run = run_group,
};

WEB_PAGE(sender_group) = {
	.route = &http_route_web_sender_group,
	.title = "{name} of {listener}",
	.template = "sender_group",
	.under = &web_page_mail_flow,
	.load = load_group,
	.actions = group_actions,
};
