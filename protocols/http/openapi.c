/* openapi.c - what the API can do, as an OpenAPI 3.1 document made of the operations' rows */
#include <pthread.h>

#include <jansson.h>

#include "config.h"
#include "protocols/http/http_private.h"

/* --- arguments --- */

static json_t *choices_of(const struct op_arg *arg)
{
	json_t *list = json_array();

	for (size_t i = 0; arg->choices && arg->choices[i]; i++)
		json_array_append_new(list, json_string(arg->choices[i]));
	return json_pack("{s:s, s:o}", "type", "string", "enum", list);
}

static json_t *type_of(const struct op_arg *arg)
{
	switch (arg->type) {
	case OP_NUMBER:
		return json_pack("{s:s}", "type", "integer");
	case OP_SIZE:
		return json_pack(
		    "{s:[s,s], s:[s,i]}", "type", "string", "integer", "examples", "25M", 4096);
	case OP_BOOL:
		return json_pack("{s:s}", "type", "boolean");
	case OP_CHOICE:
		return choices_of(arg);
	case OP_DOMAIN:
		return json_pack("{s:s, s:s}", "type", "string", "format", "idn-hostname");
	case OP_ADDRESS:
		return json_pack("{s:s, s:s}", "type", "string", "format", "idn-email");
	case OP_SECRET:
		return json_pack("{s:s}", "$ref", "#/components/schemas/Secret");
	case OP_TEXT:
	case OP_DESTINATION:
	case OP_FILE:
		break;
	}
	return json_pack("{s:s}", "type", "string");
}

static json_t *schema_of(const struct op_arg *arg)
{
	json_t *type = type_of(arg);

	if (arg->flags & OP_FOREIGN) /* may belong to anybody */
		json_object_set_new(type, "x-foreign", json_true());
	return arg->flags & OP_MANY ? json_pack("{s:s, s:o}", "type", "array", "items", type)
				    : type;
}

static json_t *parameters_of(const struct op *op)
{
	json_t *list = json_array();

	for (const struct op_arg *arg = op->args; arg && arg->name; arg++)
		json_array_append_new(list,
		    json_pack("{s:s, s:s, s:b, s:s, s:o}", "name", arg->name, "in", "query",
			"required", (arg->flags & OP_REQUIRED) != 0, "description", arg->help,
			"schema", schema_of(arg)));
	return list;
}

static json_t *body_of(const struct op *op)
{
	json_t *properties = json_object(), *required = json_array();
	bool any = false;

	for (const struct op_arg *arg = op->args; arg && arg->name; arg++) {
		json_t *schema = schema_of(arg);
		json_object_set_new(schema, "description", json_string(arg->help));
		json_object_set_new(properties, arg->name, schema);
		if (arg->flags & OP_REQUIRED) {
			json_array_append_new(required, json_string(arg->name));
			any = true;
		}
	}
	return json_pack("{s:b, s:{s:{s:{s:s, s:o, s:o, s:b}}}}", "required", any, "content",
	    "application/json", "schema", "type", "object", "properties", properties, "required",
	    required, "additionalProperties", 0);
}

/* --- operations --- */

static json_t *responses_of(const struct op *op)
{
	return json_pack("{s:{s:s, s:{s:{s:{s:s}}}}, s:{s:s}}", "200", "description", "it was done",
	    "content", "application/json", "schema", "$ref",
	    op->lists ? "#/components/schemas/Rows" : "#/components/schemas/Done", "default",
	    "$ref", "#/components/responses/Refused");
}

static bool has_secret(const struct op *op)
{
	for (const struct op_arg *arg = op->args; arg && arg->name; arg++)
		if (arg->type == OP_SECRET)
			return true;
	return false;
}

static json_t *operation_of(const struct op *op, const char *id, struct slice noun, bool by_query)
{
	json_t *json = json_pack("{s:s, s:s%, s:[s%], s:s, s:o}", "summary", op->help,
	    "operationId", id, strlen(id), "tags", noun.p, noun.n, "x-role",
	    op_role_names[op->role], "responses", responses_of(op));

	if (op->more)
		json_object_set_new(json, "description", json_string(op->more));
	if (by_query)
		json_object_set_new(json, "parameters", parameters_of(op));
	else
		json_object_set_new(json, "requestBody", body_of(op));
	return json;
}

static void put_operation(struct pool *pool, json_t *paths, const struct op *op)
{
	struct slice verb = slice_str(op->name), noun = slice_cut(&verb, ' ');
	const char *path = pool_printf(pool, "/%.*s/%s", SLICE_ARG(noun), verb.p);
	const char *id = pool_printf(pool, "%.*s_%s", SLICE_ARG(noun), verb.p);
	bool by_query = op->reads && !has_secret(op);

	json_object_set_new(paths, path,
	    json_pack("{s:o}", by_query ? "get" : "post", operation_of(op, id, noun, by_query)));
}

static json_t *paths(void)
{
	json_t *json = json_object();
	struct pool pool = { 0 };

	for (size_t i = 0; i < op_table_n; i++)
		if (op_is_served(op_table[i]))
			put_operation(&pool, json, op_table[i]);
	pool_done(&pool);
	return json;
}

/* --- what they share --- */

static json_t *components(void)
{
	static const char text[] =
	    "{\"securitySchemes\":{\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"}},"
	    "\"responses\":{\"Refused\":{\"description\":\"it was not done\",\"content\":"
	    "{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/Error\"}}}}},"
	    "\"schemas\":{"
	    "\"Secret\":{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"object\",\"required\":"
	    "[\"base64\"],\"properties\":{\"base64\":{\"type\":\"string\","
	    "\"contentEncoding\":\"base64\"}}}]},"
	    "\"Done\":{\"type\":\"object\",\"required\":[\"ok\"],\"properties\":"
	    "{\"ok\":{\"const\":true},\"message\":{\"type\":\"string\"}}},"
	    "\"Rows\":{\"type\":\"object\",\"required\":[\"ok\",\"rows\"],\"properties\":"
	    "{\"ok\":{\"const\":true},\"rows\":{\"type\":\"array\",\"items\":"
	    "{\"type\":\"object\"}}}},"
	    "\"Error\":{\"type\":\"object\",\"required\":[\"ok\",\"error\"],\"properties\":"
	    "{\"ok\":{\"const\":false},\"error\":{\"type\":\"object\",\"required\":"
	    "[\"kind\",\"text\"],\"properties\":{\"kind\":{\"enum\":[\"input\",\"absent\","
	    "\"exists\",\"denied\",\"limit\",\"busy\",\"temp\"]},"
	    "\"text\":{\"type\":\"string\"}}}}}}}";

	return json_loads(text, 0, NULL);
}

/* The rows never change: it is made once. */
static struct buf document;

static int add_piece(const char *piece, size_t n, void *arg)
{
	buf_add(arg, piece, n);
	return 0;
}

static void make(void)
{
	json_t *json = json_pack("{s:s, s:{s:s, s:s}, s:[{s:s}], s:[{s:[]}], s:o, s:o}", "openapi",
	    "3.1.0", "info", "title", "Signet", "version", SIGNET_VERSION, "servers", "url",
	    "/api/v1", "security", "token", "paths", paths(), "components", components());

	if (!json)
		bug("the OpenAPI document cannot be made");
	json_dump_callback(json, add_piece, &document, JSON_COMPACT);
	json_decref(json);
}

static int run(struct http_req *req)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make);
	http_type(req, "application/json");
	buf_adds(http_body(req), buf_slice(&document));
	return 0;
}

HTTP_ROUTE(openapi) = {
	.path = "/api/v1/openapi.json",
	.methods = HTTP_GET,
	.api = true,
	.run = run,
};
