/* form.h - names and values of queries and forms */
#ifndef PROTOCOLS_HTTP_FORM_H
#define PROTOCOLS_HTTP_FORM_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/pool.h"

struct http_pair {
	const char *name, *value; /* value NULL: a file */
	struct slice bytes;	  /* of a file */
};

struct http_pairs {
	struct http_pair *p;
	size_t n, cap;
};

/* All three: false when it is malformed, no UTF-8, has control characters but
   tabs and line ends, or too many fields. Texts are from the pool; the bytes of
   files lie in `in`. Any thread. */

/* "a=1&b=two+words%21" (WHATWG URL, application/x-www-form-urlencoded) */
bool http_form_urlencoded(struct pool *pool, struct slice in, struct http_pairs *out);

/* RFC 7578; content_type has the boundary. */
bool http_form_multipart(
    struct pool *pool, struct slice content_type, struct slice in, struct http_pairs *out);

/* "%41" and, with `plus`, "+" for a blank. NULL: malformed. */
char *http_decode(struct pool *pool, struct slice in, bool plus);

void http_pairs_add(struct pool *pool, struct http_pairs *pairs, const char *name,
    const char *value, struct slice bytes);
/* The first of that name, or NULL. */
const struct http_pair *http_pairs_find(const struct http_pairs *pairs, const char *name);

/* The media type alone: "application/json". */
struct slice http_media_type(struct slice content_type);

#endif
