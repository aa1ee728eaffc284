/* attach.c - answers that the browser keeps as files */
#include "webadmin/web.h"

static const struct {
	const char *end, *type;
	bool coded; /* the operation gives bytes, in base64 */
} kinds[] = {
	{ ".p12", "application/x-pkcs12", true },
	{ ".csr", "application/pkcs10", false },
	{ ".crt", "application/x-x509-ca-cert", true },
	{ ".crl", "application/pkix-crl", true },
	{ ".pem", "application/x-pem-file", false },
	{ ".keys", "application/octet-stream", true },
	{ ".txt", "text/plain; charset=utf-8", false },
};

static size_t kind_of(const char *file)
{
	const char *end = strrchr(file, '.');
	size_t last = sizeof kinds / sizeof *kinds - 1;

	for (size_t i = 0; end && i < last; i++)
		if (strcmp(end, kinds[i].end) == 0)
			return i;
	return last;
}

/* Between quotes in a header: what no header and no file system takes amiss. */
static const char *plain_name(struct http_req *req, const char *file)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789.-_@";
	char *name = pool_str(http_pool(req), slice_str(file));

	for (char *p = name; *p; p++)
		if (!strchr(plain, *p))
			*p = '_';
	return name;
}

/* Let the browser keep the answer as a file (attach.c has the ends of names). */
static void web_attach(struct http_req *req, const char *file)
{
	http_type(req, kinds[kind_of(file)].type);
	http_header(req, "Content-Disposition",
	    pool_printf(http_pool(req), "attachment; filename=\"%s\"", plain_name(req, file)));
}

int web_give(struct http_req *req, const json_t *bytes, const char *file)
{
	const char *text = json_string_value(bytes);
	bool good = text != NULL;

	if (good && kinds[kind_of(file)].coded)
		good = web_base64_lines(bytes, http_body(req));
	else if (good)
		buf_addz(http_body(req), text);
	if (good)
		web_attach(req, file);
	return good ? 0 : http_error(req, 503, "The file could not be made.");
}
