/* page_password.c - somebody changes his own password */
#include "webadmin/web.h"

static const struct web_field fields[] = {
	{ .name = "address", .kind = WEB_SELF },
	{ .name = "old",
	    .label = "Your password of today",
	    .kind = WEB_PASSWORD,
	    .flags = WEB_REQUIRED },
	{ .name = "password",
	    .label = "New password",
	    .help = "Long is better than odd: some words that only you would put together.",
	    .kind = WEB_PASSWORD,
	    .flags = WEB_REQUIRED | WEB_NEW },
	{ .name = "again",
	    .label = "New password, once more",
	    .kind = WEB_PASSWORD,
	    .flags = WEB_REQUIRED | WEB_AGAIN },
	{ 0 },
};

/* Logins end with the password that they were made with. */
static const struct web_action actions[] = {
	{ .name = "set",
	    .op = "account password",
	    .fields = fields,
	    .submit = "Change password",
	    .done = "Your password was changed. Log in with the new one.",
	    .then = "/login" },
	{ 0 },
};

WEB_RUN(password)

HTTP_ROUTE(web_password) = {
	.path = "/portal/password",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_USER,
	.run = run,
};

WEB_PAGE(password) = {
	.route = &http_route_web_password,
	.title = "Password",
	.template = "password",
	.group = WEB_YOU,
	.place = 60,
	.actions = actions,
};
