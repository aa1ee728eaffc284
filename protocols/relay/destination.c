/* destination.c - what is said for domains that mail is sent to: seen, changed, tried
 *
 * A destination is nothing but the settings that have its name as their place
 * (CONF_DESTINATION): there is no other list of them. */
#include <stdlib.h>

#include "core/conf.h"
#include "core/op.h"

/* --- which there are --- */

static bool is_of_destination(const struct conf_key *key)
{
	return conf_scopes(key) & CONF_DESTINATION;
}

struct place {
	char *name;
	struct buf settings; /* "tls verify, route mx.example" */
};

struct places {
	struct place *all;
	size_t n;
	const struct conf_key *key;
};

/* "tls" of "relay.tls". */
static const char *short_name(const struct conf_key *key)
{
	const char *dot = strchr(key->name, '.');

	return dot ? dot + 1 : key->name;
}

static struct place *place_of(struct places *places, const char *name)
{
	for (size_t i = 0; i < places->n; i++)
		if (strcmp(places->all[i].name, name) == 0)
			return &places->all[i];
	places->all = mem_resize(places->all, (places->n + 1) * sizeof(*places->all));
	places->all[places->n] = (struct place){ .name = mem_str(slice_str(name)) };
	return &places->all[places->n++];
}

static void see_value(void *arg, enum conf_scope scope, const char *name, const char *text)
{
	struct places *places = arg;

	if (scope != CONF_DESTINATION)
		return;
	struct place *place = place_of(places, name);
	buf_printf(&place->settings, "%s%s %s", place->settings.n ? ", " : "",
	    short_name(places->key), text);
}

static int by_name(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void find_places(struct places *places)
{
	*places = (struct places){ 0 };
	for (size_t i = 0; i < conf_key_table_n; i++) {
		places->key = conf_key_table[i];
		if (is_of_destination(places->key))
			conf_each(places->key, see_value, places);
	}
	if (places->n > 1)
		qsort(places->all, places->n, sizeof(*places->all), by_name);
}

static void put_default(struct op_call *call)
{
	struct buf settings = { 0 }, value = { 0 };

	for (size_t i = 0; i < conf_key_table_n; i++) {
		const struct conf_key *key = conf_key_table[i];
		conf_raw(key, CONF_SERVER, SLICE(""), &value);
		if (is_of_destination(key) && value.n > 0)
			buf_printf(&settings, "%s%s %s", settings.n ? ", " : "", short_name(key),
			    buf_z(&value));
	}
	op_row(call);
	op_put_text(call, "destination", SLICE("default"));
	op_put_bool(call, "own", false);
	op_put_text(call, "settings", buf_slice(&settings));
	buf_done(&settings);
	buf_done(&value);
}

static int run_list(struct op_call *call)
{
	struct places places;

	put_default(call);
	find_places(&places);
	for (size_t i = 0; i < places.n; i++) {
		op_row(call);
		op_put_text(call, "destination", slice_str(places.all[i].name));
		op_put_bool(call, "own", true);
		op_put_text(call, "settings", buf_slice(&places.all[i].settings));
		buf_done(&places.all[i].settings);
		free(places.all[i].name);
	}
	free(places.all);
	return 0;
}

/* E-046, E-047 */
OPERATION(destination_list) = {
	.name = "destination list",
	.role = OP_SERVER_ADMIN,
	.help = "list destinations that have settings of their own, and the default",
	.reads = true,
	.lists = true,
	.run = run_list,
};

/* --- one of them --- */

static void put_setting(struct op_call *call, const struct conf_key *key, const char *name)
{
	struct conf_at at = { .destination = name };
	struct buf value = { 0 };

	op_row(call);
	op_put_text(call, "name", slice_str(key->name));
	conf_text(key, &at, &value);
	op_put_text(call, "value", buf_slice(&value));
	conf_raw(key, CONF_DESTINATION, slice_str(name), &value);
	op_put_bool(call, "own", value.n > 0);
	op_put_text(call, "meaning", slice_str(key->help));
	buf_done(&value);
}

static int run_show(struct op_call *call)
{
	for (size_t i = 0; i < conf_key_table_n; i++)
		if (is_of_destination(conf_key_table[i]))
			put_setting(call, conf_key_table[i], op_text(call, "destination"));
	return 0;
}

static const struct op_arg show_args[] = {
	{ "destination", OP_DESTINATION, OP_REQUIRED, "a domain, or .example.org: all below it",
	    NULL },
	{ 0 },
};

OPERATION(destination_show) = {
	.name = "destination show",
	.role = OP_SERVER_ADMIN,
	.args = show_args,
	.help = "show what holds for mail to a domain, and which of it is said for it itself",
	.reads = true,
	.lists = true,
	.run = run_show,
};

static const struct conf_key *find_key(struct op_call *call, struct slice name)
{
	const char *full = slice_istarts(name, SLICE("relay."))
	    ? pool_str(op_pool(call), name)
	    : pool_printf(op_pool(call), "relay.%.*s", SLICE_ARG(name));
	const struct conf_key *key = conf_find(slice_str(full));

	if (key && is_of_destination(key))
		return key;
	op_fail(call, ERR_ABSENT,
	    "a destination has no '%.*s'; signet destination show DOMAIN tells what there is",
	    SLICE_ARG(name));
	return NULL;
}

/* "tls=verify"; "tls=": as the default says. */
static int change_one(struct op_call *call, struct slice value, bool only_check)
{
	struct slice name = slice_cut(&value, '=');
	const struct conf_key *key = find_key(call, name);
	struct err err = { 0 };

	if (!key)
		return -1;
	int rc = only_check
	    ? value.n > 0 ? conf_check(key, value, NULL, &err) : 0
	    : conf_set(key, CONF_DESTINATION, slice_str(op_text(call, "destination")), value, &err);
	return op_done(call, rc, &err);
}

/* None is changed unless all can be. */
static int run_set(struct op_call *call)
{
	size_t n = op_count(call, "settings");

	for (size_t i = 0; i < 2 * n; i++)
		if (change_one(call, slice_str(op_item(call, "settings", i % n)), i < n) != 0)
			return -1;
	return 0;
}

static const struct op_arg set_args[] = {
	{ "destination", OP_DESTINATION, OP_REQUIRED, "a domain, or .example.org: all below it",
	    NULL },
	{ "settings", OP_TEXT, OP_REQUIRED | OP_MANY, "NAME=VALUE, as tls=verify", NULL },
	{ 0 },
};

OPERATION(destination_set) = {
	.name = "destination set",
	.role = OP_SERVER_ADMIN,
	.args = set_args,
	.help = "say how mail goes to a domain: TLS, route, limits, certificate, address",
	.more =
	    "Each NAME is a setting of relay. that destination show lists; NAME= takes it away\n"
	    "again. The same as setting set relay.NAME VALUE --destination DOMAIN. The default\n"
	    "for all is setting set relay.NAME VALUE.",
	.example = "destination set partner.example tls=verify\n"
		   "destination set .example.org route=smart.example:587 "
		   "destination-connections=2",
	.run = run_set,
};

static int run_remove(struct op_call *call)
{
	struct slice name = slice_str(op_text(call, "destination"));
	struct buf value = { 0 };
	struct err err = { 0 };
	unsigned removed = 0;

	for (size_t i = 0; i < conf_key_table_n && err.kind == ERR_NONE; i++) {
		const struct conf_key *key = conf_key_table[i];
		if (!is_of_destination(key))
			continue;
		conf_raw(key, CONF_DESTINATION, name, &value);
		if (value.n > 0)
			removed += conf_set(key, CONF_DESTINATION, name, SLICE(""), &err) == 0;
	}
	buf_done(&value);
	if (err.kind != ERR_NONE)
		return op_fail_err(call, &err);
	return removed > 0 ? 0
			   : op_fail(call, ERR_ABSENT, "nothing is said for %.*s", SLICE_ARG(name));
}

OPERATION(destination_remove) = {
	.name = "destination remove",
	.role = OP_SERVER_ADMIN,
	.args = show_args,
	.help = "forget what is said for mail to a domain: the default holds",
	.run = run_remove,
};
