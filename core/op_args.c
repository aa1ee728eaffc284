/* op_args.c - arguments of an operation: from JSON, checked against the row */
#include "core/op_call.h"

#include "core/num.h"
#include "core/text.h"

/* --- one text, by type --- */

static int take_number(struct op_call *call, const struct op_arg *arg, struct op_value *value)
{
	struct slice text = slice_str(value->text);
	uint64_t size;

	if (arg->type == OP_NUMBER) {
		if (!num_i64(text, INT64_MIN, INT64_MAX, &value->num))
			return op_fail(
			    call, ERR_INPUT, "%s: '%s' is no number", arg->name, value->text);
		return 0;
	}
	if (!num_size(text, INT64_MAX, &size))
		return op_fail(call, ERR_INPUT, "%s: '%s' is no size like 64k, 25M or 2G",
		    arg->name, value->text);
	value->num = (int64_t)size;
	return 0;
}

static int take_bool(struct op_call *call, const struct op_arg *arg, struct op_value *value)
{
	struct slice text = slice_str(value->text);

	value->num = slice_ieq(text, SLICE("on"));
	if (!value->num && !slice_ieq(text, SLICE("off")))
		return op_fail(call, ERR_INPUT, "%s is on or off", arg->name);
	return 0;
}

static int take_choice(struct op_call *call, const struct op_arg *arg, struct op_value *value)
{
	struct buf words = { 0 };

	for (value->num = 0; arg->choices[value->num]; value->num++) {
		if (slice_ieq(slice_str(value->text), slice_str(arg->choices[value->num]))) {
			buf_done(&words);
			return 0;
		}
		buf_printf(&words, "%s%s", value->num ? ", " : "", arg->choices[value->num]);
	}
	op_fail(call, ERR_INPUT, "%s: '%s' is none of: %s", arg->name, value->text, buf_z(&words));
	buf_done(&words);
	return -1;
}

/* A domain admin acts in one domain, a user on one account. */
static int check_own(
    struct op_call *call, const struct op_arg *arg, struct slice domain, const char *address)
{
	const struct op_caller *caller = call->caller;

	if (caller->role == OP_SERVER_ADMIN || arg->flags & OP_FOREIGN)
		return 0;
	if (caller->role == OP_DOMAIN_ADMIN && caller->domain &&
	    slice_eq(domain, slice_str(caller->domain)))
		return 0;
	if (caller->role == OP_USER && address && strcmp(address, caller->name) == 0)
		return 0;
	return op_fail(call, ERR_DENIED, "%s is not yours", address ? address : "this domain");
}

static int take_domain(struct op_call *call, const struct op_arg *arg, struct op_value *value)
{
	const char *ascii = domain_ascii(&call->pool, slice_str(value->text));

	if (!ascii)
		return op_fail(
		    call, ERR_INPUT, "%s: '%s' is no domain name", arg->name, value->text);
	value->text = ascii;
	return check_own(call, arg, slice_str(ascii), NULL);
}

static int take_destination(struct op_call *call, const struct op_arg *arg, struct op_value *value)
{
	bool below = value->text[0] == '.';
	const char *ascii = domain_ascii(&call->pool, slice_str(value->text + below));

	if (!ascii)
		return op_fail(call, ERR_INPUT, "%s: '%s' is no domain name, nor one behind a dot",
		    arg->name, value->text);
	value->text = below ? pool_printf(&call->pool, ".%s", ascii) : ascii;
	return check_own(call, arg, slice_str(value->text), NULL);
}

/* An address that has to be written with quotes would not survive in lists of
   addresses. */
static int take_address(struct op_call *call, const struct op_arg *arg, struct op_value *value)
{
	struct address address;
	const char *plain = NULL;

	if (address_parse(&call->pool, slice_str(value->text), &address))
		plain = pool_printf(
		    &call->pool, "%.*s@%.*s", SLICE_ARG(address.local), SLICE_ARG(address.domain));
	if (!plain || !address_parse(&call->pool, slice_str(plain), &address))
		return op_fail(call, ERR_INPUT, "%s: '%s' is no address like ann@example.org",
		    arg->name, value->text);
	value->text = plain;
	return check_own(call, arg, address.domain, plain);
}

static int take_file(struct op_call *call, const struct op_arg *arg, struct op_value *value)
{
	if (*value->text != '/')
		return op_fail(
		    call, ERR_INPUT, "%s: '%s' is no absolute path", arg->name, value->text);
	return 0;
}

static int take_text(struct op_call *call, const struct op_arg *arg, struct op_value *value)
{
	static int (*const by_type[])(
	    struct op_call *, const struct op_arg *, struct op_value *) = {
		[OP_NUMBER] = take_number,
		[OP_SIZE] = take_number,
		[OP_BOOL] = take_bool,
		[OP_CHOICE] = take_choice,
		[OP_DOMAIN] = take_domain,
		[OP_DESTINATION] = take_destination,
		[OP_ADDRESS] = take_address,
		[OP_FILE] = take_file,
		[OP_SECRET] = NULL,
	};

	return by_type[arg->type] ? by_type[arg->type](call, arg, value) : 0;
}

/* --- JSON --- */

/* Text of a string, or of a number or a truth value as somebody would write
   it; NULL for anything else. */
static const char *text_of(struct op_call *call, const json_t *json)
{
	if (json_is_integer(json))
		return pool_printf(&call->pool, "%lld", (long long)json_integer_value(json));
	if (json_is_boolean(json))
		return json_is_true(json) ? "on" : "off";
	if (!json_is_string(json) || strlen(json_string_value(json)) != json_string_length(json))
		return NULL;
	return pool_str(&call->pool, slice_str(json_string_value(json)));
}

/* A string, or {"base64": "..."} where the bytes are no text. */
static int take_secret(
    struct op_call *call, const struct op_arg *arg, const json_t *json, struct op_value *value)
{
	const json_t *coded = json_object_get(json, "base64");
	struct buf bytes = { 0 };
	bool ok = false;

	if (json_is_string(json)) {
		value->secret = pool_slice(
		    &call->pool, slice_of(json_string_value(json), json_string_length(json)));
		ok = true;
	} else if (json_is_string(coded)) {
		buf_room(&bytes, json_string_length(coded)); /* no copies left behind by growing */
		ok = base64_get(
		    &bytes, slice_of(json_string_value(coded), json_string_length(coded)));
		value->secret = pool_slice(&call->pool, buf_slice(&bytes));
		buf_wipe(&bytes);
	}
	return ok ? 0 : op_fail(call, ERR_INPUT, "%s is text, or an object with base64", arg->name);
}

static int take_one(
    struct op_call *call, const struct op_arg *arg, const json_t *json, struct op_value *value)
{
	value->given = true;
	if (arg->type == OP_SECRET)
		return take_secret(call, arg, json, value);
	value->text = text_of(call, json);
	if (!value->text)
		return op_fail(call, ERR_INPUT, "%s is no text", arg->name);
	if (*value->text == '\0' && arg->flags & OP_REQUIRED && arg->type != OP_TEXT)
		return op_fail(call, ERR_INPUT, "%s is empty", arg->name);
	return take_text(call, arg, value);
}

static int take_many(
    struct op_call *call, const struct op_arg *arg, const json_t *json, struct op_value *value)
{
	struct op_value item;
	size_t n = json_array_size(json);

	if (!json_is_array(json))
		return op_fail(call, ERR_INPUT, "%s is a list", arg->name);
	value->items = pool_get(&call->pool, (n + 1) * sizeof *value->items);
	for (size_t i = 0; i < n; i++) {
		item = (struct op_value){ 0 };
		if (take_one(call, arg, json_array_get(json, i), &item) != 0)
			return -1;
		value->items[i] = item.text;
	}
	value->n_items = n;
	value->given = n > 0;
	return 0;
}

static bool is_arg(const struct op *op, const char *name)
{
	for (const struct op_arg *arg = op->args; arg && arg->name; arg++)
		if (strcmp(arg->name, name) == 0)
			return true;
	return false;
}

int op_args_take(struct op_call *call, const json_t *args)
{
	size_t n = 0;

	for (void *at = json_object_iter((json_t *)args); at;
	     at = json_object_iter_next((json_t *)args, at))
		if (!is_arg(call->op, json_object_iter_key(at)))
			return op_fail(call, ERR_INPUT, "%s knows no argument '%s'", call->op->name,
			    json_object_iter_key(at));
	while (call->op->args && call->op->args[n].name)
		n++;
	call->values = pool_get(&call->pool, (n + 1) * sizeof *call->values);
	for (size_t i = 0; i < n; i++) {
		const struct op_arg *arg = &call->op->args[i];
		const json_t *json = json_object_get(args, arg->name);
		int rc = 0;

		if (json && !json_is_null(json))
			rc = (arg->flags & OP_MANY ? take_many : take_one)(
			    call, arg, json, &call->values[i]);
		if (rc != 0)
			return -1;
		if (arg->flags & OP_REQUIRED && !call->values[i].given)
			return op_fail(call, ERR_INPUT, "%s is missing: %s", arg->name, arg->help);
	}
	return 0;
}

/* Of very many the first ones, and how many more. */
static const char *items_shown(struct op_call *call, const struct op_value *value)
{
	enum { SHOWN_BYTES = 8000 };
	struct buf all = { 0 };
	size_t k;

	for (k = 0; k < value->n_items && all.n < SHOWN_BYTES; k++)
		buf_printf(&all, "%s%s", k > 0 ? " " : "", value->items[k]);
	if (k < value->n_items)
		buf_printf(&all, " and %zu more", value->n_items - k);
	const char *copy = pool_str(&call->pool, buf_slice(&all));
	buf_done(&all);
	return copy;
}

const char *op_args_shown(struct op_call *call, size_t i)
{
	const struct op_value *value = &call->values[i];

	if (call->op->args[i].type == OP_SECRET || !value->given)
		return NULL;
	return value->n_items > 0 ? items_shown(call, value) : value->text;
}

/* --- for run() --- */

static const struct op_value *find(struct op_call *call, const char *name)
{
	for (size_t i = 0; call->op->args && call->op->args[i].name; i++)
		if (strcmp(call->op->args[i].name, name) == 0)
			return &call->values[i];
	bug("operation %s has no argument %s", call->op->name, name);
}

bool op_takes(struct op_call *call, const char *arg)
{
	for (size_t i = 0; call->op->args && call->op->args[i].name; i++)
		if (strcmp(call->op->args[i].name, arg) == 0)
			return true;
	return false;
}

bool op_given(struct op_call *call, const char *arg)
{
	return find(call, arg)->given;
}

const char *op_text(struct op_call *call, const char *arg)
{
	return find(call, arg)->text;
}

int64_t op_number(struct op_call *call, const char *arg, int64_t otherwise)
{
	const struct op_value *value = find(call, arg);

	return value->given ? value->num : otherwise;
}

bool op_bool(struct op_call *call, const char *arg)
{
	return find(call, arg)->num != 0;
}

struct slice op_secret(struct op_call *call, const char *arg)
{
	return find(call, arg)->secret;
}

size_t op_count(struct op_call *call, const char *arg)
{
	return find(call, arg)->n_items;
}

const char *op_item(struct op_call *call, const char *arg, size_t i)
{
	return find(call, arg)->items[i];
}
