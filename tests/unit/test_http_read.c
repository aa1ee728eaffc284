/* test_http_read.c - requests read whole, in halves and byte by byte; what is refused, and how */
#include "tests/unit/unit.h"

#include "protocols/http/read.h"

#define GET "GET / HTTP/1.1\r\n"
#define POST "POST /p HTTP/1.1\r\nHost: a\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"

enum { LINE = 200, HEAD = 1000, FIELDS = 10, BODY = 100 };

/* A request of `status` 0 is good; then its body is `body`, and `rest` bytes are
   left for the next one. */
static const struct {
	const char *name, *in;
	int status;
	const char *body;
	size_t rest;
} cases[] = {
	{ "plain", GET "Host: a\r\n\r\n", 0, "", 0 },
	{ "pipelined", GET "Host: a\r\n\r\nGET", 0, "", 3 },
	{ "empty line before", "\r\n\r\n" GET "Host: a\r\n\r\n", 0, "", 0 },
	{ "port in Host", GET "Host: a.test:8443\r\n\r\n", 0, "", 0 },
	{ "IPv6 Host", GET "Host: [::1]:8443\r\n\r\n", 0, "", 0 },
	{ "old client", "GET / HTTP/1.0\r\n\r\n", 0, "", 0 },
	{ "old client, kept", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 0, "", 0 },
	{ "absolute target", "GET http://a/x HTTP/1.1\r\nHost: b\r\n\r\n", 0, "", 0 },
	{ "offer to upgrade", GET "Host: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n", 0, "",
	    0 },
	{ "upgrade with body",
	    POST "Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 2\r\n\r\nhi", 0, "hi", 0 },

	{ "length", POST "Content-Length: 5\r\n\r\nhelloX", 0, "hello", 1 },
	{ "no body", POST "Content-Length: 0\r\n\r\nX", 0, "", 1 },
	{ "GET with a body", GET "Host: a\r\nContent-Length: 2\r\n\r\nhi", 0, "hi", 0 },
	{ "chunks", CHUNKED "5\r\nhello\r\n1;a=b\r\n!\r\n0\r\n\r\nX", 0, "hello!", 1 },
	{ "chunks with a trailer", CHUNKED "2\r\nhi\r\n0\r\nX: y\r\n\r\nX", 0, "hi", 1 },
	{ "no chunk", CHUNKED "0\r\n\r\n", 0, "", 0 },

	/* RFC 9112 6.1, 6.3: what could be framed in two ways */
	{ "length and chunks", POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
	    NULL, 0 },
	{ "chunks and length", POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400,
	    NULL, 0 },
	{ "two lengths", POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400, NULL, 0 },
	{ "a length twice", POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400, NULL, 0 },
	{ "list of lengths", POST "Content-Length: 5, 5\r\n\r\n", 400, NULL, 0 },
	{ "signed length", POST "Content-Length: +5\r\n\r\n", 400, NULL, 0 },
	{ "negative length", POST "Content-Length: -5\r\n\r\n", 400, NULL, 0 },
	{ "hexadecimal length", POST "Content-Length: 0x5\r\n\r\n", 400, NULL, 0 },
	{ "empty length", POST "Content-Length:\r\n\r\n", 400, NULL, 0 },
	{ "huge length", POST "Content-Length: 18446744073709551617\r\n\r\n", 400, NULL, 0 },
	{ "old client with chunks", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
	    NULL, 0 },
	{ "chunked twice", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
	    400, NULL, 0 },
	{ "chunked not last", POST "Transfer-Encoding: chunked, identity\r\n\r\n", 501, NULL, 0 },
	{ "gzip inside chunks", POST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501, NULL, 0 },
	{ "another coding", POST "Transfer-Encoding: xchunked\r\n\r\n", 501, NULL, 0 },
	{ "vertical tab before chunked",
	    POST "Transfer-Encoding: \x0b"
		 "chunked\r\n\r\n",
	    400, NULL, 0 },
	{ "blank before the colon", POST "Transfer-Encoding : chunked\r\n\r\n", 400, NULL, 0 },
	{ "folded line", POST "A: b\r\n c\r\n\r\n", 400, NULL, 0 },
	{ "folded first field", GET " Host: a\r\n\r\n", 400, NULL, 0 },
	{ "bare LF", "GET / HTTP/1.1\nHost: a\n\n", 400, NULL, 0 },
	{ "bare LF at the end", GET "Host: a\r\n\n", 400, NULL, 0 },
	{ "bare CR", GET "Host: a\r\nX: a\rContent-Length: 5\r\n\r\n", 400, NULL, 0 },
	{ "bare CR in the first line", "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", 400, NULL, 0 },
	{ "field without a name", GET "Host: a\r\n: b\r\n\r\n", 400, NULL, 0 },
	{ "field without a colon", GET "Host: a\r\nfoo\r\n\r\n", 400, NULL, 0 },
	{ "blank in a name", GET "Host: a\r\nfoo bar: x\r\n\r\n", 400, NULL, 0 },
	{ "control character",
	    GET "Host: a\r\nX: a\x01"
		"b\r\n\r\n",
	    400, NULL, 0 },

	/* chunks */
	{ "chunk ends in LF", CHUNKED "5\nhello\r\n0\r\n\r\n", 400, NULL, 0 },
	{ "chunk data end in LF", CHUNKED "5\r\nhello\n0\r\n\r\n", 400, NULL, 0 },
	{ "chunk longer than said", CHUNKED "4\r\nhello\r\n0\r\n\r\n", 400, NULL, 0 },
	{ "last chunk ends in LF", CHUNKED "0\n\n", 400, NULL, 0 },
	{ "CR in an extension", CHUNKED "5;a\rb\r\nhello\r\n0\r\n\r\n", 400, NULL, 0 },
	{ "LF in an extension", CHUNKED "5;a\nb\r\nhello\r\n0\r\n\r\n", 400, NULL, 0 },
	{ "0x in a size", CHUNKED "0x5\r\nhello\r\n0\r\n\r\n", 400, NULL, 0 },
	{ "sign in a size", CHUNKED "+5\r\nhello\r\n0\r\n\r\n", 400, NULL, 0 },
	{ "blank behind a size", CHUNKED "5 \r\nhello\r\n0\r\n\r\n", 400, NULL, 0 },
	{ "size over all bits", CHUNKED "10000000000000005\r\nhello\r\n0\r\n\r\n", 400, NULL, 0 },
	{ "bare LF in a trailer", CHUNKED "0\r\nX: a\n\r\n", 400, NULL, 0 },

	/* first line */
	{ "no version", "GET /\r\n\r\n", 400, NULL, 0 },
	{ "two blanks", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400, NULL, 0 },
	{ "blank at the end", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400, NULL, 0 },
	{ "blank at the beginning", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, NULL, 0 },
	{ "bytes over 7f", "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", 400, NULL, 0 },
	{ "version 2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, NULL, 0 },
	{ "preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, NULL, 0 },
	{ "another protocol", "GET / ICAP/1.0\r\nHost: a\r\n\r\n", 400, NULL, 0 },
	{ "unknown method", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501, NULL, 0 },
	{ "method in lower case", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 501, NULL, 0 },
	{ "CONNECT", "CONNECT a:25 HTTP/1.1\r\nHost: a:25\r\n\r\n", 501, NULL, 0 },
	{ "TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 501, NULL, 0 },
	{ "a mail client", "EHLO me\r\n\r\n", 400, NULL, 0 },

	/* RFC 9112 3.2, RFC 9110 10.1.1, 15.5.12 */
	{ "no Host", GET "\r\n", 400, NULL, 0 },
	{ "two Hosts", GET "Host: a\r\nHost: a\r\n\r\n", 400, NULL, 0 },
	{ "empty Host", GET "Host:\r\n\r\n", 400, NULL, 0 },
	{ "path in Host", GET "Host: a/b\r\n\r\n", 400, NULL, 0 },
	{ "other expectation", POST "Expect: more\r\nContent-Length: 1\r\n\r\n", 417, NULL, 0 },
	{ "POST without length", POST "\r\n", 411, NULL, 0 },

	/* limits: 200 bytes of a line, 1000 of a head, 10 fields, 100 of a body */
	{ "body too long", POST "Content-Length: 101\r\n\r\n", 413, NULL, 0 },
	{ "chunk too long",
	    CHUNKED "65\r\n0123456789012345678901234567890123456789012345678901234"
		    "5678901234567890123456789012345678901234567890\r\n",
	    413, NULL, 0 },
	{ "too many fields",
	    GET "Host: a\r\nA:\r\nB:\r\nC:\r\nD:\r\nE:\r\nF:\r\nG:\r\nH:\r\nI:\r\nJ:\r\n\r\n", 431,
	    NULL, 0 },
};

/* Feed in pieces of `size` bytes. How many were taken. */
static size_t feed(struct http_reader *r, struct slice in, size_t size, enum http_read *read)
{
	size_t at = 0;

	r->line_max = LINE;
	r->head_max = HEAD;
	r->fields_max = FIELDS;
	*read = HTTP_READ_MORE;
	while (*read == HTTP_READ_MORE && at < in.n) {
		size_t used;
		struct slice piece = slice_head(slice_from(in, at), size);
		*read = http_read(r, piece, &used);
		at += used;
		if (*read == HTTP_READ_HEAD) {
			r->body_max = BODY;
			piece = slice_from(piece, used);
			*read = http_read(r, piece, &used);
			at += used;
		}
	}
	return at;
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice in = slice_str(cases[i].in);
		for (size_t size = 1; size <= in.n; size += size < 8 ? 1 : 7) {
			struct http_reader r = { 0 };
			enum http_read read;
			size_t taken = feed(&r, in, size, &read);
			want_num(cases[i].name, r.status, cases[i].status);
			want_num(
			    cases[i].name, read, cases[i].status ? HTTP_READ_FAIL : HTTP_READ_DONE);
			if (cases[i].status == 0) {
				want_text(cases[i].name, buf_slice(&r.body), cases[i].body);
				want_num(
				    cases[i].name, (int64_t)(in.n - taken), (int64_t)cases[i].rest);
			} else {
				want_true(cases[i].name, r.reason && *r.reason);
			}
			http_read_done(&r);
		}
	}
}

/* More than is allowed of something that never ends. */
static int status_of_endless(const char *begin, const char *again)
{
	struct http_reader r = { 0 };
	enum http_read read;
	struct buf in = { 0 };

	buf_addz(&in, begin);
	for (int i = 0; i < 20000; i++)
		buf_addz(&in, again);
	feed(&r, buf_slice(&in), 333, &read);
	int status = r.status;
	want_true("bounded", r.head.cap < 8192);
	http_read_done(&r);
	buf_done(&in);
	return status;
}

static void test_endless(void **state)
{
	(void)state;
	want_num("target", status_of_endless("GET /", "a"), 414);
	want_num("method", status_of_endless("", "G"), 414);
	want_num("field", status_of_endless(GET "A: ", "a"), 431);
	want_num("short fields", status_of_endless(GET, "A:\r\n"), 431);
	want_num("trailer", status_of_endless(CHUNKED "0\r\nX: ", "a"), 400);
	want_num("trailers", status_of_endless(CHUNKED "0\r\n", "Ab: cd\r\n"), 400);
	want_num("extension", status_of_endless(CHUNKED "1;a=", "b"), 400);
	want_num("chunks", status_of_endless(CHUNKED, "1\r\nx\r\n"), 413);
}

static void test_fields(void **state)
{
	struct http_reader r = { 0 };
	enum http_read read;

	(void)state;
	feed(&r,
	    SLICE("GET /a?b HTTP/1.1\r\nHost: h\r\nX-One:  two \t\r\nEmpty:\r\n"
		  "Connection: close\r\n\r\n"),
	    5, &read);
	want_num("read", read, HTTP_READ_DONE);
	want_text("method", r.method, "GET");
	want_text("target", r.target, "/a?b");
	want_text("value", http_read_field(&r, SLICE("x-ONE")), "two");
	want_true("empty is there", http_read_field(&r, SLICE("Empty")).p != NULL);
	want_true("absent is not", http_read_field(&r, SLICE("Other")).p == NULL);
	want_true("closes", !r.keep_alive);
	http_read_done(&r);
}

static void test_continue(void **state)
{
	struct http_reader r = { 0 };
	enum http_read read;

	(void)state;
	feed(&r, SLICE(POST "Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n"), 9999, &read);
	want_num("waits", read, HTTP_READ_MORE);
	want_true("so does the client", r.continues);
	want_true("kept alive", r.keep_alive);
	http_read_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_continue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
