/* head.c - a request's first line and fields, and what about them is refused
 *
 * Two programs that read one request differently is how requests are smuggled
 * (RFC 9112 11.2). So what is not exactly what the standard says is refused, also
 * where it allows to repair. */
#include "protocols/http/read.h"

#include <stdlib.h>

static int fail(struct http_reader *r, int status, const char *reason)
{
	r->reason = reason;
	return status;
}

bool http_is_token(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
		if (!letter && !(c >= '0' && c <= '9') &&
		    !(c && memchr("!#$%&'*+-.^_`|~", c, sizeof("!#$%&'*+-.^_`|~") - 1)))
			return false;
	}
	return s.n > 0;
}

/* --- as the lines come --- */

int http_head_line(struct http_reader *r, struct slice line)
{
	/* RFC 9112 2.2: a line ends in CR LF; neither stands alone. */
	if (line.n < 2 || line.p[line.n - 2] != '\r' ||
	    slice_chr(slice_head(line, line.n - 2), '\r') >= 0)
		return fail(r, 400, "a line does not end in CR LF");
	if (r->line_at == 0 || line.n == 2)
		return 0;
	/* RFC 9112 5.2: no folded lines; 5.1: nothing between name and colon. */
	if (line.p[0] == ' ' || line.p[0] == '\t')
		return fail(r, 400, "a folded line");
	ptrdiff_t colon = slice_chr(line, ':');
	if (colon <= 0 || !http_is_token(slice_head(line, (size_t)colon)))
		return fail(r, 400, "a field without a proper name");
	if (++r->fields_n > r->fields_max)
		return fail(r, 431, "too many header fields");
	return 0;
}

/* --- when they are all there --- */

/* "HTTP/1.1": RFC 9112 2.3 */
static int check_version(struct http_reader *r, struct slice version)
{
	if (version.n != 8 || !slice_starts(version, SLICE("HTTP/")) || version.p[5] < '0' ||
	    version.p[5] > '9' || version.p[6] != '.' || version.p[7] < '0' || version.p[7] > '9')
		return fail(r, 400, "no HTTP version in the first line");
	if (version.p[5] != '1')
		return fail(r, 505, "only HTTP/1.1 is spoken here");
	r->http10 = version.p[7] == '0';
	return 0;
}

/* Methods that no route has, by their names; any other word is unknown as well
   (RFC 9110 9.1). */
static bool is_known(struct slice method)
{
	static const char *const known[] = { "GET", "HEAD", "POST", "PUT", "DELETE" };

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (slice_eq(method, slice_str(known[i])))
			return true;
	return false;
}

static int cut_first(struct http_reader *r, struct slice line)
{
	r->method = slice_cut(&line, ' ');
	r->target = slice_cut(&line, ' ');
	if (!http_is_token(r->method) || r->target.n == 0 || !line.p || slice_chr(line, ' ') >= 0)
		return fail(r, 400, "the first line is not METHOD TARGET VERSION");
	for (size_t i = 0; i < r->target.n; i++)
		if ((unsigned char)r->target.p[i] <= ' ' || (unsigned char)r->target.p[i] >= 0x7f)
			return fail(r, 400, "the target has bytes that must be written as %XX");
	int status = check_version(r, line);
	if (status == 0 && !is_known(r->method))
		return fail(r, 501, "this method is not known here");
	return status;
}

/* RFC 9110 5.5: no other control characters than tabs. */
static bool is_value(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] == 0x7f)
			return false;
	return true;
}

static size_t count(const struct http_reader *r, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < r->fields_n; i++)
		n += slice_ieq(r->fields[i].name, slice_str(name));
	return n;
}

/* RFC 9110 7.2, RFC 3986 3.2.2: a name, an address or [an IPv6 one], and a port. */
static bool is_host(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
		if (!letter && !(c >= '0' && c <= '9') && !(c && memchr(".-_:[]", c, 6)))
			return false;
	}
	return s.n > 0 && s.n <= 300;
}

static int check_fields(struct http_reader *r)
{
	struct slice coding = http_read_field(r, SLICE("Transfer-Encoding"));
	struct slice expect = http_read_field(r, SLICE("Expect"));
	size_t hosts = count(r, "Host");

	/* RFC 9112 3.2 */
	if (hosts > 1 || (hosts == 0 && !r->http10) ||
	    (hosts == 1 && !is_host(http_read_field(r, SLICE("Host")))))
		return fail(r, 400, "a request has one Host field with a host in it");
	/* RFC 9112 6.1: an older client cannot mean it; other codings are not known. */
	if (coding.p && (r->http10 || count(r, "Content-Length") > 0))
		return fail(r, 400, "the length of the body is not clear");
	if (coding.p && !slice_ieq(coding, SLICE("chunked")))
		return fail(r, 501, "only the transfer coding 'chunked' is known here");
	if (expect.p && !slice_ieq(expect, SLICE("100-continue")))
		return fail(r, 417, "only 100-continue can be expected");
	r->continues = expect.p && !r->http10;
	/* RFC 9110 15.5.12 */
	if ((slice_eq(r->method, SLICE("POST")) || slice_eq(r->method, SLICE("PUT"))) &&
	    !coding.p && count(r, "Content-Length") == 0)
		return fail(r, 411, "a body has a Content-Length");
	return 0;
}

int http_head_cut(struct http_reader *r)
{
	struct slice rest = buf_slice(&r->head), line = slice_cut(&rest, '\n');
	int status = cut_first(r, slice_head(line, line.n - 1));

	if (status != 0)
		return status;
	r->fields = mem_get((r->fields_n + 1) * sizeof *r->fields);
	for (size_t i = 0; i < r->fields_n; i++) {
		line = slice_cut(&rest, '\n');
		r->fields[i].name = slice_cut(&line, ':');
		r->fields[i].value = slice_trim(line);
		if (!is_value(r->fields[i].value))
			return fail(r, 400, "a field with control characters");
	}
	return check_fields(r);
}
