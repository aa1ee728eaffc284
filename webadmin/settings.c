/* settings.c - settings in forms, made from their rows */
#include "webadmin/settings.h"

/* --- where they are kept --- */

static const struct {
	enum conf_scope scope;
	const char *name; /* of the part of the path, and of the operations' argument */
} places[] = { { CONF_DOMAIN, "domain" }, { CONF_DESTINATION, "destination" },
	{ CONF_POLICY, "policy" }, { CONF_SERVER, NULL } };

/* The one that stands in the path. */
static size_t place_of(struct web *web)
{
	size_t i = 0;

	while (places[i].name && !http_param(web->req, places[i].name))
		i++;
	return i;
}

enum conf_scope web_setting_scope(struct web *web)
{
	return places[place_of(web)].scope;
}

bool web_setting_is_here(struct web *web, const struct conf_key *key)
{
	return conf_scopes(key) & web_setting_scope(web);
}

static json_t *args_of(struct web *web, const struct conf_key *key)
{
	json_t *args = json_pack("{s:s}", "name", key->name);

	const char *name = places[place_of(web)].name;
	if (name)
		json_object_set_new(args, name, json_string(http_param(web->req, name)));
	return args;
}

/* What is set at just this place; empty: nothing. */
static void raw_value(struct web *web, const struct conf_key *key, struct buf *out)
{
	const char *name = places[place_of(web)].name;

	conf_raw(
	    key, web_setting_scope(web), slice_str(name ? http_param(web->req, name) : ""), out);
}

/* --- a row of the form --- */

static json_t *choice(const char *value, const char *label, bool lacking)
{
	return json_pack("{s:s, s:s, s:b}", "value", value, "label", label, "lacking", lacking);
}

/* What holds when nothing is set here. */
static const char *otherwise(struct web *web, const struct conf_key *key)
{
	struct buf text = { 0 };

	if (web_setting_scope(web) == CONF_SERVER)
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
	    choice(
		"", pool_printf(http_pool(web->req), "as usual: %s", otherwise(web, key)), false));
	for (size_t i = 0; words[i]; i++) {
		bool lacking = conf_check(key, slice_str(words[i]), NULL, NULL) != 0;
		const char *label = pool_printf(
		    http_pool(web->req), "%s%s", words[i], lacking ? " (not in this build)" : "");
		json_array_append_new(choices, choice(words[i], label, lacking));
	}
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

json_t *web_setting(struct web *web, const struct conf_key *key)
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
	conf_lacking(key, &text);
	json_object_set_new(json, "lacks", json_stringn(text.p ? text.p : "", text.n));
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

void web_settings(struct web *web)
{
	json_t *settings = json_array();

	for (size_t i = 0; i < conf_key_table_n; i++)
		if (web_setting_is_here(web, conf_key_table[i]))
			json_array_append_new(settings, web_setting(web, conf_key_table[i]));
	json_object_set_new(web->model, "settings", settings);
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

int web_settings_save(
    struct web *web, bool (*is_shown)(struct web *web, const struct conf_key *key))
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
	return WEB_DONE;
}

int web_settings_save_all(struct web *web)
{
	return web_settings_save(web, web_setting_is_here);
}
