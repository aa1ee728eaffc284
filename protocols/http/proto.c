/* proto.c - HTTP/1.1 (RFC 9110, RFC 9112) as a session: requests in, answers out, one at a time */
#include <stdlib.h>
#include <time.h>

#include "core/conf.h"
#include "core/listen.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/metric.h"
#include "protocols/http/http_private.h"

CONF_KEY(http_idle_time) = {
	.name = "http.idle-time",
	.type = CONF_DURATION,
	.def = "60s",
	.min = 1000,
	.max = 3600000,
	.help = "how long an HTTP connection may wait for its next request",
};

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

enum { CLASS_REFUSED = 5 };

METRIC(http_requests) = {
	.name = "signet_http_requests_total",
	.type = METRIC_COUNTER,
	.help = "HTTP requests, by what was answered",
	.label = "status",
	.values = METRIC_VALUES("1xx", "2xx", "3xx", "4xx", "5xx", "malformed"),
	.cells = METRIC_CELLS(6),
};

METRIC(http_seconds) = {
	.name = "signet_http_request_seconds",
	.type = METRIC_SECONDS,
	.help = "time from the first byte of an HTTP request to its answer",
	.cells = METRIC_CELLS(METRIC_SECONDS_CELLS),
};

enum {
	FIELDS_MAX = 100,
	BODY_MAX = 64 * 1024,
	LINE_MAX_BYTES = 64 * 1024, /* the reader takes all it is given */
};

struct http {
	struct http_req *req; /* the one that comes in or is answered; NULL: none */
	char *account;	      /* that the session was last used by */
};

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* --- a request --- */

static void allow_time(struct http_req *req, const struct conf_key *key)
{
	uint64_t ms = (uint64_t)conf_num(key);

	req->deadline = loop_now() + ms;
	sess_timeout(req->s, ms);
}

static struct http_req *new_request(struct sess *s)
{
	struct http_req *req = mem_get(sizeof *req);
	size_t head = (size_t)conf_num(&conf_key_http_header_size);

	req->s = s;
	req->pool.wipe = true;
	req->began_us = now_us();
	req->in.line_max = head / 4;
	req->in.head_max = head;
	req->in.fields_max = FIELDS_MAX;
	req->status = 200;
	allow_time(req, &conf_key_http_header_time);
	return req;
}

static void free_request(struct http_req **req)
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

/* The head is there: where does it lead, and how much more may come? */
static void begin_body(struct http_req *req)
{
	req->method = method_of(req->in.method, &req->head_only);
	cut_target(req);
	http_route_find(req);
	req->close = !req->in.keep_alive || req->in.http10;
	req->in.body_max = body_max(req);
	allow_time(req, &conf_key_http_body_time);
}

/* RFC 9110 10.1.1; not for a body that is refused anyway. */
static void say_continue(struct http_req *req)
{
	if (req->in.continues && req->route)
		buf_addz(sess_out(req->s), "HTTP/1.1 100 Continue\r\n\r\n");
	req->in.continues = false;
}

/* --- as a session --- */

static enum frame frame(struct sess *s, struct slice in, size_t *used)
{
	struct http *http = sess_state(s);
	struct http_req *req = http->req;
	size_t taken;

	if (!req)
		req = http->req = new_request(s);
	if (loop_now() > req->deadline) {
		req->in.status = 408;
		req->in.reason = "the request took too long to come";
		return FRAME_INSTANT;
	}
	enum http_read read = http_read(&req->in, in, used);
	if (read == HTTP_READ_HEAD) {
		begin_body(req);
		read = http_read(&req->in, slice_from(in, *used), &taken);
		*used += taken;
		if (read == HTTP_READ_MORE)
			say_continue(req);
	}
	switch (read) {
	case HTTP_READ_MORE:
	case HTTP_READ_HEAD:
		return FRAME_MORE;
	case HTTP_READ_DONE:
		return req->route && req->route->instant ? FRAME_INSTANT : FRAME_WORK;
	case HTTP_READ_FAIL:
		break;
	}
	*used = 0; /* what is not taken makes the session linger: the peer reads why */
	return FRAME_INSTANT;
}

/* One line for each, and its part in what is counted. */
static void log_request(const struct http_req *req)
{
	enum { SHOWN = 200 };
	bool quiet = req->route && req->route->instant;
	int64_t took = now_us() - req->began_us;

	metric_add(&metric_http_requests, (unsigned)(req->status / 100 - 1) % CLASS_REFUSED, 1);
	metric_took(&metric_http_seconds, (uint64_t)took);

	log_event(quiet ? LOG_DEBUG : LOG_INFO, "request", log_s("method", req->in.method),
	    log_s("path", slice_head(req->path, SHOWN)), log_n("status", req->status),
	    log_n("us", took), log_z("by", req->caller.name ? req->caller.name : ""));
}

/* Nobody knows where the next request would begin. */
static enum sess_next refuse(struct http_req *req)
{
	http_answer_plain(req->s, req->in.status, req->in.reason);
	metric_add(&metric_http_requests, CLASS_REFUSED, 1);
	log_event(LOG_INFO, "bad-request", log_n("status", req->in.status),
	    log_z("reason", req->in.reason));
	return SESS_CLOSE;
}

/* For listings and for what ends an account's sessions. */
static void note_account(struct http *http, struct http_req *req)
{
	const char *name = req->login.n ? req->caller.name : NULL;

	if (!name || (http->account && strcmp(http->account, name) == 0))
		return;
	free(http->account);
	http->account = mem_str(slice_str(name));
	if (!sess_account(req->s, slice_str(name)))
		req->close = true;
}

static bool is_clear(const struct http_req *req)
{
	return !sess_is_tls(req->s) && !(req->route && req->route->clear);
}

static enum sess_next serve(struct http *http)
{
	struct http_req *req = http->req;

	if (is_clear(req))
		http_to_https(req);
	else if (http_gate(req) == 0) {
		note_account(http, req);
		req->route->run(req);
	}
	req->close = req->close || sess_draining();
	http_answer(req);
	log_request(req);
	return req->close ? SESS_CLOSE : SESS_NEXT;
}

static enum sess_next run(struct sess *s)
{
	struct http *http = sess_state(s);
	enum sess_next next = http->req->in.status ? refuse(http->req) : serve(http);

	free_request(&http->req);
	sess_timeout(s, (uint64_t)conf_num(&conf_key_http_idle_time));
	return next;
}

static enum sess_next open_session(struct sess *s)
{
	op_start();
	sess_timeout(s, (uint64_t)conf_num(&conf_key_http_header_time));
	return SESS_NEXT;
}

/* frame() takes all there is, so this is not called; a session must have it. */
static enum sess_next overlong(struct sess *s, struct slice in, size_t *used)
{
	(void)in;
	(void)used;
	http_answer_plain(s, 431, "the header is too long");
	return SESS_CLOSE;
}

static void bye(struct sess *s, enum sess_bye why)
{
	struct http *http = sess_state(s);

	switch (why) {
	case SESS_BYE_IDLE: /* between requests there is nothing to answer */
		if (http->req)
			http_answer_plain(s, 408, "the request took too long to come");
		break;
	case SESS_BYE_DRAIN:
	case SESS_BYE_ENDED:
		if (http->req)
			http_answer_plain(s, 503, "the server ends");
		break;
	case SESS_BYE_LIMIT:
		http_answer_plain(s, 503, "too many connections");
		break;
	}
}

static void done(struct sess *s)
{
	struct http *http = sess_state(s);

	free_request(&http->req);
	free(http->account);
}

PROTOCOL(http) = {
	.name = "http",
	.alpn = "http/1.1",
	.state_size = sizeof(struct http),
	.line_max = LINE_MAX_BYTES,
	.open = open_session,
	.frame = frame,
	.run = run,
	.overlong = overlong,
	.bye = bye,
	.done = done,
};

LISTENER(https) = { .name = "https", .port = 443, .proto = &proto_http, .tls = LISTEN_TLS };

LISTENER(http) = { .name = "http", .port = 80, .proto = &proto_http, .tls = LISTEN_CLEAR };
