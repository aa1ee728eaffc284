/* page_general.c - the panel of TLS sessions, among the general settings (C-078) */
#include "webadmin/settings.h"

/* --- Settings > General --- */

WEB_RUN(general)

HTTP_ROUTE(web_general) = {
	.path = "/admin/settings/general",
	.methods = HTTP_GET,
	.who = HTTP_SERVER_ADMIN,
	.run = run,
};

WEB_PAGE(general) = {
	.route = &http_route_web_general,
	.title = "General",
	.template = "hub",
	.hub = WEB_GENERAL,
};

/* --- Settings > General > Others --- */

/* In the order of the panel, by what people call them. */
static const struct {
	const char *name, *label;
} panel[] = {
	{ "tls.log-level", "Log Level" },
	{ "tls.session-ttl", "Time To Live" },
	{ "tls.oldest-version", "Oldest Accepted" },
	{ "tls.sni", "Process Target Domain extensions" },
	{ "tls.cbc-ciphers", "CBC Ciphers for old TLS" },
	{ "tls.weak-ciphers", "Weak Ciphers" },
	{ "tls.sslv2-hello", "Accept SSLv2 hello" },
	{ "tls.abort-on-wrong-client-certificate", "Abort on Wrong Client Certificate" },
};

enum { PANEL = sizeof panel / sizeof *panel };

static bool is_of_panel(struct web *web, const struct conf_key *key)
{
	(void)web;
	for (size_t i = 0; i < PANEL; i++)
		if (strcmp(key->name, panel[i].name) == 0)
			return true;
	return false;
}

static int save(struct web *web)
{
	return web_settings_save(web, is_of_panel);
}

static const struct web_action actions[] = {
	{ .name = "save", .op = "setting set", .submit = "Update", .run = save },
	{ 0 },
};

static void put_panel(struct web *web)
{
	json_t *settings = json_array();

	for (size_t i = 0; i < PANEL; i++) {
		const struct conf_key *key = conf_find(slice_str(panel[i].name));
		if (!key)
			continue;
		json_t *setting = web_setting(web, key);
		json_object_set_new(setting, "called", json_string(panel[i].label));
		json_array_append_new(settings, setting);
	}
	json_object_set_new(web->model, "settings", settings);
}

/* Counters of one kind stand together: a table for each kind. */
static void put_kinds(json_t *stats)
{
	json_t *kinds = json_array(), *rows = NULL, *row;
	const char *last = "";
	size_t i;

	json_array_foreach(json_object_get(stats, "rows"), i, row)
	{
		const char *of = json_string_value(json_object_get(row, "of"));
		if (!of)
			continue;
		if (strcmp(of, last) != 0) {
			rows = json_array();
			json_array_append_new(
			    kinds, json_pack("{s:s, s:o}", "kind", of, "counts", rows));
			last = of;
		}
		json_array_append(rows, row);
	}
	json_object_set_new(stats, "kinds", kinds);
}

static int load(struct web *web)
{
	put_panel(web);
	if (web_try(web, "stats", "tls stats", NULL))
		put_kinds(json_object_get(web->model, "stats"));
	return 0;
}

extern const struct web_page web_page_others;

static int run_others(struct http_req *req)
{
	return web_run(req, &web_page_others);
}

HTTP_ROUTE(web_others) = {
	.path = "/admin/settings/general/others",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.run = run_others,
};

WEB_PAGE(others) = {
	.route = &http_route_web_others,
	.title = "Others",
	.template = "others",
	.about = "TLS sessions: versions, ciphers, resumption; and what was counted.",
	.group = WEB_GENERAL,
	.place = 10,
	.load = load,
	.actions = actions,
};
