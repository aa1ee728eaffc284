/* redirect.c - without TLS everything but a few routes leads to https */
#include "core/listen.h"
#include "protocols/http/http_private.h"

int http_to_https(struct http_req *req)
{
	struct slice host = req->host;
	ptrdiff_t colon = slice_rchr(host, ':');
	unsigned port = listen_port("https");

	if (host.n == 0 || port == 0)
		return http_error(req, 404, "there is no such page without TLS");
	if (colon > 0 && host.p[host.n - 1] != ']')
		host = slice_head(host, (size_t)colon);
	struct buf url = { 0 };
	buf_printf(&url, "https://%.*s", SLICE_ARG(host));
	if (port != 443)
		buf_printf(&url, ":%u", port);
	buf_adds(&url, req->path);
	if (req->query.n > 0)
		buf_printf(&url, "?%.*s", SLICE_ARG(req->query));
	req->status = 308; /* RFC 9110 15.4.9: the method stays */
	http_header(req, "Location", buf_z(&url));
	buf_done(&url);
	return 0;
}
