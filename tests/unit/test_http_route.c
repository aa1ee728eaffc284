/* test_http_route.c - paths find their rows; networks; cookies */
#include "tests/unit/unit.h"

#include "protocols/http/http_private.h"

static const struct {
	const char *path;
	enum http_method method;
	const char *want;	  /* pattern of the route; NULL: none */
	const char *name, *value; /* a parameter, or NULL */
	unsigned allowed;
} cases[] = {
	{ "/health", HTTP_GET, "/health", NULL, NULL, 0 },
	{ "/health/", HTTP_GET, NULL, NULL, NULL, 0 },
	{ "/health", HTTP_POST, NULL, NULL, NULL, HTTP_GET },
	{ "/static/a.css", HTTP_GET, "/static/:file", "file", "a.css", 0 },
	{ "/static/a%2Fb", HTTP_GET, "/static/:file", "file", "a/b", 0 },
	{ "/static/a/b", HTTP_GET, NULL, NULL, NULL, 0 },
	{ "/static/", HTTP_GET, NULL, NULL, NULL, 0 },
	{ "/static/%00", HTTP_GET, NULL, NULL, NULL, HTTP_GET },
	{ "/static/%ff", HTTP_GET, NULL, NULL, NULL, HTTP_GET },
	{ "/api/v1/domain/list", HTTP_GET, "/api/v1/:noun/:verb", "verb", "list", 0 },
	{ "/api/v1/domain/list", HTTP_PUT, NULL, NULL, NULL, HTTP_GET | HTTP_POST },
	{ "/api/v1/openapi.json", HTTP_GET, "/api/v1/openapi.json", NULL, NULL, 0 },
	{ "/api/v1//list", HTTP_GET, NULL, NULL, NULL, 0 },
	{ "/no-such-page", HTTP_GET, NULL, NULL, NULL, 0 },
	{ "*", HTTP_GET, NULL, NULL, NULL, 0 },
	{ "", HTTP_GET, NULL, NULL, NULL, 0 },
	{ "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r", HTTP_GET, NULL, NULL, NULL, 0 },
};

static void test_routes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct http_req req = { .path = slice_str(cases[i].path),
			.method = cases[i].method };
		const char *name = cases[i].path;
		http_route_find(&req);
		want_text(name, slice_str(req.route ? req.route->path : ""),
		    cases[i].want ? cases[i].want : "");
		if (cases[i].name)
			want_text(name, slice_str(http_param(&req, cases[i].name)), cases[i].value);
		if (!cases[i].want)
			want_num(name, req.allowed, cases[i].allowed);
		pool_done(&req.pool);
	}
}

/* Every row of the program: whose domain or account it is about is compared only
   for who is known, and what runs on a loop asks nobody. */
static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < http_route_table_n; i++) {
		const struct http_route *route = http_route_table[i];
		bool scoped = strstr(route->path, ":domain") || strstr(route->path, ":account");
		want_true(route->path, route->path[0] == '/' && route->run && route->methods);
		want_true(route->path, !scoped || route->who != HTTP_ANYONE);
		want_true(route->path, !route->instant || route->who == HTTP_ANYONE);
		want_true(route->path, !route->instant || route->methods == HTTP_GET);
		want_true(route->path, !route->clear || route->who == HTTP_ANYONE);
		want_true(route->path, route->body_max <= 64 << 20);
	}
}

static const struct {
	const char *field, *want; /* of __Host-signet; NULL: not there */
} cookies[] = {
	{ "__Host-signet=abc", "abc" },
	{ "a=b; __Host-signet=abc; c=d", "abc" },
	{ "a=b;__Host-signet=abc", "abc" },
	{ "__Host-signet=", "" },
	{ "__host-signet=abc", NULL },
	{ "x__Host-signet=abc", NULL },
	{ "__Host-signet", "" },
	{ "a=__Host-signet=abc", NULL },
	{ "", NULL },
	{ ";;;=;", NULL },
};

static void test_cookies(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cookies); i++) {
		struct http_field field = { SLICE("Cookie"), slice_str(cookies[i].field) };
		struct http_req req = { .in = { .fields = &field, .fields_n = 1 } };
		struct slice got = http_cookie(&req, "__Host-signet");
		want_true(cookies[i].field, (got.p != NULL) == (cookies[i].want != NULL));
		want_text(cookies[i].field, got, cookies[i].want ? cookies[i].want : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_cookies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
