/* http.h - HTTP/1.1: routes, and what a handler sees of a request
 *
 * A page, a file or an API call is a row beside its code:
 *
 *	static int show(struct http_req *req) { ... return 0; }
 *	HTTP_ROUTE(domain_pki) = {
 *		.path = "/admin/domain/:domain/pki", .methods = HTTP_GET | HTTP_POST,
 *		.who = HTTP_DOMAIN_ADMIN, .run = show,
 *	};
 *
 * Before run() is called the request was read whole (bounded), the session or
 * token was looked up and the role compared, ":domain" and ":account" compared
 * with the caller's own, and of every unsafe method with a cookie the CSRF
 * token checked. Handlers run on a worker. */
#ifndef PROTOCOLS_HTTP_HTTP_H
#define PROTOCOLS_HTTP_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/op.h"
#include "core/pool.h"
#include "core/sess.h"
#include "core/table.h"

struct http_req;

enum http_method { HTTP_GET = 1, HTTP_HEAD = 2, HTTP_POST = 4, HTTP_PUT = 8, HTTP_DELETE = 16 };

enum http_who { HTTP_ANYONE, HTTP_USER, HTTP_DOMAIN_ADMIN, HTTP_SERVER_ADMIN };

struct http_route {
	const char *path;  /* ":name" stands for one segment, a last "*" for the rest */
	unsigned methods;  /* enum http_method, or-ed; GET brings HEAD */
	enum http_who who; /* who is not: a browser is led to /login, the API says 401 or 403 */
	bool api;	   /* bearer tokens instead of cookies, errors in JSON */
	bool clear;	   /* of HTTP_ANYONE: also without TLS, where all else leads to https */
	bool instant;	   /* of HTTP_ANYONE: waits for nothing, so it may run on a loop */
	size_t body_max;   /* bytes; 0: 64k */
	int (*run)(struct http_req *req); /* 0; -1 after http_error; HTTP_ELSEWHERE */
};

/* What was asked for waits for other machines (op_elsewhere): nothing was done, and run()
   is called again on a thread that may. */
enum { HTTP_ELSEWHERE = 1 };

#define HTTP_ROUTE(id) TABLE_ROW(http_route, id)
TABLE_DECLARE(http_route);

/* --- the request; slices and texts live as long as it --- */

enum http_method http_method(const struct http_req *req); /* HEAD is given as GET */
/* Of the path, decoded; "*" the rest, as it was asked for. NULL: it has none. */
const char *http_param(struct http_req *req, const char *name);
/* Of the query, or of a form (urlencoded or multipart/form-data): UTF-8 without
   control characters but tab and line ends. NULL: absent. */
const char *http_query(struct http_req *req, const char *name);
const char *http_field(struct http_req *req, const char *name);
size_t http_fields(struct http_req *req, const char *name, const char **out, size_t max);
struct slice http_upload(
    struct http_req *req, const char *name); /* bytes of a file; may be empty */
struct slice http_request_header(struct http_req *req, const char *name);
struct slice http_request_body(struct http_req *req);
struct pool *http_pool(struct http_req *req); /* wiped */
struct sess *http_sess(struct http_req *req);

/* The hosted domain that the client asks for (Host), else the one of the
   certificate it was shown, else the main domain. A-labels. */
const char *http_domain(struct http_req *req);

/* --- who asks --- */

/* Never NULL in a route that is not HTTP_ANYONE. */
const struct op_caller *http_caller(struct http_req *req);
/* Value for the field "csrf" of every form on the page. Made for anonymous
   visitors, too (the login form). */
const char *http_csrf(struct http_req *req);

/* Check name and password as every protocol does (same limits, same delay) and
   begin a session: the answer sets the cookie. 0, or -1: ERR_DENIED. */
int http_login(struct http_req *req, struct slice name, struct slice password, struct err *err);
/* The same by the certificate that the client showed in the TLS handshake (SASL
   EXTERNAL): as that account of those that it proves. */
int http_login_certificate(struct http_req *req, struct slice account, struct err *err);
/* Accounts that it proves, parted by blanks; "": none. */
const char *http_proved(struct http_req *req);
void http_logout(struct http_req *req);

/* A text that the next page of this session shows once (after a redirect). */
void http_flash(struct http_req *req, bool good, const char *text);
bool http_take_flash(struct http_req *req, bool *good, const char **text);

/* --- the answer: 200 unless said otherwise --- */

void http_status(struct http_req *req, int status);
void http_header(struct http_req *req, const char *name, const char *value);
void http_type(struct http_req *req, const char *content_type);
struct buf *http_body(struct http_req *req);
int http_redirect(struct http_req *req, const char *path); /* 303; returns 0 */
/* An error page (or JSON) with that status; drops what was written. Returns -1. */
int http_error(struct http_req *req, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* How error pages look: handed in by webadmin's start, else plain text. */
struct http_face {
	void (*error)(struct http_req *req, int status, const char *text);
};
void http_face_set(const struct http_face *face);

/* Run an operation as the caller of this request; without one it is refused.
   args (NULL: none) is taken over. The answer lives as long as the request:
   {"ok":true,...} or {"ok":false,"error":{"kind":...,"text":...}}. */
struct json_t;
const struct json_t *http_op(struct http_req *req, const char *name, struct json_t *args);

/* Where a file of webadmin/static is found, with a mark of its content so that
   clients may keep it for good: "/static/signet.css?v=...". From the pool. */
const char *http_static_url(struct http_req *req, const char *file);

#endif
