/* parse_llhttp.c - the one file that knows llhttp
 *
 * The package is compiled strict: then it refuses bare CR and LF, blanks before
 * a colon, Content-Length beside Transfer-Encoding, a second Content-Length and
 * an encoding whose last is not "chunked". What it still takes and should not
 * (folded lines, empty names, several blanks in the first line) read.c refuses
 * before. */
#include "protocols/http/parse.h"

#include <stdlib.h>

#include <llhttp.h>

enum {
	TRAILER_MAX = 4096,   /* bytes behind the last chunk */
	EXTENSION_MAX = 4096, /* bytes of chunk extensions in a request */
};

struct http_parse {
	llhttp_t llhttp;
	bool (*body)(void *arg, struct slice piece);
	void *arg;
	bool head_done, chunked;
	uint64_t length;
	bool keep_alive;
	size_t extras; /* bytes of trailers and extensions */
	const char *reason;
};

/* --- what llhttp calls --- */

static struct http_parse *of(llhttp_t *llhttp)
{
	return llhttp->data;
}

static int on_head(llhttp_t *llhttp)
{
	struct http_parse *p = of(llhttp);

	/* RFC 9110 7.8: an offer to change the protocol may be ignored. */
	llhttp->upgrade = 0;
	p->head_done = true;
	p->chunked = llhttp->flags & F_CHUNKED;
	p->length = p->chunked ? 0 : llhttp->content_length;
	p->keep_alive = llhttp_should_keep_alive(llhttp);
	return 0;
}

static int on_body(llhttp_t *llhttp, const char *at, size_t n)
{
	struct http_parse *p = of(llhttp);

	return p->body(p->arg, slice_of(at, n)) ? 0 : HPE_USER;
}

/* RFC 9112 7.1.2: trailers may be dropped. They and extensions are bounded. */
static int count_extra(struct http_parse *p, size_t n, size_t max)
{
	p->extras += n;
	if (p->extras <= max)
		return 0;
	p->reason = "too much beside the chunks";
	return HPE_USER;
}

static int on_field(llhttp_t *llhttp, const char *at, size_t n)
{
	struct http_parse *p = of(llhttp);

	(void)at;
	return p->head_done ? count_extra(p, n, TRAILER_MAX) : 0;
}

static int on_extension(llhttp_t *llhttp, const char *at, size_t n)
{
	(void)at;
	return count_extra(of(llhttp), n, EXTENSION_MAX);
}

static int on_end(llhttp_t *llhttp)
{
	(void)llhttp;
	return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
	.on_headers_complete = on_head,
	.on_body = on_body,
	.on_header_field = on_field,
	.on_header_value = on_field,
	.on_chunk_extension_name = on_extension,
	.on_chunk_extension_value = on_extension,
	.on_message_complete = on_end,
};

/* --- the header's functions --- */

struct http_parse *http_parse_new(bool (*body)(void *arg, struct slice piece), void *arg)
{
	struct http_parse *p = mem_get(sizeof *p);

	llhttp_init(&p->llhttp, HTTP_REQUEST, &settings);
	p->llhttp.data = p;
	p->body = body;
	p->arg = arg;
	return p;
}

void http_parse_free(struct http_parse **p)
{
	free(*p);
	*p = NULL;
}

enum http_parsed http_parse_feed(struct http_parse *p, struct slice in, size_t *used)
{
	llhttp_errno_t e = llhttp_execute(&p->llhttp, in.p, in.n);

	*used = in.n;
	switch (e) {
	case HPE_OK:
		return HTTP_PARSED_PART;
	case HPE_PAUSED:
		*used = (size_t)(llhttp_get_error_pos(&p->llhttp) - in.p);
		return HTTP_PARSED_ALL;
	case HPE_USER:
		return HTTP_PARSED_BAD;
	default:
		p->reason = llhttp_get_error_reason(&p->llhttp);
		if (!p->reason || !*p->reason)
			p->reason = "malformed request";
		return HTTP_PARSED_BAD;
	}
}

const char *http_parse_reason(const struct http_parse *p)
{
	return p->reason;
}

bool http_parse_chunked(const struct http_parse *p)
{
	return p->chunked;
}

uint64_t http_parse_length(const struct http_parse *p)
{
	return p->length;
}

bool http_parse_keep_alive(const struct http_parse *p)
{
	return p->keep_alive;
}
