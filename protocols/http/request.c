/* request.c - what a handler sees of a request, and the operations it calls */
#include <stdlib.h>

#include <jansson.h>

#include "core/text.h"
#include "protocols/http/http_private.h"
#include "storage/dir.h"

enum http_method http_method(const struct http_req *req)
{
	return req->method;
}

static const char *value_of(const struct http_pairs *pairs, const char *name)
{
	const struct http_pair *pair = http_pairs_find(pairs, name);

	return pair ? pair->value : NULL;
}

const char *http_param(struct http_req *req, const char *name)
{
	return value_of(&req->params, name);
}

const char *http_query(struct http_req *req, const char *name)
{
	return value_of(&req->args, name);
}

const char *http_field(struct http_req *req, const char *name)
{
	return value_of(&req->form, name);
}

size_t http_fields(struct http_req *req, const char *name, const char **out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < req->form.n && n < max; i++)
		if (req->form.p[i].value && strcmp(req->form.p[i].name, name) == 0)
			out[n++] = req->form.p[i].value;
	return n;
}

struct slice http_upload(struct http_req *req, const char *name)
{
	const struct http_pair *pair = http_pairs_find(&req->form, name);

	return pair ? pair->bytes : (struct slice){ 0 };
}

struct slice http_request_header(struct http_req *req, const char *name)
{
	return http_read_field(&req->in, slice_str(name));
}

struct slice http_request_body(struct http_req *req)
{
	return buf_slice(&req->in.body);
}

struct pool *http_pool(struct http_req *req)
{
	return &req->pool;
}

struct sess *http_sess(struct http_req *req)
{
	return req->s;
}

const struct op_caller *http_caller(struct http_req *req)
{
	return req->caller.name ? &req->caller : NULL;
}

/* --- the domain that a client means --- */

static bool take_hosted(struct http_req *req, struct slice name)
{
	struct dir_domain domain;

	if (name.n == 0 || dir_domain(name, &req->pool, &domain) != 1)
		return false;
	req->domain = domain.name;
	return true;
}

/* "mail.example.org" means example.org, when that is hosted. */
static bool take_host(struct http_req *req)
{
	struct slice host = req->host;
	ptrdiff_t colon = slice_rchr(host, ':');

	if (colon > 0)
		host = slice_head(host, (size_t)colon);
	const char *ascii = domain_ascii(&req->pool, host);
	for (struct slice name = slice_str(ascii); name.n > 0; slice_cut(&name, '.'))
		if (take_hosted(req, name))
			return true;
	return false;
}

const char *http_domain(struct http_req *req)
{
	struct dir_domain domain;
	struct tls_info tls;

	if (req->domain || take_host(req) ||
	    (sess_tls_info(req->s, &tls) && take_hosted(req, slice_str(tls.domain))))
		return req->domain;
	req->domain = dir_main_domain(&req->pool, &domain) == 1 ? domain.name : "localhost";
	return req->domain;
}

/* --- operations --- */

struct http_said {
	struct http_said *next;
	json_t *json;
};

const struct json_t *http_op(struct http_req *req, const char *name, struct json_t *args)
{
	struct http_said *said = pool_get(&req->pool, sizeof *said);
	struct err err;

	if (req->caller.name) {
		op_run(&req->caller, slice_str(name), args, &said->json);
	} else {
		err_set(&err, ERR_DENIED, "nobody is logged in");
		said->json = json_pack("{s:b, s:{s:s, s:s}}", "ok", 0, "error", "kind",
		    err_kind_name(err.kind), "text", err.text);
	}
	json_decref(args);
	said->next = req->said;
	req->said = said;
	return said->json;
}

void http_said_done(struct http_req *req)
{
	for (; req->said; req->said = req->said->next)
		json_decref(req->said->json);
}
