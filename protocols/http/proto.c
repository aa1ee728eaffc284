/* proto.c - HTTP/1.1 (RFC 9110, RFC 9112) as a session: requests in, answers out, one at a time */
#include <stdlib.h>

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

enum { LINE_MAX_BYTES = 64 * 1024 }; /* the reader takes all it is given */

struct http {
	struct http_req *req; /* the one that comes in or is answered; NULL: none */
	char *account;	      /* that the session was last used by */
};

/* --- requests come in --- */

/* RFC 9110 10.1.1; not for a body that is refused anyway. */
static void say_continue(struct http_req *req)
{
	if (req->in.continues && req->route)
		buf_addz(sess_out(req->s), "HTTP/1.1 100 Continue\r\n\r\n");
	req->in.continues = false;
}

static enum frame frame(struct sess *s, struct slice in, size_t *used)
{
	struct http *http = sess_state(s);
	struct http_req *req = http->req;
	size_t taken;

	if (!req)
		req = http->req = http_req_new(s);
	if (loop_now() > req->deadline) {
		req->in.status = 408;
		req->in.reason = "the request took too long to come";
		return FRAME_INSTANT;
	}
	enum http_read read = http_read(&req->in, in, used);
	if (read == HTTP_READ_HEAD) {
		http_req_begin(req);
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

/* --- answers go out --- */

/* One line for each, and its part in what is counted. */
static void log_request(const struct http_req *req)
{
	enum { SHOWN = 200 };
	bool quiet = req->route && req->route->instant;
	int64_t took = http_now_us() - req->began_us;

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
	else if (req->passed || http_gate(req) == 0) {
		if (!req->passed)
			note_account(http, req);
		req->passed = true;
		if (req->route->run(req) == HTTP_ELSEWHERE)
			return SESS_NETWORK;
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

	if (next == SESS_NETWORK)
		return next;
	http_req_free(&http->req);
	sess_timeout(s, (uint64_t)conf_num(&conf_key_http_idle_time));
	return next;
}

/* --- as a session --- */

extern const struct conf_key conf_key_http_header_time; /* begin.c */

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

	http_req_free(&http->req);
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
