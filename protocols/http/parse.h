/* parse.h - where a request's head and body end; the face of llhttp
 *
 * The parser decides on the framing (RFC 9112 6.3) and refuses what is
 * ambiguous. It is given the head whole, then the bytes behind it. */
#ifndef PROTOCOLS_HTTP_PARSE_H
#define PROTOCOLS_HTTP_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"

struct http_parse;

enum http_parsed { HTTP_PARSED_PART, HTTP_PARSED_ALL, HTTP_PARSED_BAD };

/* body() is called with pieces of the body; false ends it: HTTP_PARSED_BAD. */
struct http_parse *http_parse_new(bool (*body)(void *arg, struct slice piece), void *arg);
void http_parse_free(struct http_parse **p);

/* Takes bytes up to the end of the request. *used: how many. */
enum http_parsed http_parse_feed(struct http_parse *p, struct slice in, size_t *used);

/* After HTTP_PARSED_BAD: why, in plain words. NULL: body() said so. */
const char *http_parse_reason(const struct http_parse *p);

/* After the head. */
bool http_parse_chunked(const struct http_parse *p);
uint64_t http_parse_length(const struct http_parse *p); /* of a body that is not chunked */
bool http_parse_keep_alive(const struct http_parse *p);

#endif
