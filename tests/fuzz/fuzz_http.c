/* fuzz_http.c - a request in pieces is read as in one; heads, forms, cookies and routes */
#include <stdlib.h>

#include "protocols/http/http_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINE = 512, HEAD = 2048, FIELDS = 16, BODY = 4096 };

static size_t read_all(struct http_reader *r, struct slice in, size_t piece, enum http_read *read)
{
	size_t at = 0;

	*r = (struct http_reader){ .line_max = LINE, .head_max = HEAD, .fields_max = FIELDS };
	*read = HTTP_READ_MORE;
	while (*read == HTTP_READ_MORE && at < in.n) {
		size_t used;
		struct slice part = slice_head(slice_from(in, at), piece);
		*read = http_read(r, part, &used);
		at += used;
		if (*read == HTTP_READ_HEAD) {
			r->body_max = BODY;
			part = slice_from(part, used);
			*read = http_read(r, part, &used);
			at += used;
		}
	}
	return at;
}

static void same(const struct http_reader *a, const struct http_reader *b)
{
	if (a->status != b->status || !slice_eq(buf_slice(&a->body), buf_slice(&b->body)) ||
	    a->body.n > BODY || a->head.n > HEAD || a->fields_n > FIELDS + 1)
		abort();
}

/* Whatever is taken as a request must be one in the narrowest sense. */
static void check_head(const struct http_reader *r)
{
	if (!http_is_token(r->method) || r->target.n == 0 ||
	    (!r->http10 && !http_read_field(r, SLICE("Host")).p))
		abort();
	for (size_t i = 0; i < r->fields_n; i++)
		if (!http_is_token(r->fields[i].name) || slice_chr(r->fields[i].value, '\r') >= 0 ||
		    slice_chr(r->fields[i].value, '\n') >= 0)
			abort();
	struct slice coding = http_read_field(r, SLICE("Transfer-Encoding"));
	if (coding.p && http_read_field(r, SLICE("Content-Length")).p)
		abort();
}

static void use(struct http_reader *r)
{
	struct http_req req = { .in = *r, .method = HTTP_GET };
	struct slice rest = r->target;
	struct http_pairs pairs = { 0 };
	struct slice type = http_read_field(r, SLICE("Content-Type"));

	req.path = slice_cut(&rest, '?');
	http_route_find(&req);
	http_cookie(&req, http_cookie_login);
	http_form_urlencoded(&req.pool, rest, &pairs);
	http_form_urlencoded(&req.pool, buf_slice(&r->body), &pairs);
	http_form_multipart(&req.pool, type, buf_slice(&r->body), &pairs);
	for (size_t i = 0; i < pairs.n; i++)
		if (!pairs.p[i].name || (!pairs.p[i].value && !pairs.p[i].bytes.p))
			abort();
	pool_done(&req.pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_reader whole, pieces;
	enum http_read a, b;

	if (size < 1)
		return 0;
	struct slice in = slice_of(data + 1, size - 1);
	size_t taken = read_all(&whole, in, in.n, &a);
	size_t again = read_all(&pieces, in, 1 + data[0] % 16, &b);
	same(&whole, &pieces);
	if (a != b || (a == HTTP_READ_DONE && taken != again))
		abort();
	if (a == HTTP_READ_DONE) {
		check_head(&whole);
		use(&whole);
	}
	http_read_done(&whole);
	http_read_done(&pieces);
	return 0;
}
