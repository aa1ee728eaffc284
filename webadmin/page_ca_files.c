/* page_ca_files.c - lists of revoked certificates, and authorities' own, for whoever checks them
 *
 * Also without TLS: who needs the list to judge a TLS certificate must not need one for
 * that (RFC 5280 8). What is served is signed, and public. */
#include "pki/issue.h"
#include "webadmin/web.h"

static int run(struct http_req *req)
{
	struct buf der = { 0 };
	struct err err = { 0 };
	const char *type;
	int rc = issue_file(slice_str(http_param(req, "file")), &der, &type, &err);

	if (rc == 0) {
		http_type(req, type);
		http_header(req, "Cache-Control", "public, max-age=300");
		buf_adds(http_body(req), buf_slice(&der));
	}
	buf_done(&der);
	return rc == 0 ? 0
		       : http_error(req, err.kind == ERR_ABSENT ? 404 : 503,
			     err.kind == ERR_ABSENT ? "There is no such authority here."
						    : "The list cannot be made now.");
}

HTTP_ROUTE(web_ca_file) = {
	.path = "/ca/:file",
	.methods = HTTP_GET,
	.who = HTTP_ANYONE,
	.clear = true,
	.run = run,
};
