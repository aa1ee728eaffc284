/* nav.c - what every page has: who is there, where links lead, what has just happened */
#include <stdlib.h>

#include "core/text.h"
#include "webadmin/web.h"

/* The role needed is the route's; HTTP_ANYONE is below all. */
static enum http_who who(const struct web *web)
{
	const struct op_caller *caller = http_caller(web->req);

	return caller ? (enum http_who)(HTTP_USER + (int)caller->role) : HTTP_ANYONE;
}

/* The domain that links of WEB_DOMAIN lead to: that of the page, else the
   caller's own. */
static const char *domain_of(struct web *web)
{
	const struct op_caller *caller = http_caller(web->req);
	const char *domain = web->page->route ? http_param(web->req, "domain") : NULL;

	return domain ? domain : caller && caller->role == OP_DOMAIN_ADMIN ? caller->domain : NULL;
}

/* A path whose ":domain" is replaced; others have no links. */
static const char *link_of(struct web *web, const char *path, const char *domain)
{
	static const struct slice part = { ":domain", 7 };
	ptrdiff_t at = slice_find(slice_str(path), part);

	if (at < 0)
		return path;
	return pool_printf(
	    http_pool(web->req), "%.*s%s%s", (int)at, path, domain, path + at + part.n);
}

/* --- groups of links --- */

static int by_place(const void *a, const void *b)
{
	const struct web_page *const *x = a, *const *y = b;

	return (*x)->place - (*y)->place;
}

/* The page itself, or the hub above it. */
static bool is_current(struct web *web, const struct web_page *page)
{
	return page == web->page || (page->hub && page->hub == web->page->group);
}

static json_t *link_json(struct web *web, const struct web_page *page, const char *domain)
{
	return json_pack("{s:s, s:s, s:s, s:b}", "title",
	    page->place == 0 ? "Overview" : page->title, "href",
	    link_of(web, page->route->path, domain), "about",
	    page->about ? web_fill(web, page->about) : "", "current", is_current(web, page));
}

static json_t *group_json(
    struct web *web, enum web_group group, const char *title, const char *domain)
{
	const struct web_page **pages =
	    pool_get(http_pool(web->req), (web_page_table_n + 1) * sizeof *pages);
	json_t *links = json_array();
	size_t n = 0;

	for (size_t i = 0; i < web_page_table_n; i++)
		if (web_page_table[i]->group == group && web_page_table[i]->route->who <= who(web))
			pages[n++] = web_page_table[i];
	qsort(pages, n, sizeof *pages, by_place);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(links, link_json(web, pages[i], domain));
	return json_pack("{s:s, s:o}", "title", title, "links", links);
}

static json_t *nav_json(struct web *web)
{
	const struct op_caller *caller = http_caller(web->req);
	const char *domain = domain_of(web);
	json_t *groups = json_array();

	if (caller && caller->role == OP_SERVER_ADMIN)
		json_array_append_new(groups, group_json(web, WEB_SERVER, "Server", NULL));
	if (caller && domain && caller->role >= OP_DOMAIN_ADMIN)
		json_array_append_new(groups,
		    group_json(web, WEB_DOMAIN,
			domain_unicode(http_pool(web->req), slice_str(domain)), domain));
	if (caller && strchr(caller->name, '@'))
		json_array_append_new(groups, group_json(web, WEB_YOU, "Your account", NULL));
	return groups;
}

/* --- hubs: what stands on one, and above the pages of its group --- */

static const struct web_page *hub_of(enum web_group group)
{
	for (size_t i = 0; i < web_page_table_n; i++)
		if (group && web_page_table[i]->hub == group)
			return web_page_table[i];
	return NULL;
}

static void put_hub(struct web *web)
{
	const struct web_page *hub = hub_of(web->page->group);
	const char *domain = domain_of(web);

	json_t *tabs = hub ? group_json(web, hub->hub, hub->title, domain) : NULL;
	if (json_array_size(json_object_get(tabs, "links")) > 1)
		json_object_set(web->model, "tabs", tabs);
	json_decref(tabs);
	if (web->page->hub)
		json_object_set_new(web->model, "hub", group_json(web, web->page->hub, "", domain));
}

/* --- the way to here --- */

/* Is it the page, or one on the way to it? */
static bool is_above(const struct web_page *page, const char *path)
{
	const char *above = page->route->path;
	size_t n = strlen(above);

	return strcmp(above, "/") != 0 && strncmp(above, path, n) == 0 && path[n] == '/';
}

static int by_length(const void *a, const void *b)
{
	const struct web_page *const *x = a, *const *y = b;

	return (int)strlen((*x)->route->path) - (int)strlen((*y)->route->path);
}

static void add_crumb(struct web *web, json_t *crumbs, const struct web_page *page)
{
	if (page->route->who <= who(web))
		json_array_append_new(crumbs,
		    json_pack("{s:s, s:s}", "title", web_fill(web, page->title), "href",
			web_href(web, page->route->path)));
}

static json_t *crumbs_json(struct web *web)
{
	const struct web_page **above =
	    pool_get(http_pool(web->req), (web_page_table_n + 1) * sizeof *above);
	json_t *crumbs = json_array();
	size_t n = 0;

	for (size_t i = 0; web->page->route && i < web_page_table_n; i++)
		if (is_above(web_page_table[i], web->page->route->path))
			above[n++] = web_page_table[i];
	qsort(above, n, sizeof *above, by_length);
	const struct web_page *first = n > 0 ? above[0] : web->page;
	if (first->under)
		add_crumb(web, crumbs, first->under);
	for (size_t i = 0; i < n; i++)
		add_crumb(web, crumbs, above[i]);
	return crumbs;
}

/* --- all together --- */

static void put_who(struct web *web)
{
	const struct op_caller *caller = http_caller(web->req);

	if (!caller)
		return;
	json_object_set_new(web->model, "me",
	    json_pack("{s:s, s:b, s:b, s:b}", "name", caller->name, "server-admin",
		caller->role == OP_SERVER_ADMIN, "domain-admin", caller->role >= OP_DOMAIN_ADMIN,
		"account", strchr(caller->name, '@') != NULL));
}

void web_model_begin(struct web *web)
{
	bool good;
	const char *text;

	json_object_set_new(
	    web->model, "style", json_string(http_static_url(web->req, "signet.css")));
	json_object_set_new(web->model, "icon", json_string(http_static_url(web->req, "seal.svg")));
	put_who(web);
	json_object_set_new(web->model, "csrf", json_string(http_csrf(web->req)));
	json_object_set_new(web->model, "title", json_string(web_fill(web, web->page->title)));
	json_object_set_new(web->model, "nav", nav_json(web));
	json_object_set_new(web->model, "crumbs", crumbs_json(web));
	put_hub(web);
	if (http_method(web->req) == HTTP_GET && http_take_flash(web->req, &good, &text))
		json_object_set_new(
		    web->model, "flash", json_pack("{s:b, s:s}", "good", good, "text", text));
}
