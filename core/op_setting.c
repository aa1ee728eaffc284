/* op_setting.c - settings seen and changed by admins */
#include "core/conf.h"
#include "core/op.h"

/* Where a value is or should be: at most one of the options is given. */
struct place {
	enum conf_scope scope;
	const char *name;
};

static const struct {
	enum conf_scope scope;
	const char *name; /* of the option */
} scopes[] = {
	{ CONF_DOMAIN, "domain" },
	{ CONF_ACCOUNT, "account" },
	{ CONF_LISTENER, "listener" },
	{ CONF_POLICY, "policy" },
	{ CONF_DESTINATION, "destination" },
};

enum { SCOPES = sizeof scopes / sizeof *scopes };

static int place_of(struct op_call *call, struct place *place)
{
	*place = (struct place){ CONF_SERVER, "" };
	for (size_t i = 0; i < SCOPES; i++) {
		if (!op_given(call, scopes[i].name))
			continue;
		if (place->scope != CONF_SERVER)
			return op_fail(call, ERR_INPUT,
			    "one of --domain, --account, --listener, --policy and --destination "
			    "at most");
		*place = (struct place){ scopes[i].scope, op_text(call, scopes[i].name) };
	}
	return 0;
}

/* Of those whose names have a word of this one in them, but its first: that is the room. */
static const char *similar(const char *name, struct pool *pool)
{
	struct slice rest = slice_str(name), word;
	const char *found = "";

	slice_cut(&rest, '.');
	while ((word = slice_cut(&rest, '.')).n > 0) {
		if (word.n > 3 && word.p[word.n - 1] == 's')
			word.n--;
		for (size_t i = 0; i < conf_key_table_n && strlen(found) < 100; i++)
			if (slice_find(slice_str(conf_key_table[i]->name), word) >= 0)
				found = pool_printf(pool, "%s %s", found, conf_key_table[i]->name);
	}
	return *found ? pool_printf(pool, ". Similar:%s", found) : "";
}

static const struct conf_key *key_of(struct op_call *call)
{
	const char *name = op_text(call, "name");
	const struct conf_key *key = conf_find(slice_str(name));

	if (!key)
		op_fail(call, ERR_ABSENT,
		    "there is no setting '%s'; signet setting list shows them all%s", name,
		    similar(name, op_pool(call)));
	return key;
}

static void put_value(struct op_call *call, const struct conf_key *key, const struct conf_at *at)
{
	struct buf text = { 0 };

	conf_text(key, at, &text);
	op_put_text(call, "value", buf_slice(&text));
	buf_done(&text);
}

/* --- setting list --- */

struct list {
	struct op_call *call;
	const struct conf_key *key;
};

/* Values of other places than the server, a row each. */
static void put_override(void *arg, enum conf_scope scope, const char *place, const char *text)
{
	struct list *list = arg;

	for (size_t i = 0; i < SCOPES; i++) {
		if (scopes[i].scope != scope)
			continue;
		op_row(list->call);
		op_put_text(list->call, "name", slice_str(list->key->name));
		op_put_text(list->call, "value", slice_str(text));
		op_put_text(list->call, "of",
		    slice_str(pool_printf(op_pool(list->call), "%s %s", scopes[i].name, place)));
	}
}

static int run_list(struct op_call *call)
{
	struct slice prefix = slice_str(op_text(call, "prefix"));
	struct buf raw = { 0 };

	for (size_t i = 0; i < conf_key_table_n; i++) {
		const struct conf_key *key = conf_key_table[i];

		if (!slice_istarts(slice_str(key->name), prefix))
			continue;
		conf_raw(key, CONF_SERVER, SLICE(""), &raw);
		if (raw.n > 0 || !op_bool(call, "changed")) {
			op_row(call);
			op_put_text(call, "name", slice_str(key->name));
			put_value(call, key, NULL);
			op_put_text(call, "of", raw.n > 0 ? SLICE("server") : SLICE("default"));
		}
		conf_each(key, put_override, &(struct list){ call, key });
	}
	buf_done(&raw);
	return 0;
}

static const struct op_arg list_args[] = {
	{ "prefix", OP_TEXT, 0, "only settings whose names begin so", NULL },
	{ "changed", OP_BOOL, OP_OPTION, "only those that are not at their default", NULL },
	{ 0 },
};

OPERATION(setting_list) = {
	.name = "setting list",
	.role = OP_SERVER_ADMIN,
	.args = list_args,
	.help = "list settings, their values, and whose values they are",
	.example = "setting list smtp.\nsetting list --changed",
	.reads = true,
	.lists = true,
	.run = run_list,
};

/* --- setting get --- */

static void put_choices(struct op_call *call, const struct conf_key *key)
{
	struct buf text = { 0 };

	conf_range(key, &text);
	for (size_t i = 0; key->choices && key->choices[i]; i++)
		buf_printf(&text, "%s%s", i ? ", " : "", key->choices[i]);
	if (text.n > 0)
		op_put_text(call, "possible", buf_slice(&text));
	buf_done(&text);
}

static void put_lacking(struct op_call *call, const struct conf_key *key)
{
	struct buf text = { 0 };

	conf_lacking(key, &text);
	if (text.n > 0)
		op_put_text(call, "not in this build", buf_slice(&text));
	buf_done(&text);
}

static void put_scopes(struct op_call *call, const struct conf_key *key)
{
	struct buf text = { 0 };

	conf_scope_names(conf_scopes(key), &text);
	op_put_text(call, "set for", buf_slice(&text));
	buf_done(&text);
}

static int run_get(struct op_call *call)
{
	const struct conf_key *key = key_of(call);
	struct place place;

	if (!key || place_of(call, &place) != 0)
		return -1;
	struct conf_at at = { .domain = op_text(call, "domain"),
		.account = op_text(call, "account"),
		.listener = op_text(call, "listener"),
		.policy = op_text(call, "policy"),
		.destination = op_text(call, "destination") };
	op_put_text(call, "name", slice_str(key->name));
	put_value(call, key, &at);
	op_put_text(call, "default", slice_str(key->def));
	put_choices(call, key);
	put_lacking(call, key);
	put_scopes(call, key);
	op_put_text(call, "meaning", slice_str(key->help));
	if (key->restart)
		op_say(call, "A change takes effect at the next start.");
	return 0;
}

#define PLACE                                                                                      \
	{ "domain", OP_DOMAIN, OP_OPTION, "for this domain, not the whole server", NULL },         \
	    { "account", OP_ADDRESS, OP_OPTION, "for this account", NULL },                        \
	    { "listener", OP_TEXT, OP_OPTION, "for this listener", NULL },                         \
	    { "policy", OP_TEXT, OP_OPTION, "for this mail flow policy", NULL },                   \
	{                                                                                          \
		"destination", OP_DESTINATION, OP_OPTION,                                          \
		    "for mail to this domain, or to .DOMAIN", NULL                                 \
	}

static const struct op_arg get_args[] = {
	{ "name", OP_TEXT, OP_REQUIRED, "name of the setting", NULL },
	PLACE,
	{ 0 },
};

OPERATION(setting_get) = {
	.name = "setting get",
	.role = OP_SERVER_ADMIN,
	.args = get_args,
	.help = "show a setting: value, default, what is possible, what it means",
	.example = "setting get smtp.max-message-size",
	.reads = true,
	.run = run_get,
};

/* --- setting set, setting reset --- */

static int change(struct op_call *call, struct slice value)
{
	const struct conf_key *key = key_of(call);
	struct place place;
	struct err err = { 0 };

	if (!key || place_of(call, &place) != 0)
		return -1;
	if (conf_order(key, place.scope, slice_str(place.name), value, &err) != 0)
		return op_fail_err(call, &err);
	if (key->restart)
		op_say(call, "It takes effect at the next start.");
	return 0;
}

static int run_set(struct op_call *call)
{
	struct slice value = slice_str(op_text(call, "value"));

	if (value.n == 0)
		return op_fail(
		    call, ERR_INPUT, "no value: signet setting reset goes back to the default");
	return change(call, value);
}

static const struct op_arg set_args[] = {
	{ "name", OP_TEXT, OP_REQUIRED, "name of the setting", NULL },
	{ "value", OP_TEXT, OP_REQUIRED, "its new value", NULL },
	PLACE,
	{ 0 },
};

OPERATION(setting_set) = {
	.name = "setting set",
	.role = OP_SERVER_ADMIN,
	.args = set_args,
	.help = "change a setting; the running server follows at once",
	.more =
	    "The value of an account, policy, listener or destination goes before that of a\n"
	    "domain, and that before the server's. A destination is a domain that mail is sent\n"
	    "to, or .example.org: all below it. signet setting get NAME tells which values are\n"
	    "possible.",
	.example = "setting set smtp.max-message-size 25M\nsetting set log.level debug",
	.run = run_set,
};

static int run_reset(struct op_call *call)
{
	return change(call, SLICE(""));
}

OPERATION(setting_reset) = {
	.name = "setting reset",
	.role = OP_SERVER_ADMIN,
	.args = get_args,
	.help = "take a setting's value away, so that the wider one or the default holds",
	.example = "setting reset smtp.max-message-size",
	.run = run_reset,
};
