/* page_signed.c - signed mail of a user: which there is, and whether it is what it says (C-061) */
#include "webadmin/web.h"

/* The message that the link named; of its states the template can ask for each. */
static void load_one(struct web *web, const char *uid)
{
	static const char *const words[] = { "mailbox", NULL };
	json_t *args = web_self(web);

	web_filters(web, args, words);
	json_object_set_new(args, "uid", json_string(uid));
	if (!web_try(web, "opened", "smime verify", args))
		return;
	json_t *answer = json_object_get(web->model, "opened");
	const char *state = json_string_value(json_object_get(answer, "signature"));
	json_object_set_new(answer, "is", json_pack("{s:b}", state ? state : "invalid", true));
}

static int load(struct web *web)
{
	const char *uid = http_query(web->req, "uid");

	if (uid)
		load_one(web, uid);
	return web_need(web, "signed", "smime signed", web_self(web));
}

WEB_RUN(signed)

HTTP_ROUTE(web_signed) = {
	.path = "/portal/signed",
	.methods = HTTP_GET,
	.who = HTTP_USER,
	.run = run,
};

WEB_PAGE(signed) = {
	.route = &http_route_web_signed,
	.title = "Signed messages",
	.template = "signed",
	.group = WEB_YOU,
	.place = 20,
	.load = load,
};
