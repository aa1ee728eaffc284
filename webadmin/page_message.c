/* page_message.c - open an encrypted message, or encrypt one, with the keys that are kept here */
#include "webadmin/web.h"

enum { MESSAGE_MAX = 2 << 20 };

static const struct web_field open_fields[] = {
	{ .name = "address", .kind = WEB_SELF },
	{ .name = "text",
	    .label = "Message",
	    .help = "As your mail program saves it: a file whose name ends in .eml.",
	    .kind = WEB_FILE,
	    .flags = WEB_REQUIRED },
	{ .name = "secret",
	    .label = "Your S/MIME secret",
	    .kind = WEB_PASSWORD,
	    .flags = WEB_REQUIRED },
	{ 0 },
};

static const struct web_field encrypt_fields[] = {
	{ .name = "text",
	    .label = "Message",
	    .help = "A whole message with its header.",
	    .kind = WEB_FILE,
	    .flags = WEB_REQUIRED },
	{ .name = "addresses",
	    .label = "For",
	    .help = "Accounts of this server, with blanks between them.",
	    .example = "ann@example.org",
	    .flags = WEB_REQUIRED | WEB_WORDS },
	{ 0 },
};

/* Text, or base64 in lines where it is none. */
static bool put_message(const json_t *answer, struct buf *out)
{
	const char *text = json_string_value(json_object_get(answer, "text"));

	if (text)
		buf_addz(out, text);
	return text || web_base64_lines(json_object_get(answer, "base64"), out);
}

static int run_encrypt(struct web *web)
{
	json_t *args = web_action_args(web);
	const json_t *answer = args ? web_op(web, "smime encrypt", args) : NULL;

	if (!answer)
		return -1;
	if (!put_message(answer, http_body(web->req)))
		return web_refuse(web, NULL, "The message could not be made");
	http_type(web->req, "message/rfc822");
	http_header(web->req, "Content-Disposition", "attachment; filename=\"encrypted.eml\"");
	return WEB_ANSWERED;
}

static const struct web_action actions[] = {
	{ .name = "open",
	    .op = "smime decrypt",
	    .fields = open_fields,
	    .submit = "Decrypt",
	    .show = "opened" },
	{ .name = "encrypt",
	    .op = "smime encrypt",
	    .fields = encrypt_fields,
	    .submit = "Download encrypted",
	    .run = run_encrypt },
	{ 0 },
};

WEB_RUN(message)

HTTP_ROUTE(web_message) = {
	.path = "/portal/message",
	.methods = HTTP_GET | HTTP_POST,
	.who = HTTP_USER,
	.body_max = MESSAGE_MAX,
	.run = run,
};

WEB_PAGE(message) = {
	.route = &http_route_web_message,
	.title = "Encrypted messages",
	.template = "message",
	.group = WEB_YOU,
	.place = 15,
	.actions = actions,
};
