/* api.c - the operations as HTTP: GET or POST /api/v1/NOUN/VERB
 *
 * Arguments and answers are those of `signet --json`. What reads may be asked for
 * by GET with a query; all can be asked for by POST with a JSON object. */
#include <stdlib.h>

#include <jansson.h>

#include "protocols/http/http_private.h"

enum {
	API_BODY_MAX = 4 * 1024 * 1024, /* certificates, scripts */
	DEPTH_MAX = 16,
};

static const struct op *find_op(struct http_req *req)
{
	const char *name =
	    pool_printf(&req->pool, "%s %s", http_param(req, "noun"), http_param(req, "verb"));
	const struct op *op = op_find(slice_str(name));

	return op && op_is_served(op) ? op : NULL;
}

/* --- arguments of a query --- */

static const struct op_arg *find_arg(const struct op *op, const char *name)
{
	for (const struct op_arg *arg = op->args; arg && arg->name; arg++)
		if (strcmp(arg->name, name) == 0)
			return arg;
	return NULL;
}

static int take_pair(
    struct http_req *req, const struct op *op, const struct http_pair *pair, json_t *args)
{
	const struct op_arg *arg = find_arg(op, pair->name);
	json_t *list = json_object_get(args, pair->name);

	if (!arg)
		return http_error(req, 400, "%s knows no argument '%s'", op->name, pair->name);
	if (arg->type == OP_SECRET)
		return http_error(req, 400, "a secret does not belong into a URL: use POST");
	if (list && !(arg->flags & OP_MANY))
		return http_error(req, 400, "%s is there twice", pair->name);
	if (!(arg->flags & OP_MANY)) {
		json_object_set_new(args, pair->name, json_string(pair->value));
		return 0;
	}
	if (!list)
		json_object_set_new(args, pair->name, list = json_array());
	json_array_append_new(list, json_string(pair->value));
	return 0;
}

static json_t *args_of_query(struct http_req *req, const struct op *op)
{
	json_t *args = json_object();

	for (size_t i = 0; i < req->args.n; i++) {
		if (take_pair(req, op, &req->args.p[i], args) != 0) {
			json_decref(args);
			return NULL;
		}
	}
	return args;
}

/* --- arguments of a body --- */

/* Before the library builds what a stranger nested. */
static bool is_deep(struct slice text)
{
	bool quoted = false;
	int depth = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '{' || c == '[') && ++depth > DEPTH_MAX)
			return true;
		else if (!quoted && (c == '}' || c == ']'))
			depth--;
	}
	return false;
}

static json_t *args_of_body(struct http_req *req)
{
	struct slice body = http_request_body(req);
	struct slice type = http_media_type(http_request_header(req, "Content-Type"));
	json_error_t error;

	if (body.n == 0)
		return json_object();
	if (!slice_ieq(type, SLICE("application/json"))) {
		http_error(req, 415, "arguments are application/json");
		return NULL;
	}
	if (is_deep(body)) {
		http_error(req, 400, "the JSON is too deep");
		return NULL;
	}
	json_t *args = json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(args)) {
		json_decref(args);
		http_error(req, 400, "arguments are a JSON object");
		return NULL;
	}
	return args;
}

/* --- answers --- */

static int status_of(const json_t *answer)
{
	static const struct {
		enum err_kind kind;
		int status;
	} by_kind[] = {
		{ ERR_INPUT, 400 },
		{ ERR_ABSENT, 404 },
		{ ERR_EXISTS, 409 },
		{ ERR_DENIED, 403 },
		{ ERR_LIMIT, 422 },
		{ ERR_BUSY, 503 },
		{ ERR_TEMP, 503 },
	};
	const char *kind =
	    json_string_value(json_object_get(json_object_get(answer, "error"), "kind"));

	if (json_is_true(json_object_get(answer, "ok")))
		return 200;
	for (size_t i = 0; kind && i < sizeof by_kind / sizeof *by_kind; i++)
		if (strcmp(kind, err_kind_name(by_kind[i].kind)) == 0)
			return by_kind[i].status;
	return 500;
}

static int add_piece(const char *piece, size_t n, void *arg)
{
	buf_add(arg, piece, n);
	return 0;
}

static void put_json(struct http_req *req, const json_t *json)
{
	http_type(req, "application/json");
	json_dump_callback(json, add_piece, http_body(req), JSON_COMPACT);
	buf_addc(http_body(req), '\n');
}

static int run(struct http_req *req)
{
	const struct op *op = find_op(req);

	if (!op)
		return http_error(req, 404, "there is no such operation");
	if (op_elsewhere(op))
		return HTTP_ELSEWHERE;
	if (http_method(req) == HTTP_GET && !op->reads) {
		http_error(req, 405, "%s changes something: use POST", op->name);
		http_header(req, "Allow", "POST");
		return -1;
	}
	json_t *args = http_method(req) == HTTP_GET ? args_of_query(req, op) : args_of_body(req);
	if (!args)
		return -1;
	const json_t *answer = http_op(req, op->name, args);
	http_status(req, status_of(answer));
	put_json(req, answer);
	return 0;
}

HTTP_ROUTE(api) = {
	.path = "/api/v1/:noun/:verb",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_USER,
	.api = true,
	.body_max = API_BODY_MAX,
	.run = run,
};
