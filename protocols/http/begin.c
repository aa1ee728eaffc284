/* begin.c - a request begins: its limits, its time, where it leads, how much may follow its head */
#include <stdlib.h>
#include <time.h>

#include "core/conf.h"
#include "core/loop.h"
#include "protocols/http/http_private.h"

CONF_KEY(http_header_time) = {
	.name = "http.header-time",
	.type = CONF_DURATION,
	.def = "15s",
	.min = 1000,
	.max = 600000,
	.help = "within what time the whole header of a request must come",
};

CONF_KEY(http_body_time) = {
	.name = "http.body-time",
	.type = CONF_DURATION,
	.def = "2m",
	.min = 1000,
	.max = 3600000,
	.help = "within what time the whole body of a request must come",
};

CONF_KEY(http_header_size) = {
	.name = "http.max-header-size",
	.type = CONF_SIZE,
	.def = "32k",
	.min = 4096,
	.max = 1 << 20,
	.help = "most bytes of a request's header; its first line may have a quarter of them",
};

enum { FIELDS_MAX = 100, BODY_MAX = 64 * 1024 };

int64_t http_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* --- begin and end --- */

static void allow_time(struct http_req *req, const struct conf_key *key)
{
	uint64_t ms = (uint64_t)conf_num(key);

	req->deadline = loop_now() + ms;
	sess_timeout(req->s, ms);
}

struct http_req *http_req_new(struct sess *s)
{
	struct http_req *req = mem_get(sizeof *req);
	size_t head = (size_t)conf_num(&conf_key_http_header_size);

	req->s = s;
	req->pool.wipe = true;
	req->began_us = http_now_us();
	req->in.line_max = head / 4;
	req->in.head_max = head;
	req->in.fields_max = FIELDS_MAX;
	req->status = 200;
	allow_time(req, &conf_key_http_header_time);
	return req;
}

void http_req_free(struct http_req **req)
{
	if (!*req)
		return;
	http_said_done(*req);
	http_read_done(&(*req)->in);
	buf_wipe(&(*req)->fields);
	buf_wipe(&(*req)->body);
	pool_done(&(*req)->pool);
	free(*req);
	*req = NULL;
}

/* --- the head is there --- */

static enum http_method method_of(struct slice method, bool *head_only)
{
	*head_only = slice_eq(method, SLICE("HEAD"));
	if (slice_eq(method, SLICE("POST")))
		return HTTP_POST;
	if (slice_eq(method, SLICE("PUT")))
		return HTTP_PUT;
	return slice_eq(method, SLICE("DELETE")) ? HTTP_DELETE : HTTP_GET;
}

/* RFC 9112 3.2.2: a target may be a whole URL, whose host then goes before Host. */
static void cut_target(struct http_req *req)
{
	struct slice target = req->in.target;
	ptrdiff_t scheme = slice_find(target, SLICE("://"));

	req->host = http_read_field(&req->in, SLICE("Host"));
	if (*target.p != '/' && scheme > 0) {
		struct slice rest = slice_from(target, (size_t)scheme + 3);
		ptrdiff_t slash = slice_chr(rest, '/');
		req->host = slice_head(rest, slash < 0 ? rest.n : (size_t)slash);
		target = slash < 0 ? SLICE("/") : slice_from(rest, (size_t)slash);
	}
	req->path = slice_cut(&target, '?');
	req->query = target;
}

/* Who shows nothing by which he might be known is not let in, and his body is
   not worth the memory. */
static size_t body_max(const struct http_req *req)
{
	const struct http_route *route = req->route;

	if (!route || route->body_max == 0)
		return BODY_MAX;
	struct slice shown = route->api ? SLICE("Authorization") : SLICE("Cookie");
	bool unknown = route->who != HTTP_ANYONE && !http_read_field(&req->in, shown).p;
	return unknown && route->body_max > BODY_MAX ? BODY_MAX : route->body_max;
}

void http_req_begin(struct http_req *req)
{
	req->method = method_of(req->in.method, &req->head_only);
	cut_target(req);
	http_route_find(req);
	req->close = !req->in.keep_alive || req->in.http10;
	req->in.body_max = body_max(req);
	allow_time(req, &conf_key_http_body_time);
}
