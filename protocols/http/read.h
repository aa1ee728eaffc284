/* read.h - a request as it comes in: head checked and cut into lines, body bounded
 *
 * Bytes go in as they come. When the head is whole the caller is asked how long
 * a body may be; then the body is taken. Waits for nothing. One thread at a
 * time. */
#ifndef PROTOCOLS_HTTP_READ_H
#define PROTOCOLS_HTTP_READ_H

#include <stdbool.h>

#include "core/buf.h"

struct http_field {
	struct slice name, value;
};

enum http_read {
	HTTP_READ_MORE, /* needs more bytes */
	HTTP_READ_HEAD, /* the head is whole: set body_max, then go on */
	HTTP_READ_DONE, /* the request is whole */
	HTTP_READ_FAIL, /* answer .status and close: nobody knows where the next one begins */
};

struct http_reader {
	/* Limits, set before the first byte. */
	size_t line_max, head_max, fields_max;
	size_t body_max;

	/* The head: slices of .head, valid from HTTP_READ_HEAD on. */
	struct slice method, target;
	bool http10;
	bool keep_alive;
	bool continues; /* the client waits for "100 Continue" */
	struct http_field *fields;
	size_t fields_n;

	struct buf body;

	int status;	    /* of HTTP_READ_FAIL */
	const char *reason; /* in plain words; constant */

	/* Private. */
	struct buf head;
	size_t line_at; /* where the line at hand begins */
	bool head_done, asked, framed;
	struct http_parse *parse;
	size_t held;
};

/* Takes bytes of `in`: *used says how many. */
enum http_read http_read(struct http_reader *r, struct slice in, size_t *used);

/* The first field of that name, in any case of letters; p == NULL: none. */
struct slice http_read_field(const struct http_reader *r, struct slice name);

/* Wipes: heads have cookies and tokens, bodies passwords. */
void http_read_done(struct http_reader *r);

/* --- for read.c alone, from head.c --- */

/* Cut the head into lines and check what the parser does not (RFC 9112 3, 5;
   RFC 9110 7.2). 0, or the status to answer with *reason set. */
int http_head_cut(struct http_reader *r);

/* A line came whole. 0, or a status. */
int http_head_line(struct http_reader *r, struct slice line);

/* RFC 9110 5.6.2 */
bool http_is_token(struct slice s);

#endif
