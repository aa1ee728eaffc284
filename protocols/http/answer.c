/* answer.c - answers: status, fields, body, and what every answer says */
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <jansson.h>

#include "core/conf.h"
#include "protocols/http/http_private.h"

CONF_KEY(http_hsts) = {
	.name = "http.hsts",
	.type = CONF_DURATION,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "0",
	.max = 2 * 365 * 24 * 3600 * 1000LL,
	.help = "how long browsers shall come with TLS and a good certificate only; 0: do not say",
};

static const struct {
	int status;
	const char *text;
} texts[] = {
	{ 200, "OK" },
	{ 201, "Created" },
	{ 204, "No Content" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 411, "Length Required" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 417, "Expectation Failed" },
	{ 422, "Unprocessable Content" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 503, "Service Unavailable" },
	{ 505, "HTTP Version Not Supported" },
	{ 507, "Insufficient Storage" },
};

static const char *http_status_text(int status)
{
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "Status";
}

/* --- what handlers say --- */

void http_status(struct http_req *req, int status)
{
	req->status = status;
}

void http_header(struct http_req *req, const char *name, const char *value)
{
	for (const char *p = value; *p; p++)
		if ((unsigned char)*p < ' ')
			bug("a header field %s with control characters", name);
	req->cached = req->cached || strcmp(name, "Cache-Control") == 0;
	buf_printf(&req->fields, "%s: %s\r\n", name, value);
}

void http_type(struct http_req *req, const char *content_type)
{
	req->type = content_type;
}

struct buf *http_body(struct http_req *req)
{
	return &req->body;
}

/* Bytes that do not belong into a URL would part the header's lines. */
int http_redirect(struct http_req *req, const char *path)
{
	struct buf clean = { 0 };

	for (; *path; path++)
		if ((unsigned char)*path <= ' ' || (unsigned char)*path >= 0x7f)
			buf_printf(&clean, "%%%02X", (unsigned char)*path);
		else
			buf_addc(&clean, *path);
	buf_clear(&req->body);
	req->status = 303;
	http_header(req, "Location", buf_z(&clean));
	buf_done(&clean);
	return 0;
}

/* --- errors --- */

static const struct http_face *face;

void http_face_set(const struct http_face *new_face)
{
	face = new_face;
}

static void error_json(struct http_req *req, int status, const char *text)
{
	const char *kind = status == 404 || status == 405 ? "absent"
	    : status == 401 || status == 403		  ? "denied"
	    : status >= 500				  ? "temp"
							  : "input";
	json_t *json =
	    json_pack("{s:b, s:{s:s, s:s}}", "ok", 0, "error", "kind", kind, "text", text);
	char *line = json ? json_dumps(json, JSON_COMPACT) : NULL;

	buf_addz(&req->body, line ? line : "{\"ok\":false}");
	buf_addc(&req->body, '\n');
	free(line);
	json_decref(json);
	req->type = "application/json";
}

int http_error(struct http_req *req, int status, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	buf_clear(&req->fields);
	buf_clear(&req->body);
	req->cached = false;
	req->status = status;
	if (slice_starts(req->path, SLICE("/api/")) || (req->route && req->route->api)) {
		error_json(req, status, text);
	} else if (face) {
		req->type = "text/html; charset=utf-8";
		face->error(req, status, text);
	} else {
		req->type = "text/plain; charset=utf-8";
		buf_printf(&req->body, "%s\n", text);
	}
	req->status = status;
	return -1;
}

/* --- to the peer --- */

static void put_date(struct buf *out)
{
	char text[40];
	time_t now = time(NULL);
	struct tm tm;

	/* RFC 9110 5.6.7 */
	if (gmtime_r(&now, &tm) &&
	    strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0)
		buf_printf(out, "Date: %s\r\n", text);
}

/* Nothing of ours is framed, guessed at, or runs what stands in a page. */
static const char security[] =
    "Content-Security-Policy: default-src 'self'; base-uri 'none'; object-src 'none'; "
    "form-action 'self'; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: same-origin\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n";

static void put_hsts(struct http_req *req, struct buf *out)
{
	struct conf_at at = { 0 };

	if (!sess_is_tls(req->s))
		return;
	/* What is instant may not look for the domain. */
	at.domain = req->route && req->route->instant ? NULL : http_domain(req);
	int64_t ms = conf_num_at(&conf_key_http_hsts, &at);
	if (ms > 0) /* RFC 6797 6.1 */
		buf_printf(
		    out, "Strict-Transport-Security: max-age=%lld\r\n", (long long)(ms / 1000));
}

void http_answer(struct http_req *req)
{
	struct buf *out = sess_out(req->s);
	bool empty = req->status == 304 || req->status == 204;

	buf_printf(out, "HTTP/1.1 %d %s\r\n", req->status, http_status_text(req->status));
	put_date(out);
	if (req->body.n > 0 && !empty)
		buf_printf(out, "Content-Type: %s\r\n",
		    req->type ? req->type : "text/html; charset=utf-8");
	if (!empty) /* RFC 9110 8.6 */
		buf_printf(out, "Content-Length: %zu\r\n", req->body.n);
	buf_addz(out, security);
	put_hsts(req, out);
	if (!req->cached)
		buf_addz(out, "Cache-Control: no-store\r\n");
	buf_adds(out, buf_slice(&req->fields));
	buf_addz(out, req->close ? "Connection: close\r\n\r\n" : "\r\n");
	if (!empty && !req->head_only) /* RFC 9110 9.3.2 */
		buf_adds(out, buf_slice(&req->body));
}

void http_answer_plain(struct sess *s, int status, const char *text)
{
	struct buf *out = sess_out(s);

	buf_printf(out, "HTTP/1.1 %d %s\r\n", status, http_status_text(status));
	put_date(out);
	buf_printf(out, "Content-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n",
	    strlen(text) + 2);
	buf_addz(out, security);
	buf_printf(out, "Cache-Control: no-store\r\nConnection: close\r\n\r\n%s\r\n", text);
}
