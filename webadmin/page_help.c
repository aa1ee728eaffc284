/* page_help.c - what the words mean, what files are taken, what this is (P-035, P-036) */
#include "webadmin/web.h"

/* --- all of it --- */

extern const struct web_page web_page_help_words, web_page_help_files, web_page_about;

WEB_RUN(help)

HTTP_ROUTE(web_help) = {
	.path = "/help",
	.methods = HTTP_GET,
	.who = HTTP_USER,
	.run = run,
};

WEB_PAGE(help) = {
	.route = &http_route_web_help,
	.title = "Help",
	.template = "hub",
	.group = WEB_YOU,
	.place = 90,
	.hub = WEB_HELP,
};

/* --- words --- */

static int run_words(struct http_req *req)
{
	return web_run(req, &web_page_help_words);
}

HTTP_ROUTE(web_help_words) = {
	.path = "/help/words",
	.methods = HTTP_GET,
	.who = HTTP_USER,
	.run = run_words,
};

WEB_PAGE(help_words) = {
	.route = &http_route_web_help_words,
	.title = "Words",
	.template = "help_words",
	.about = "Implicit TLS and STARTTLS, keys and certificates: what the pages speak of.",
	.group = WEB_HELP,
	.place = 10,
};

/* --- files --- */

static int run_files(struct http_req *req)
{
	return web_run(req, &web_page_help_files);
}

HTTP_ROUTE(web_help_files) = {
	.path = "/help/files",
	.methods = HTTP_GET,
	.who = HTTP_USER,
	.run = run_files,
};

WEB_PAGE(help_files) = {
	.route = &http_route_web_help_files,
	.title = "Files of keys and certificates",
	.template = "help_files",
	.about = "What PEM, DER, PKCS#7 and PKCS#12 are, how to tell them apart and turn one into "
		 "another.",
	.group = WEB_HELP,
	.place = 30,
};

/* --- about --- */

static int load_about(struct web *web)
{
	return web_need(web, "server", "server version", NULL);
}

static int run_about(struct http_req *req)
{
	return web_run(req, &web_page_about);
}

HTTP_ROUTE(web_about) = {
	.path = "/help/about",
	.methods = HTTP_GET,
	.who = HTTP_USER,
	.run = run_about,
};

WEB_PAGE(about) = {
	.route = &http_route_web_about,
	.title = "About",
	.template = "about",
	.about = "Version and libraries.",
	.group = WEB_HELP,
	.place = 90,
	.load = load_about,
};
