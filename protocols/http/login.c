/* login.c - logging in and out by the pages; the token that forms carry */
#include "core/auth.h"
#include "core/digest.h"
#include "core/limit.h"
#include "core/log.h"
#include "core/random.h"
#include "core/text.h"
#include "protocols/http/http_private.h"

/* --- CSRF: a form proves that it comes from a page of ours --- */

/* Keyed by a secret that lies in a cookie which no other site can set or read:
   the login's, or that of a visitor. */
static void token_of(struct slice cookie, struct buf *out)
{
	unsigned char digest[DIGEST_SIZE];

	digest_hmac(cookie, SLICE("csrf"), digest);
	hex_put(out, slice_of(digest, sizeof digest));
}

static struct slice make_visit(struct http_req *req)
{
	unsigned char random[16];
	struct buf text = { 0 };

	random_bytes(random, sizeof random);
	hex_put(&text, slice_of(random, sizeof random));
	struct slice visit = pool_slice(&req->pool, buf_slice(&text));
	buf_done(&text);
	http_cookie_set(req, http_cookie_visit, visit, true);
	return visit;
}

enum { VISIT_MIN = 32 };

const char *http_csrf(struct http_req *req)
{
	struct buf token = { 0 };
	struct slice key = req->login;

	if (req->csrf)
		return req->csrf;
	if (key.n == 0)
		key = http_cookie(req, http_cookie_visit);
	if (key.n < VISIT_MIN)
		key = make_visit(req);
	token_of(key, &token);
	req->csrf = pool_str(&req->pool, buf_slice(&token));
	buf_wipe(&token);
	return req->csrf;
}

bool http_csrf_is(struct http_req *req, struct slice token)
{
	struct buf want = { 0 };
	struct slice key = req->login.n ? req->login : http_cookie(req, http_cookie_visit);

	if (key.n < VISIT_MIN)
		return false;
	token_of(key, &want);
	bool same = token.n == want.n && bytes_same(token.p, want.p, want.n);
	buf_wipe(&want);
	return same;
}

/* --- log in --- */

static const char *domain_of(struct http_req *req, struct slice name)
{
	ptrdiff_t at = slice_rchr(name, '@');

	return at < 0 ? NULL : pool_str(&req->pool, slice_from(name, (size_t)at + 1));
}

/* Every reason gets the same answer, late. */
static int refuse(struct http_req *req, struct slice name, const char *mech)
{
	log_event(LOG_WARN, "login-failed", log_s("account", name), log_z("mech", mech),
	    log_z("peer", sess_peer_text(req->s)));
	op_event(&(struct op_event){
	    .who = pool_str(&req->pool, name),
	    .from = pool_printf(&req->pool, "page %s", sess_peer_text(req->s)),
	    .op = "login",
	    .account = pool_str(&req->pool, name),
	    .domain = domain_of(req, name),
	    .result = err_kind_name(ERR_DENIED),
	});
	sess_delay(req->s, limit_fail(sess_peer(req->s), name));
	return -1;
}

static int enter(
    struct http_req *req, const struct auth_account *who, const char *mech, struct err *err)
{
	char *cookie = http_session_new(&req->pool, who->name, err);

	if (!cookie)
		return -1;
	limit_succeed(sess_peer(req->s), slice_str(who->name));
	http_session_end(req->login); /* the id before is worth nothing any more */
	http_cookie_set(req, http_cookie_login, slice_str(cookie), false);
	http_cookie_set(req, http_cookie_visit, (struct slice){ 0 }, true);
	req->login = slice_str(cookie);
	req->csrf = NULL;
	log_event(LOG_INFO, "login", log_z("account", who->name), log_z("mech", mech));
	return 0;
}

int http_login(struct http_req *req, struct slice name, struct slice password, struct err *err)
{
	struct auth_account who = { 0 };

	switch (auth_password(name, password, &req->pool, &who)) {
	case AUTH_OK:
		return enter(req, &who, "FORM", err);
	case AUTH_WRONG:
		refuse(req, slice_str(who.name), "FORM");
		return err_set(err, ERR_DENIED, "wrong user name or password");
	default:
		return err_set(err, ERR_TEMP, "logins cannot be checked now");
	}
}

/* --- log in by certificate --- */

const char *http_proved(struct http_req *req)
{
	struct tls_peer peer;

	return sess_tls_peer(req->s, &peer) && peer.verified ? peer.accounts : "";
}

int http_login_certificate(struct http_req *req, struct slice account, struct err *err)
{
	struct auth_channel channel;
	struct buf challenge = { 0 };
	int rc;

	auth_channel_of(req->s, &channel);
	struct auth *auth = auth_new("http", &channel);
	switch (auth_begin(auth, SLICE("EXTERNAL"), account, &challenge)) {
	case AUTH_OK:
		rc = enter(req, auth_who(auth), "EXTERNAL", err);
		break;
	case AUTH_TEMP:
		rc = err_set(err, ERR_TEMP, "logins cannot be checked now");
		break;
	default:
		refuse(req, auth_tried(auth), "EXTERNAL");
		rc = err_set(err, ERR_DENIED, "the certificate of your browser does not say so");
	}
	buf_done(&challenge);
	auth_free(&auth);
	return rc;
}

void http_logout(struct http_req *req)
{
	if (req->login.n == 0)
		return;
	http_session_end(req->login);
	http_cookie_set(req, http_cookie_login, (struct slice){ 0 }, false);
	log_event(LOG_INFO, "logout", log_z("account", req->caller.name ? req->caller.name : ""));
	req->login = (struct slice){ 0 };
	req->csrf = NULL;
}

/* --- a text for the next page; it travels with the browser --- */

enum { FLASH_MAX = 1024 };

void http_flash(struct http_req *req, bool good, const char *text)
{
	struct buf coded = { 0 };

	buf_addc(&coded, good ? '+' : '-');
	base64_put(&coded, slice_head(slice_str(text), FLASH_MAX));
	http_cookie_set(req, http_cookie_flash, buf_slice(&coded), true);
	buf_done(&coded);
}

bool http_take_flash(struct http_req *req, bool *good, const char **text)
{
	struct slice cookie = http_cookie(req, http_cookie_flash);
	struct buf plain = { 0 };

	if (cookie.n == 0)
		return false;
	http_cookie_set(req, http_cookie_flash, (struct slice){ 0 }, true);
	bool taken = cookie.n < 2 * FLASH_MAX && base64_get(&plain, slice_from(cookie, 1)) &&
	    utf8_valid(buf_slice(&plain));
	*good = *cookie.p == '+';
	*text = pool_str(&req->pool, buf_slice(&plain));
	buf_done(&plain);
	return taken;
}
