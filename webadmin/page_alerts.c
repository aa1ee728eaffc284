/* page_alerts.c - who is mailed at once when something goes wrong */
#include "webadmin/web.h"

static const struct web_choice severities[] = { { "info", "Information" }, { "warning", "Warning" },
	{ "critical", "Critical" }, { 0 } };

static const struct web_choice types[] = { { "system", "System: connections, TLS" },
	{ "security", "Security: attacks, bans" },
	{ "limits", "Limits: somebody sends more than he may" }, { 0 } };

static const struct web_field add_fields[] = {
	{ .name = "address",
	    .label = "Address",
	    .flags = WEB_REQUIRED,
	    .example = "admin@example.org" },
	{ .name = "severity", .label = "Severity", .kind = WEB_MARKS, .choices = severities },
	{ .name = "type", .label = "Type", .kind = WEB_MARKS, .choices = types },
	{ 0 },
};

static const struct web_field row_fields[] = {
	{ .name = "address", .kind = WEB_HIDDEN, .flags = WEB_REQUIRED },
	{ 0 },
};

static const struct web_choice on_off[] = { { "on", "on" }, { "off", "off" }, { 0 } };

static const struct web_field tls_fields[] = {
	{ .name = "alert",
	    .label = "When a required TLS connection fails",
	    .help = "A destination may say otherwise for itself.",
	    .kind = WEB_CHOICE,
	    .choices = on_off },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "add",
	    .op = "alert add",
	    .fields = add_fields,
	    .legend = "Who else",
	    .submit = "Save",
	    .done = "{address} gets alerts." },
	{ .name = "remove",
	    .op = "alert remove",
	    .fields = row_fields,
	    .submit = "Remove",
	    .danger = true,
	    .ask = "Mail no alerts to {address} any more?",
	    .done = "{address} gets no alerts any more." },
	{ .name = "tls",
	    .op = "destination setup",
	    .fields = tls_fields,
	    .legend = "TLS to other servers",
	    .submit = "Set",
	    .done = "Saved." },
	{ 0 },
};

static int load(struct web *web)
{
	const json_t *setup = web_op(web, "destination setup", NULL);
	bool on = json_is_true(json_object_get(setup, "alert"));

	web_default(web, "tls", "alert", json_string(on ? "on" : "off"));
	return web_rows(web, "alerts", "alert list", NULL);
}

WEB_RUN(alerts)

HTTP_ROUTE(web_alerts) = {
	.path = "/admin/alerts",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.run = run,
};

WEB_PAGE(alerts) = {
	.route = &http_route_web_alerts,
	.title = "Alerts",
	.template = "alerts",
	.group = WEB_SERVER,
	.place = 26,
	.load = load,
	.actions = actions,
};
