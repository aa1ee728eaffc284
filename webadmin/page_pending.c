/* page_pending.c - changes of profiles and assignments that wait to be committed (E-030) */
#include "webadmin/profiles.h"

void web_pending(struct web *web)
{
	if (!web_try(web, "pending", "pki pending", NULL))
		return;
	json_t *answer = json_object_get(web->model, "pending");
	json_object_set_new(answer, "n",
	    json_integer((json_int_t)json_array_size(json_object_get(answer, "rows"))));
}

static const struct web_field commit_fields[] = {
	{ .name = "comment",
	    .label = "Comment",
	    .help = "Why, for those who look at it later: it stands in the audit trail." },
	{ 0 },
};

static const struct web_action actions[] = {
	{ .name = "commit",
	    .op = "pki commit",
	    .fields = commit_fields,
	    .submit = "Commit Changes",
	    .done = "The changes are in force." },
	{ .name = "discard",
	    .op = "pki discard",
	    .fields = commit_fields,
	    .form = "commit",
	    .submit = "Discard",
	    .ask = "Forget all changes that wait?",
	    .warn = "What is in force stays as it is.",
	    .done = "The changes were forgotten." },
	{ 0 },
};

static int load(struct web *web)
{
	if (web_rows(web, "waiting", "pki pending", NULL) != 0)
		return -1;
	const json_t *answer = web_op(web, "setting get", json_pack("{s:s}", "name", "pki.commit"));
	const char *on = json_string_value(json_object_get(answer, "value"));
	json_object_set_new(web->model, "waits", json_boolean(on && strcmp(on, "on") == 0));
	return 0;
}

WEB_RUN(pending)

HTTP_ROUTE(web_pending) = {
	.path = "/admin/security/pending",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_SERVER_ADMIN,
	.run = run,
};

WEB_PAGE(pending) = {
	.route = &http_route_web_pending,
	.title = "Pending changes",
	.template = "pending",
	.about = "Changes of certificates and where they are shown, before they are in force.",
	.group = WEB_SERVER_SECURITY,
	.place = 27,
	.load = load,
	.actions = actions,
};
