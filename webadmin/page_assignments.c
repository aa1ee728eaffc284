/* page_assignments.c - which certificate is shown where (E-004, E-024 to E-028)
 *
 * A row for each listener with TLS, and for each setting that names a certificate for
 * when this server is the client. */
#include "core/conf.h"
#include "webadmin/profiles.h"

enum { DOMAINS_MAX = 30 }; /* in a menu; signet takes any */

static const struct web_field listener_fields[] = {
	{ .name = "listener", .label = "Listener", .kind = WEB_CHOICE },
	{ .name = "address",
	    .label = "At this address only",
	    .help = "An address, or address:port, where it listens.",
	    .example = "192.0.2.7:443" },
	{ .name = "certificate", .label = "Certificate", .kind = WEB_CHOICE },
	{ 0 },
};

static const struct web_field client_fields[] = {
	{ .name = "setting", .label = "For", .kind = WEB_CHOICE },
	{ .name = "destination",
	    .label = "Towards this domain only",
	    .help = "Another server's domain.",
	    .example = "partner.example" },
	{ .name = "certificate", .label = "Certificate", .kind = WEB_CHOICE },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "listener",
	    .op = "listener certificate",
	    .fields = listener_fields,
	    .submit = "Assign",
	    .done = "Saved." },
	{ .name = "client",
	    .op = "profile assign",
	    .fields = client_fields,
	    .submit = "Assign",
	    .done = "Saved." },
	{ 0 },
};

/* --- what can be chosen --- */

static void add_choice(json_t *choices, const char *value, const char *label)
{
	json_array_append_new(choices, json_pack("{s:s, s:s}", "value", value, "label", label));
}

static void add_rows(struct web *web, json_t *choices, const char *op, const char *key, size_t max)
{
	const json_t *answer = web_op(web, op, NULL);
	const json_t *rows = json_object_get(answer, "rows");
	json_t *row;
	size_t i;

	if (json_array_size(rows) > max)
		return;
	json_array_foreach(rows, i, row)
	{
		const char *name = json_string_value(json_object_get(row, key));
		if (name)
			add_choice(choices, name, name);
	}
}

/* value: what is for nothing; current: what it is now, which is always among them. */
static json_t *menu(const json_t *all, const char *label, const char *value, const char *current)
{
	json_t *choices = json_array(), *choice;
	bool found = *current == '\0' || strcmp(current, value) == 0;
	size_t i;

	add_choice(choices, value, label);
	json_array_foreach(all, i, choice)
	{
		bool is = strcmp(json_string_value(json_object_get(choice, "value")), current) == 0;
		found = found || is;
		json_t *copy = json_copy(choice);
		json_object_set_new(copy, "selected", json_boolean(is));
		json_array_append_new(choices, copy);
	}
	if (!found)
		json_array_append_new(choices,
		    json_pack(
			"{s:s, s:s, s:b}", "value", current, "label", current, "selected", true));
	return choices;
}

/* --- rows --- */

static const char *current_of(
    struct web *web, const char *key, enum conf_scope scope, const char *place)
{
	const struct conf_key *found = conf_find(slice_str(key));
	struct buf value = { 0 };

	if (found)
		conf_raw(found, scope, slice_str(place), &value);
	const char *text = pool_str(http_pool(web->req), buf_slice(&value));
	buf_done(&value);
	return text;
}

static bool is_there(const json_t *rows, const char *name)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) if (strcmp(json_string_value(json_object_get(row, "name")),
						 name) == 0) return true;
	return false;
}

static json_t *listeners(struct web *web, const json_t *all)
{
	const json_t *answer = web_op(web, "listener list", NULL);
	json_t *rows = json_array(), *row;
	size_t i;

	json_array_foreach(json_object_get(answer, "rows"), i, row)
	{
		const char *name = json_string_value(json_object_get(row, "name"));
		const char *tls = json_string_value(json_object_get(row, "tls"));
		if (!name || !tls || strcmp(tls, "none") == 0 || is_there(rows, name))
			continue;
		const char *current = current_of(web, "listener.certificate", CONF_LISTENER, name);
		json_array_append_new(rows,
		    json_pack("{s:s, s:s, s:O, s:o}", "name", name, "tls", tls, "address",
			json_object_get(row, "address"), "menu",
			menu(all, "as clients ask", "none", current)));
	}
	return rows;
}

static json_t *clients(struct web *web, const json_t *all)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < conf_key_table_n; i++) {
		const struct conf_key *key = conf_key_table[i];
		if (!key->refers || strcmp(key->refers, "certificate") != 0 ||
		    !(conf_scopes(key) & CONF_SERVER))
			continue;
		json_array_append_new(rows,
		    json_pack("{s:s, s:s, s:o}", "name", key->name, "meaning", key->help, "menu",
			menu(all, "as usual", "default",
			    current_of(web, key->name, CONF_SERVER, ""))));
	}
	return rows;
}

/* Names of rows as the choices of a form. */
static json_t *names_of(const json_t *rows)
{
	json_t *choices = json_array(), *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const char *name = json_string_value(json_object_get(row, "name"));
		add_choice(choices, name, name);
	}
	return choices;
}

static int load(struct web *web)
{
	json_t *all = json_array();

	add_rows(web, all, "profile list", "profile", SIZE_MAX);
	add_rows(web, all, "domain list", "name", DOMAINS_MAX);
	json_t *here = listeners(web, all), *out = clients(web, all);
	web_choices(web, "listener", "listener", names_of(here));
	web_choices(web, "listener", "certificate", menu(all, "as clients ask", "none", ""));
	web_choices(web, "client", "setting", names_of(out));
	web_choices(web, "client", "certificate", menu(all, "as usual", "default", ""));
	json_object_set_new(web->model, "listeners", here);
	json_object_set_new(web->model, "clients", out);
	json_decref(all);
	web_pending(web);
	return 0;
}

WEB_RUN(assignments)

HTTP_ROUTE(web_assignments) = {
	.path = "/admin/security/assignments",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.run = run,
};

WEB_PAGE(assignments) = {
	.route = &http_route_web_assignments,
	.title = "Assignments",
	.template = "assignments",
	.about = "Which certificate each listener shows, and which one outgoing connections do.",
	.group = WEB_SERVER_SECURITY,
	.place = 25,
	.load = load,
	.actions = actions,
};
