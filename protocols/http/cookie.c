/* cookie.c - cookies (RFC 6265), all of them bound to this host and to TLS */
#include "protocols/http/http_private.h"

/* The prefix makes browsers refuse them from other hosts and without TLS
   (RFC 6265bis 4.1.3.2). */
const char http_cookie_login[] = "__Host-signet";
const char http_cookie_visit[] = "__Host-visit";
const char http_cookie_flash[] = "__Host-flash";

struct slice http_cookie(struct http_req *req, const char *name)
{
	struct slice rest = http_read_field(&req->in, SLICE("Cookie"));

	while (rest.n > 0) {
		struct slice value = slice_trim(slice_cut(&rest, ';'));
		struct slice key = slice_cut(&value, '=');
		if (slice_eq(key, slice_str(name)))
			return slice_of(value.p ? value.p : "", value.n);
	}
	return (struct slice){ 0 };
}

void http_cookie_set(struct http_req *req, const char *name, struct slice value, bool strict)
{
	buf_printf(&req->fields, "Set-Cookie: %s=%.*s; Path=/; Secure; HttpOnly; SameSite=%s%s\r\n",
	    name, SLICE_ARG(value), strict ? "Strict" : "Lax", value.n ? "" : "; Max-Age=0");
}
