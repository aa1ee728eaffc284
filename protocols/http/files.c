/* files.c - files that are part of the program */
#include "core/files.h"
#include "protocols/http/http_private.h"

/* The file of webadmin/static with that name. */
static const struct file *find(struct http_req *req, const char *name)
{
	return files_find(slice_str(pool_printf(&req->pool, "static/%s", name)));
}

static const char *type_of(const char *name)
{
	static const struct {
		const char *end, *type;
	} types[] = {
		{ ".css", "text/css; charset=utf-8" },
		{ ".ico", "image/x-icon" },
		{ ".js", "text/javascript; charset=utf-8" },
		{ ".png", "image/png" },
		{ ".svg", "image/svg+xml" },
		{ ".txt", "text/plain; charset=utf-8" },
		{ ".woff2", "font/woff2" },
	};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (slice_iends(slice_str(name), slice_str(types[i].end)))
			return types[i].type;
	return "application/octet-stream";
}

/* RFC 9110 13.1.2: a list of tags, or "*"; compared weakly. */
static bool is_known(struct slice tags, struct slice etag)
{
	while (tags.n > 0) {
		struct slice tag = slice_trim(slice_cut(&tags, ','));
		if (slice_starts(tag, SLICE("W/")))
			tag = slice_from(tag, 2);
		if (slice_eq(tag, etag) || slice_eq(tag, SLICE("*")))
			return true;
	}
	return false;
}

/* Asked for with its tag it never changes; else it is asked for again. */
static int give(struct http_req *req, const char *name)
{
	const struct file *file = find(req, name);
	if (!file)
		return http_error(req, 404, "there is no such file");
	const char *etag = pool_printf(&req->pool, "\"%s\"", file->tag);
	bool tagged = slice_starts(req->query, SLICE("v=")) &&
	    slice_eq(slice_from(req->query, 2), slice_str(file->tag));

	http_header(req, "ETag", etag); /* RFC 9110 8.8.3 */
	http_header(req, "Cache-Control",
	    tagged ? "public, max-age=31536000, immutable" : "public, no-cache");
	if (is_known(http_request_header(req, "If-None-Match"), slice_str(etag))) {
		http_status(req, 304);
		return 0;
	}
	http_type(req, type_of(name));
	buf_adds(&req->body, file->data);
	return 0;
}

static int run_static(struct http_req *req)
{
	return give(req, http_param(req, "file"));
}

HTTP_ROUTE(static) = {
	.path = "/static/:file",
	.methods = HTTP_GET,
	.instant = true,
	.run = run_static,
};

static int run_favicon(struct http_req *req)
{
	return give(req, "favicon.ico");
}

HTTP_ROUTE(favicon) = {
	.path = "/favicon.ico",
	.methods = HTTP_GET,
	.instant = true,
	.run = run_favicon,
};

static int run_robots(struct http_req *req)
{
	http_type(req, "text/plain; charset=utf-8");
	buf_addz(&req->body, "User-agent: *\nDisallow: /\n");
	return 0;
}

HTTP_ROUTE(robots) = {
	.path = "/robots.txt",
	.methods = HTTP_GET,
	.instant = true,
	.run = run_robots,
};

const char *http_static_url(struct http_req *req, const char *name)
{
	const struct file *file = find(req, name);

	return file ? pool_printf(&req->pool, "/static/%s?v=%s", name, file->tag)
		    : pool_printf(&req->pool, "/static/%s", name);
}
