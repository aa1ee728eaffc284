/* mta_sts.c - the policy of a hosted domain at https://mta-sts.DOMAIN/.well-known/mta-sts.txt (RFC
 * 8461 3.3) */
#include "core/text.h"
#include "pki/sts_own.h"
#include "protocols/http/http.h"

/* The domain whose policy host the client asks; NULL: it is none. */
static const char *domain_asked(struct http_req *req)
{
	static const char label[] = "mta-sts.";
	struct slice host = http_request_header(req, "Host");
	ptrdiff_t colon = slice_chr(host, ':');

	if (colon >= 0)
		host = slice_head(host, (size_t)colon);
	if (!slice_istarts(host, slice_str(label)))
		return NULL;
	const char *asked = domain_ascii(http_pool(req), slice_from(host, sizeof(label) - 1));
	const char *hosted = http_domain(req);
	return asked && strcmp(asked, hosted) == 0 ? hosted : NULL;
}

static int run(struct http_req *req)
{
	const char *domain = domain_asked(req);
	struct slice text, id;

	if (!domain || !sts_own(slice_str(domain), http_pool(req), &text, &id))
		return http_error(req, 404, "there is no policy");
	http_type(req, "text/plain; charset=utf-8");
	buf_adds(http_body(req), text);
	return 0;
}

HTTP_ROUTE(mta_sts) = {
	.path = "/.well-known/mta-sts.txt",
	.methods = HTTP_GET,
	.who = HTTP_ANYONE,
	.run = run,
};
