/* redirect.c - without TLS everything but a few routes leads to https */
#include "core/listen.h"
#include "core/num.h"
#include "protocols/http/http_private.h"

/* The port of the first listener for https; 0: there is none. */
static void find_port(void *arg, const struct listener *listener, const char *address)
{
	struct slice text = slice_str(address);
	ptrdiff_t colon = slice_rchr(text, ':');
	uint32_t *port = arg;

	if (*port == 0 && strcmp(listener->name, "https") == 0 && colon >= 0)
		num_u32(slice_from(text, (size_t)colon + 1), port);
}

int http_to_https(struct http_req *req)
{
	struct slice host = req->host;
	ptrdiff_t colon = slice_rchr(host, ':');
	uint32_t port = 0;

	listen_each(find_port, &port);
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
