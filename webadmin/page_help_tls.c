/* page_help_tls.c - how TLS is tried from outside, and what it can be told (P-037, P-039) */
#include <ctype.h>
#include <stdlib.h>

#include "core/conf.h"
#include "webadmin/web.h"

/* --- lines to paste --- */

/* openssl's word for it, after "-starttls"; NULL: it knows none. */
static const char *starttls_word(const char *protocol)
{
	static const char *const words[][2] = {
		{ "imap", "imap" },
		{ "lmtp", "lmtp" },
		{ "managesieve", "sieve" },
		{ "pop3", "pop3" },
		{ "smtp", "smtp" },
		{ "xmpp", "xmpp" },
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (slice_ieq(slice_str(protocol), slice_str(words[i][0])))
			return words[i][1];
	return NULL;
}

static const char *test_line(
    struct web *web, const char *host, const char *port, const char *protocol, bool starttls)
{
	const char *word = starttls ? starttls_word(protocol) : NULL;
	const char *line = pool_printf(http_pool(web->req),
	    "openssl s_client -connect %s:%s -servername %s -verify_hostname %s", host, port, host,
	    host);

	if (word && strcmp(word, "xmpp") == 0)
		return pool_printf(http_pool(web->req), "%s -starttls xmpp -xmpphost %s", line,
		    http_domain(web->req));
	return word ? pool_printf(http_pool(web->req), "%s -starttls %s", line, word) : line;
}

struct port {
	const char *name, *number, *protocol;
	bool starttls;
};

static void add_test(struct web *web, json_t *tests, const char *host, const struct port *port)
{
	json_t *test;
	size_t i;

	json_array_foreach(tests, i,
	    test) if (strcmp(json_string_value(json_object_get(test, "port")), port->number) ==
	    0) return;
	json_array_append_new(tests,
	    json_pack("{s:s, s:s, s:s, s:s}", "name", port->name, "port", port->number, "security",
		port->starttls ? "STARTTLS" : "implicit TLS", "line",
		test_line(web, host, port->number, port->protocol, port->starttls)));
}

static const char *text_of(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text ? text : "";
}

/* What users' programs come by. */
static const char *add_clients(struct web *web, json_t *tests)
{
	const json_t *answer = strchr(http_caller(web->req)->name, '@')
	    ? web_op(web, "listener clients", web_self(web))
	    : NULL;
	const char *host = json_string_value(json_object_get(answer, "host"));
	json_t *row;
	size_t i;

	if (!host)
		host = http_domain(web->req);
	json_array_foreach(json_object_get(answer, "rows"), i, row) add_test(web, tests, host,
	    &(struct port){ text_of(row, "name"), text_of(row, "port"), text_of(row, "protocol"),
		strcmp(text_of(row, "security"), "STARTTLS") == 0 });
	return host;
}

/* Those where other servers and browsers come, for who may know all. */
static void add_listeners(struct web *web, json_t *tests, const char *host)
{
	const json_t *answer = web_op(web, "listener list", NULL);
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(answer, "rows"), i, row)
	{
		const char *address = text_of(row, "address"), *colon = strrchr(address, ':');
		const char *tls = text_of(row, "tls");
		if (*address != '/' && colon && strcmp(tls, "none") != 0)
			add_test(web, tests, host,
			    &(struct port){ text_of(row, "name"), colon + 1,
				text_of(row, "protocol"), strcmp(tls, "STARTTLS") == 0 });
	}
}

static int load_tests(struct web *web)
{
	json_t *tests = json_array();
	const char *host = add_clients(web, tests);

	if (http_caller(web->req)->role == OP_SERVER_ADMIN)
		add_listeners(web, tests, host);
	json_object_set_new(web->model, "host", json_string(host));
	json_object_set_new(web->model, "tests", tests);
	return 0;
}

WEB_RUN(help_tests)

HTTP_ROUTE(web_help_tests) = {
	.path = "/help/tests",
	.methods = HTTP_GET,
	.who = HTTP_USER,
	.run = run,
};

WEB_PAGE(help_tests) = {
	.route = &http_route_web_help_tests,
	.title = "Try a connection",
	.template = "help_tests",
	.about = "Lines to paste that show what a client sees, and what their errors mean.",
	.group = WEB_HELP,
	.place = 20,
	.load = load_tests,
};

/* --- all settings of TLS --- */

static bool is_about_tls(const struct conf_key *key)
{
	static const char *const groups[] = { "tls.", "pki.", "trust." };

	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
		if (slice_starts(slice_str(key->name), slice_str(groups[i])))
			return true;
	return false;
}

static int by_name(const void *a, const void *b)
{
	const struct conf_key *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static json_t *setting_json(struct web *web, const struct conf_key *key)
{
	struct buf scopes = { 0 }, value = { 0 }, lacks = { 0 };
	char *help = pool_str(http_pool(web->req), slice_str(key->help));

	*help = (char)toupper((unsigned char)*help);
	conf_scope_names(conf_scopes(key), &scopes);
	conf_text(key, NULL, &value);
	conf_lacking(key, &lacks);
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "name", key->name, "meaning",
	    help, "default", key->def, "value", buf_z(&value), "of", buf_z(&scopes), "lacks",
	    buf_z(&lacks));
	buf_done(&lacks);
	buf_done(&scopes);
	buf_done(&value);
	return json;
}

static int load_settings(struct web *web)
{
	const struct conf_key **keys =
	    pool_get(http_pool(web->req), (conf_key_table_n + 1) * sizeof *keys);
	json_t *settings = json_array();
	size_t n = 0;

	for (size_t i = 0; i < conf_key_table_n; i++)
		if (is_about_tls(conf_key_table[i]))
			keys[n++] = conf_key_table[i];
	qsort(keys, n, sizeof *keys, by_name);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(settings, setting_json(web, keys[i]));
	json_object_set_new(web->model, "settings", settings);
	return 0;
}

extern const struct web_page web_page_help_settings;

static int run_settings(struct http_req *req)
{
	return web_run(req, &web_page_help_settings);
}

HTTP_ROUTE(web_help_settings) = {
	.path = "/help/settings",
	.methods = HTTP_GET,
	.who = HTTP_SERVER_ADMIN,
	.run = run_settings,
};

WEB_PAGE(help_settings) = {
	.route = &http_route_web_help_settings,
	.title = "Settings of TLS",
	.template = "help_settings",
	.about = "Every setting that has to do with TLS and certificates, and what it is now.",
	.group = WEB_HELP,
	.place = 40,
	.load = load_settings,
};
