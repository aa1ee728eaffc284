/* page_login.c - log in, with the certificate of the domain asked for; log out */
#include "core/text.h"
#include "pki/pki.h"
#include "webadmin/web.h"

/* --- the certificate that this domain shows --- */

static bool find_certificate(struct http_req *req, struct buf *der)
{
	return pki_domain_leaf(slice_str(http_domain(req)), der) == 1;
}

static int run_certificate(struct http_req *req)
{
	struct buf der = { 0 };
	bool found = find_certificate(req, &der);

	if (found) {
		http_type(req, "application/x-x509-ca-cert");
		http_header(req, "Content-Disposition",
		    pool_printf(
			http_pool(req), "attachment; filename=\"%s.crt\"", http_domain(req)));
		buf_adds(http_body(req), buf_slice(&der));
	}
	buf_done(&der);
	return found ? 0 : http_error(req, 404, "%s shows no certificate.", http_domain(req));
}

HTTP_ROUTE(web_certificate) = {
	.path = "/certificate",
	.methods = HTTP_GET,
	.who = HTTP_ANYONE,
	.run = run_certificate,
};

/* --- log in --- */

/* A path of ours, and no other server's. */
static const char *safe_path(const char *next)
{
	return next && next[0] == '/' && next[1] != '/' && next[1] != '\\' ? next : "/";
}

static int enter(struct web *web)
{
	const char *name = http_field(web->req, "name");
	const char *password = http_field(web->req, "password");

	if (!name || !*name)
		return web_refuse(web, "name", "This is needed.");
	if (!password || !*password)
		return web_refuse(web, "password", "This is needed.");
	if (http_login(web->req, slice_str(name), slice_str(password), &web->err) != 0)
		return -1;
	http_redirect(web->req, safe_path(http_field(web->req, "next")));
	return WEB_ANSWERED;
}

static int enter_by_certificate(struct web *web)
{
	const char *account = http_field(web->req, "account");

	if (http_login_certificate(web->req, slice_str(account ? account : ""), &web->err) != 0)
		return -1;
	http_redirect(web->req, safe_path(http_field(web->req, "next")));
	return WEB_ANSWERED;
}

static const struct web_field certificate_fields[] = {
	{ .name = "account", .label = "Account", .kind = WEB_CHOICE },
	{ .name = "next", .kind = WEB_HIDDEN },
	{ 0 },
};

static const struct web_field fields[] = {
	{ .name = "name", .label = "Address", .flags = WEB_REQUIRED, .example = "ann@example.org" },
	{ .name = "password", .label = "Password", .kind = WEB_PASSWORD, .flags = WEB_REQUIRED },
	{ .name = "next", .kind = WEB_HIDDEN },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "login", .fields = fields, .submit = "Log in", .run = enter },
	{ .name = "certificate",
	    .fields = certificate_fields,
	    .submit = "Log in with certificate",
	    .run = enter_by_certificate },
	{ 0 },
};

/* Accounts that the browser's certificate proves. */
static void load_proved(struct web *web)
{
	struct slice rest = slice_str(http_proved(web->req)), word;
	json_t *choices = json_array();

	while ((word = slice_word(&rest)).n > 0) {
		const char *name = pool_str(http_pool(web->req), word);
		json_array_append_new(
		    choices, json_pack("{s:s, s:s}", "value", name, "label", name));
	}
	json_object_set_new(web->model, "proved", json_boolean(json_array_size(choices) > 0));
	web_choices(web, "certificate", "account", choices);
}

static int load(struct web *web)
{
	const char *next = http_query(web->req, "next"), *domain = http_domain(web->req);
	struct buf der = { 0 };

	web_default(web, "login", "next", json_string(safe_path(next)));
	web_default(web, "certificate", "next", json_string(safe_path(next)));
	load_proved(web);
	json_object_set_new(
	    web->model, "certificate", json_boolean(find_certificate(web->req, &der)));
	json_object_set_new(web->model, "host",
	    json_string(domain_unicode(http_pool(web->req), slice_str(domain))));
	buf_done(&der);
	return 0;
}

WEB_RUN(login)

HTTP_ROUTE(web_login) = {
	.path = "/login",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_ANYONE,
	.run = run,
};

WEB_PAGE(login) = {
	.route = &http_route_web_login,
	.title = "Log in",
	.template = "login",
	.load = load,
	.actions = actions,
};

/* --- log out --- */

static int run_logout(struct http_req *req)
{
	http_logout(req);
	http_flash(req, true, "You are logged out.");
	return http_redirect(req, "/login");
}

HTTP_ROUTE(web_logout) = {
	.path = "/logout",
	.methods = HTTP_POST,
	.who = HTTP_ANYONE,
	.run = run_logout,
};
