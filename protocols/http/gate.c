/* gate.c - may this be asked, and by whom? Before any handler runs
 *
 * Every route passes here: who asks is looked up, his role and the domain or
 * account in the path are compared, forms are read and must carry their token. */
#include "core/limit.h"
#include "core/log.h"
#include "core/text.h"
#include "protocols/http/http_private.h"
#include "storage/dir.h"

/* --- who asks --- */

static const char *domain_of(const char *address)
{
	const char *at = strrchr(address, '@');

	return at ? at + 1 : NULL;
}

static int by_cookie(struct http_req *req)
{
	struct dir_account account;
	struct slice cookie = http_cookie(req, http_cookie_login);
	int found = cookie.n ? http_session_find(&req->pool, cookie, &account) : 0;

	if (found < 0)
		return http_error(req, 503, "logins cannot be checked now");
	if (found == 0)
		return 0;
	req->login = cookie;
	req->caller = (struct op_caller){ .name = account.name,
		.role = (enum op_role)account.role,
		.domain = account.role == OP_SERVER_ADMIN ? NULL : domain_of(account.name) };
	return 0;
}

/* RFC 6750 2.1 */
static int by_token(struct http_req *req)
{
	struct slice field = http_read_field(&req->in, SLICE("Authorization"));

	if (!slice_istarts(field, SLICE("Bearer ")))
		return 0;
	struct slice token = slice_trim(slice_from(field, 7));
	int found = http_token_find(&req->pool, token, &req->caller);
	if (found < 0)
		return http_error(req, 503, "tokens cannot be checked now");
	if (found == 0) {
		sess_delay(req->s, limit_fail(sess_peer(req->s), SLICE("token")));
		log_event(LOG_WARN, "token-refused", log_z("peer", sess_peer_text(req->s)));
	}
	return 0;
}

/* --- role and scope --- */

static bool is_role(const struct http_req *req)
{
	return req->route->who == HTTP_ANYONE ||
	    (req->caller.name && req->caller.role + 1 >= (enum op_role)req->route->who);
}

static int not_known(struct http_req *req)
{
	if (req->caller.name)
		return http_error(req, 403, "this is not for you");
	if (req->route->api) {
		http_error(req, 401, "a token is needed: Authorization: Bearer TOKEN");
		http_header(req, "WWW-Authenticate", "Bearer");
		return -1;
	}
	/* Only what can be asked for again is worth coming back to. */
	struct buf path = { 0 };
	buf_addz(&path, "/login");
	if (req->method == HTTP_GET && req->path.n > 1) {
		buf_addz(&path, "?next=");
		for (size_t i = 0; i < req->path.n; i++) {
			char c = req->path.p[i];
			if (c == '%' || c == '&' || c == '+' || c == '#')
				buf_printf(&path, "%%%02X", (unsigned char)c);
			else
				buf_addc(&path, c);
		}
	}
	http_redirect(req, buf_z(&path));
	buf_done(&path);
	return -1;
}

static bool is_own_domain(struct http_req *req, const char *name)
{
	const char *ascii = domain_ascii(&req->pool, slice_str(name));

	return ascii && req->caller.domain && strcmp(ascii, req->caller.domain) == 0;
}

static bool is_own_account(struct http_req *req, const char *address)
{
	struct address a;

	if (!address_parse(&req->pool, slice_str(address), &a))
		return false;
	if (req->caller.role == OP_DOMAIN_ADMIN)
		return req->caller.domain && slice_eq(a.domain, slice_str(req->caller.domain));
	return strcmp(req->caller.name,
		   pool_printf(&req->pool, "%.*s@%.*s", SLICE_ARG(a.local), SLICE_ARG(a.domain))) ==
	    0;
}

/* What others have looks as if it were not there. */
static bool is_own(struct http_req *req)
{
	const struct http_pair *domain = http_pairs_find(&req->params, "domain");
	const struct http_pair *account = http_pairs_find(&req->params, "account");

	if (req->route->who == HTTP_ANYONE || req->caller.role == OP_SERVER_ADMIN)
		return true;
	return (!domain || is_own_domain(req, domain->value)) &&
	    (!account || is_own_account(req, account->value));
}

/* --- forms --- */

static int read_form(struct http_req *req)
{
	struct slice type = http_read_field(&req->in, SLICE("Content-Type"));
	struct slice media = http_media_type(type), body = buf_slice(&req->in.body);
	bool good;

	if (!http_form_urlencoded(&req->pool, req->query, &req->args))
		return http_error(req, 400, "the query cannot be read");
	if (req->method == HTTP_GET || req->route->api || body.n == 0)
		return 0;
	if (slice_ieq(media, SLICE("application/x-www-form-urlencoded")))
		good = http_form_urlencoded(&req->pool, body, &req->form);
	else if (slice_ieq(media, SLICE("multipart/form-data")))
		good = http_form_multipart(&req->pool, type, body, &req->form);
	else
		return http_error(req, 415, "a form is needed");
	return good ? 0 : http_error(req, 400, "the form cannot be read");
}

/* Who comes from elsewhere says so, if his browser is not very old. */
static bool is_from_here(struct http_req *req)
{
	struct slice origin = http_read_field(&req->in, SLICE("Origin"));
	ptrdiff_t end = slice_find(origin, SLICE("://"));

	return !origin.p || (end > 0 && slice_ieq(slice_from(origin, (size_t)end + 3), req->host));
}

static int check_csrf(struct http_req *req)
{
	struct slice token = http_read_field(&req->in, SLICE("X-CSRF-Token"));
	const char *field = http_field(req, "csrf");

	if (req->method == HTTP_GET || req->route->api)
		return 0;
	if (is_from_here(req) && http_csrf_is(req, field ? slice_str(field) : token))
		return 0;
	log_event(LOG_INFO, "csrf-refused", log_z("peer", sess_peer_text(req->s)));
	return http_error(req, 403, "this form is too old, or not from here; load its page anew");
}

/* --- all of it --- */

static const struct {
	enum http_method method;
	const char *name;
} methods[] = {
	{ HTTP_GET, "GET, HEAD" },
	{ HTTP_POST, "POST" },
	{ HTTP_PUT, "PUT" },
	{ HTTP_DELETE, "DELETE" },
};

static int no_route(struct http_req *req)
{
	struct buf allow = { 0 };

	if (!req->allowed)
		return http_error(req, 404, "there is no such page");
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (req->allowed & methods[i].method)
			buf_printf(&allow, "%s%s", allow.n ? ", " : "", methods[i].name);
	http_error(req, 405, "this page cannot be asked for so");
	http_header(req, "Allow", buf_z(&allow)); /* RFC 9110 15.5.6 */
	buf_done(&allow);
	return -1;
}

int http_gate(struct http_req *req)
{
	if (!req->route)
		return no_route(req);
	if (req->route->instant)
		return 0;
	if ((req->route->api ? by_token : by_cookie)(req) != 0)
		return -1;
	req->caller.from = pool_printf(
	    &req->pool, "%s %s", req->route->api ? "api" : "page", sess_peer_text(req->s));
	if (!is_role(req))
		return not_known(req);
	if (!is_own(req))
		return http_error(req, 404, "there is no such page");
	if (read_form(req) != 0)
		return -1;
	return check_csrf(req);
}
