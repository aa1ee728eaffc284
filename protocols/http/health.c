/* health.c - is the server at work? For whoever sends it requests */
#include "core/sess.h"
#include "protocols/http/http_private.h"

static int run(struct http_req *req)
{
	bool ending = sess_draining();

	http_type(req, "text/plain; charset=utf-8");
	http_status(req, ending ? 503 : 200);
	buf_addz(http_body(req), ending ? "ending\n" : "ok\n");
	return 0;
}

HTTP_ROUTE(health) = {
	.path = "/health",
	.methods = HTTP_GET,
	.clear = true,
	.instant = true,
	.run = run,
};
