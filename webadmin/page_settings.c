/* page_settings.c - settings of the server and of domains: a form made from their rows */
#include <stdlib.h>

#include "webadmin/settings.h"

/* Settings are parted by what stands before the first dot of their names. */
static struct slice group_of(const struct conf_key *key)
{
	struct slice rest = slice_str(key->name);

	return slice_cut(&rest, '.');
}

static bool is_shown(struct web *web, const struct conf_key *key)
{
	const char *group = http_query(web->req, "group");

	return web_setting_is_here(web, key) &&
	    (!group || !*group || slice_eq(group_of(key), slice_str(group)));
}

static int by_name(const void *a, const void *b)
{
	const struct conf_key *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* All groups are linked to; one, or all, are shown. */
static void add_group(json_t *names, json_t *groups, struct slice group, json_t *settings)
{
	json_t *name = json_stringn(group.p, group.n);

	json_array_append_new(
	    names, json_pack("{s:O, s:b}", "name", name, "current", settings != NULL));
	if (settings)
		json_array_append_new(
		    groups, json_pack("{s:O, s:o}", "name", name, "settings", settings));
	json_decref(name);
}

/* Groups in the order of their names, each with its settings. */
static int load(struct web *web)
{
	const struct conf_key **keys =
	    pool_get(http_pool(web->req), (conf_key_table_n + 1) * sizeof *keys);
	json_t *groups = json_array(), *settings = NULL, *names = json_array();
	struct slice last = { 0 };

	memcpy(keys, conf_key_table, conf_key_table_n * sizeof *keys);
	qsort(keys, conf_key_table_n, sizeof *keys, by_name);
	for (size_t i = 0; i < conf_key_table_n; i++) {
		struct slice group = group_of(keys[i]);
		if (!web_setting_is_here(web, keys[i]))
			continue;
		if (!slice_eq(group, last)) {
			last = group;
			settings = is_shown(web, keys[i]) ? json_array() : NULL;
			add_group(names, groups, group, settings);
		}
		if (settings)
			json_array_append_new(settings, web_setting(web, keys[i]));
	}
	json_object_set_new(web->model, "groups", groups);
	json_object_set_new(web->model, "names", names);
	json_object_set_new(
	    web->model, "general", json_boolean(web_setting_scope(web) == CONF_SERVER));
	json_object_set_new(web->model, "all", json_boolean(json_array_size(groups) > 1));
	return 0;
}

/* --- saving --- */

static int save(struct web *web)
{
	const char *group = http_query(web->req, "group");

	if (web_settings_save(web, is_shown) < 0)
		return -1;
	http_redirect(web->req,
	    pool_printf(http_pool(web->req), "%s%s%s", web_href(web, web->page->route->path),
		group ? "?group=" : "", group ? group : ""));
	return WEB_ANSWERED;
}

static const struct web_action actions[] = {
	{ .name = "save", .op = "setting set", .submit = "Save", .run = save },
	{ 0 },
};

/* --- two pages --- */

extern const struct web_page web_page_domain_settings;

WEB_RUN(settings)

static int run_domain(struct http_req *req)
{
	return web_run(req, &web_page_domain_settings);
}

HTTP_ROUTE(web_settings) = {
	.path = "/admin/settings",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.run = run,
};

HTTP_ROUTE(web_domain_settings) = {
	.path = "/admin/domain/:domain/settings",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.run = run_domain,
};

WEB_PAGE(settings) = {
	.route = &http_route_web_settings,
	.title = "Settings",
	.template = "settings",
	.group = WEB_SERVER,
	.place = 60,
	.load = load,
	.actions = actions,
};

WEB_PAGE(domain_settings) = {
	.route = &http_route_web_domain_settings,
	.title = "Settings",
	.template = "settings",
	.group = WEB_DOMAIN,
	.place = 90,
	.load = load,
	.actions = actions,
};
