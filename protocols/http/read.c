/* read.c - a request as it comes in, byte by byte or all at once */
#include "protocols/http/read.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "core/conf.h"
#include "protocols/http/parse.h"

CONF_KEY(http_body_memory) = {
	.name = "http.body-memory",
	.type = CONF_SIZE,
	.def = "256M",
	.min = 1 << 20,
	.max = 1LL << 40,
	.help = "most bytes that bodies of HTTP requests may take while they come in, of all",
};

static _Atomic size_t all_held;

static enum http_read fail(struct http_reader *r, int status, const char *reason)
{
	r->status = status;
	r->reason = reason;
	return HTTP_READ_FAIL;
}

/* --- body --- */

static bool take_body(void *arg, struct slice piece)
{
	struct http_reader *r = arg;

	if (piece.n > r->body_max - r->body.n) {
		fail(r, 413, "the body is too long");
		return false;
	}
	size_t held = atomic_fetch_add(&all_held, piece.n) + piece.n;
	r->held += piece.n;
	if (held > (size_t)conf_num(&conf_key_http_body_memory)) {
		fail(r, 503, "too much is sent at a time");
		return false;
	}
	buf_adds(&r->body, piece);
	return true;
}

static enum http_read feed(struct http_reader *r, struct slice in, size_t *used)
{
	switch (http_parse_feed(r->parse, in, used)) {
	case HTTP_PARSED_PART:
		return HTTP_READ_MORE;
	case HTTP_PARSED_ALL:
		r->framed = true;
		return HTTP_READ_DONE;
	default:
		return r->status ? HTTP_READ_FAIL : fail(r, 400, http_parse_reason(r->parse));
	}
}

/* --- head --- */

static enum http_read too_long(struct http_reader *r)
{
	return r->line_at == 0 ? fail(r, 414, "the first line is too long")
			       : fail(r, 431, "the header is too long");
}

/* Take one line, or what there is of it. */
static enum http_read take_line(struct http_reader *r, struct slice in, size_t *used)
{
	ptrdiff_t lf = slice_chr(in, '\n');
	size_t n = lf < 0 ? in.n : (size_t)lf + 1;

	*used += n;
	if (r->head.n + n > (r->line_at == 0 ? r->line_max : r->head_max))
		return too_long(r);
	buf_add(&r->head, in.p, n);
	if (lf < 0)
		return HTTP_READ_MORE;
	struct slice line = slice_from(buf_slice(&r->head), r->line_at);
	int status = http_head_line(r, line);
	if (status != 0)
		return fail(r, status, r->reason);
	/* RFC 9112 2.2: an empty line before the first is ignored. */
	if (line.n == 2 && r->line_at == 0)
		buf_clear(&r->head);
	else
		r->head_done = line.n == 2;
	r->line_at = r->head.n;
	return HTTP_READ_MORE;
}

static enum http_read end_head(struct http_reader *r)
{
	size_t taken;
	int status = http_head_cut(r);

	if (status != 0)
		return fail(r, status, r->reason);
	r->parse = http_parse_new(take_body, r);
	enum http_read read = feed(r, buf_slice(&r->head), &taken);
	if (read == HTTP_READ_FAIL)
		return read;
	if (taken != r->head.n) /* the parser would have ended it before us */
		return fail(r, 400, "malformed request");
	r->keep_alive = http_parse_keep_alive(r->parse);
	r->asked = true;
	return HTTP_READ_HEAD;
}

enum http_read http_read(struct http_reader *r, struct slice in, size_t *used)
{
	*used = 0;
	if (r->status)
		return HTTP_READ_FAIL;
	while (!r->head_done) {
		if (*used == in.n)
			return HTTP_READ_MORE;
		enum http_read read = take_line(r, slice_from(in, *used), used);
		if (read == HTTP_READ_FAIL)
			return read;
	}
	if (!r->asked)
		return end_head(r);
	if (r->framed)
		return HTTP_READ_DONE;
	if (http_parse_length(r->parse) > r->body_max)
		return fail(r, 413, "the body is too long");
	size_t taken = 0;
	struct slice rest = slice_from(in, *used);
	enum http_read read = rest.n ? feed(r, rest, &taken) : HTTP_READ_MORE;
	*used += taken;
	return read;
}

struct slice http_read_field(const struct http_reader *r, struct slice name)
{
	for (size_t i = 0; r->fields && i < r->fields_n; i++)
		if (slice_ieq(r->fields[i].name, name))
			return slice_of(
			    r->fields[i].value.p ? r->fields[i].value.p : "", r->fields[i].value.n);
	return (struct slice){ 0 };
}

void http_read_done(struct http_reader *r)
{
	atomic_fetch_sub(&all_held, r->held);
	http_parse_free(&r->parse);
	buf_wipe(&r->head);
	buf_wipe(&r->body);
	free(r->fields);
	*r = (struct http_reader){ 0 };
}
