/* page_settings.c - settings of the server and of domains: a form made from their rows */
#include <stdlib.h>

#include "core/conf.h"
#include "webadmin/web.h"

/* --- where they are kept --- */

static enum conf_scope scope_of(struct web *web)
{
	return http_param(web->req, "domain") ? CONF_DOMAIN : CONF_SERVER;
}

/* Settings are parted by what stands before the first dot of their names. */
static struct slice group_of(const struct conf_key *key)
{
	struct slice rest = slice_str(key->name);

	return slice_cut(&rest, '.');
}

static bool is_shown(struct web *web, const struct conf_key *key)
{
	const char *group = http_query(web->req, "group");

	return conf_scopes(key) & scope_of(web) &&
	    (!group || !*group || slice_eq(group_of(key), slice_str(group)));
}

static json_t *args_of(struct web *web, const struct conf_key *key)
{
	json_t *args = json_pack("{s:s}", "name", key->name);

	if (scope_of(web) == CONF_DOMAIN)
		json_object_set_new(args, "domain", json_string(http_param(web->req, "domain")));
	return args;
}

/* What is set at just this place; empty: nothing. */
static void raw_value(struct web *web, const struct conf_key *key, struct buf *out)
{
	const char *domain = http_param(web->req, "domain");

	conf_raw(key, scope_of(web), slice_str(domain ? domain : ""), out);
}

/* --- the form --- */

static json_t *choice(const char *value, const char *label)
{
	return json_pack("{s:s, s:s}", "value", value, "label", label);
}

/* What holds when nothing is set here. */
static const char *otherwise(struct web *web, const struct conf_key *key)
{
	struct buf text = { 0 };

	if (scope_of(web) == CONF_SERVER)
		return key->def;
	conf_text(key, NULL, &text);
	const char *value = pool_str(http_pool(web->req), buf_slice(&text));
	buf_done(&text);
	return value;
}

static json_t *choices_of(struct web *web, const struct conf_key *key)
{
	static const char *const on_off[] = { "on", "off", NULL };
	const char *const *words = key->type == CONF_BOOL ? on_off : key->choices;
	json_t *choices = json_array();

	json_array_append_new(choices,
	    choice("", pool_printf(http_pool(web->req), "as usual: %s", otherwise(web, key))));
	for (size_t i = 0; words[i]; i++)
		json_array_append_new(choices, choice(words[i], words[i]));
	return choices;
}

static const char *help_of(struct web *web, const struct conf_key *key)
{
	struct buf text = { 0 };

	buf_printf(&text, "%s.", key->help);
	if (*text.p >= 'a' && *text.p <= 'z')
		*text.p = (char)(*text.p - 'a' + 'A');
	const char *help = pool_str(http_pool(web->req), buf_slice(&text));
	buf_done(&text);
	return help;
}

static json_t *setting_json(struct web *web, const struct conf_key *key)
{
	bool chosen = key->type == CONF_BOOL || key->type == CONF_CHOICE;
	struct web_field field = { .name = key->name,
		.label = key->name,
		.kind = chosen ? WEB_CHOICE : WEB_TEXT,
		.example = otherwise(web, key) };
	json_t *json = web_field_json(web, &field, key->name);
	struct buf text = { 0 };

	json_object_set_new(json, "meaning", json_string(help_of(web, key)));
	json_object_set_new(json, "restart", json_boolean(key->restart));
	conf_range(key, &text);
	json_object_set_new(json, "range", json_stringn(text.p ? text.p : "", text.n));
	buf_clear(&text);
	if (chosen)
		json_object_set_new(json, "choices", choices_of(web, key));
	raw_value(web, key, &text);
	json_object_set_new(json, "set", json_boolean(text.n > 0));
	const char *typed =
	    http_method(web->req) == HTTP_POST ? http_field(web->req, key->name) : NULL;
	web_field_value(json, typed ? typed : buf_z(&text));
	const json_t *errors = json_object_get(web->model, "errors");
	json_t *error = json_object_get(errors, key->name);
	if (error)
		json_object_set(json, "error", error);
	buf_done(&text);
	return json;
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
		if (!(conf_scopes(keys[i]) & scope_of(web)))
			continue;
		if (!slice_eq(group, last)) {
			last = group;
			settings = is_shown(web, keys[i]) ? json_array() : NULL;
			add_group(names, groups, group, settings);
		}
		if (settings)
			json_array_append_new(settings, setting_json(web, keys[i]));
	}
	json_object_set_new(web->model, "groups", groups);
	json_object_set_new(web->model, "names", names);
	json_object_set_new(web->model, "all", json_boolean(json_array_size(groups) > 1));
	return 0;
}

/* --- saving --- */

/* What was typed differs from what is set: set it, or take it away. */
static int save_one(struct web *web, const struct conf_key *key, json_t *errors)
{
	const char *typed = http_field(web->req, key->name);
	struct slice value = slice_trim(slice_str(typed));
	struct buf raw = { 0 };

	if (!typed)
		return 0;
	raw_value(web, key, &raw);
	bool same = slice_eq(buf_slice(&raw), value);
	buf_done(&raw);
	if (same)
		return 0;
	json_t *args = args_of(web, key);
	if (value.n > 0)
		json_object_set_new(args, "value", json_stringn(value.p, value.n));
	if (web_op(web, value.n > 0 ? "setting set" : "setting reset", args))
		return 1;
	json_object_set_new(errors, key->name, json_string(web->err.text));
	return 0;
}

static int save(struct web *web)
{
	json_t *errors = json_object();
	int saved = 0;

	for (size_t i = 0; i < conf_key_table_n; i++)
		if (is_shown(web, conf_key_table[i]))
			saved += save_one(web, conf_key_table[i], errors);
	if (json_object_size(errors) > 0) {
		json_object_set_new(web->model, "errors", errors);
		return web_refuse(web, NULL, "%s",
		    saved ? "Not all could be saved; the rest was" : "Nothing was saved");
	}
	json_decref(errors);
	http_flash(web->req, true,
	    saved ? pool_printf(http_pool(web->req), "%d %s saved.", saved,
			saved == 1 ? "setting was" : "settings were")
		  : "Nothing was changed.");
	const char *group = http_query(web->req, "group");
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
