/* test_proxy.c - headers of the PROXY protocol, whole and in pieces */
#include "core/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "tests/unit/unit.h"

/* "192.0.2.1 5" */
static const char *text_of(const struct sockaddr_storage *address)
{
	static char out[INET6_ADDRSTRLEN + 8];
	const struct sockaddr_in *four = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
	char host[INET6_ADDRSTRLEN] = "";
	bool is_four = address->ss_family == AF_INET;

	inet_ntop(address->ss_family,
	    is_four ? (const void *)&four->sin_addr : (const void *)&six->sin6_addr, host,
	    sizeof(host));
	snprintf(out, sizeof(out), "%s %u", host, ntohs(is_four ? four->sin_port : six->sin6_port));
	return out;
}

/* As a connection has it: what is wanted, and no more. *used: what was taken. */
static enum proxy_result feed(struct slice in, struct proxy *out, size_t *used)
{
	enum proxy_result result = PROXY_MORE;
	const char *why = NULL;

	for (*used = 0; result == PROXY_MORE && *used < in.n;) {
		*used += proxy_wants(slice_head(in, *used));
		if (*used > in.n)
			*used = in.n;
		result = proxy_read(slice_head(in, *used), out, &why);
	}
	return result;
}

#define V2 "\r\n\r\n\0\r\nQUIT\n"

static void good(void **state)
{
	static const struct {
		const char *name;
		struct slice in;
		const char *peer, *local; /* NULL: its own */
	} cases[] = {
		{ "four", SLICE("PROXY TCP4 192.0.2.1 198.51.100.2 50000 25\r\n"),
		    "192.0.2.1 50000", "198.51.100.2 25" },
		{ "six", SLICE("PROXY TCP6 2001:db8::1 ::1 0 65535\r\n"), "2001:db8::1 0",
		    "::1 65535" },
		{ "unknown", SLICE("PROXY UNKNOWN\r\n"), NULL, NULL },
		{ "unknown with more", SLICE("PROXY UNKNOWN a b c\r\n"), NULL, NULL },
		{ "binary four",
		    SLICE(V2 "\x21\x11\0\x0c"
			     "\xc0\0\2\1\xc6\x33\x64\2\xc3\x50\0\x19"),
		    "192.0.2.1 50000", "198.51.100.2 25" },
		{ "binary six",
		    SLICE(V2 "\x21\x21\0\x24"
			     "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
			     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\5\xff\xff"),
		    "2001:db8::1 5", "::1 65535" },
		{ "with an extension",
		    SLICE(V2 "\x21\x11\0\x11"
			     "\xc0\0\2\1\xc6\x33\x64\2\xc3\x50\0\x19\4\0\2xx"),
		    "192.0.2.1 50000", "198.51.100.2 25" },
		{ "with its sum", /* as haproxy's send-proxy-v2 crc32c has it */
		    SLICE(V2 "\x21\x11\0\x13"
			     "\xc0\0\2\1\xc6\x33\x64\2\xc3\x50\0\x19\3\0\4"
			     "\xf7\xb3\xd8\x4a"),
		    "192.0.2.1 50000", "198.51.100.2 25" },
		{ "local", SLICE(V2 "\x20\0\0\0"), NULL, NULL },
		{ "local with something", SLICE(V2 "\x20\x11\0\3abc"), NULL, NULL },
		{ "of no family", SLICE(V2 "\x21\0\0\0"), NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf in = { 0 };
		struct proxy proxy;
		size_t used;

		buf_adds(&in, cases[i].in);
		buf_addz(&in, "EHLO a\r\n");
		want_num(cases[i].name, feed(buf_slice(&in), &proxy, &used), PROXY_DONE);
		want_num(cases[i].name, (int64_t)used, (int64_t)cases[i].in.n);
		want_num(cases[i].name, proxy.own, !cases[i].peer);
		if (cases[i].peer)
			want_text(cases[i].name, slice_str(text_of(&proxy.peer)), cases[i].peer);
		if (cases[i].local)
			want_text(cases[i].name, slice_str(text_of(&proxy.local)), cases[i].local);
		buf_done(&in);
	}
}

static void bad(void **state)
{
	static const struct {
		const char *name;
		struct slice in;
	} cases[] = {
		{ "an SMTP client", SLICE("EHLO mail.example.org\r\n") },
		{ "TLS", SLICE("\x16\3\1\2\0\1\0\1\xfc\3\3abcdef") },
		{ "other letters", SLICE("proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n") },
		{ "no CR", SLICE("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n") },
		{ "two blanks", SLICE("PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n") },
		{ "a blank behind", SLICE("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n") },
		{ "the other family", SLICE("PROXY TCP4 ::1 ::1 1 2\r\n") },
		{ "port too large", SLICE("PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n") },
		{ "port with zero", SLICE("PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n") },
		{ "port with sign", SLICE("PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n") },
		{ "no ports", SLICE("PROXY TCP4 192.0.2.1 192.0.2.2\r\n") },
		{ "a zero in an address", SLICE("PROXY TCP4 192.0.2.1\0 192.0.2.2 1 2\r\n") },
		{ "UDP", SLICE("PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n") },
		{ "line in line", SLICE("PROXY TCP4\r\nEHLO a b c d\r\n") },
		{ "endless",
		    SLICE("PROXY UNKNOWN xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n") },
		{ "version 3", SLICE(V2 "\x31\0\0\0") },
		{ "another command", SLICE(V2 "\x22\0\0\0") },
		{ "binary UDP",
		    SLICE(V2 "\x21\x12\0\x0c"
			     "\xc0\0\2\1\xc6\x33\x64\2\xc3\x50\0\x19") },
		{ "too short", SLICE(V2 "\x21\x11\0\x04\xc0\0\2\1") },
		{ "six too short",
		    SLICE(V2 "\x21\x21\0\x0c"
			     "\xc0\0\2\1\xc6\x33\x64\2\xc3\x50\0\x19") },
		{ "far too long", SLICE(V2 "\x21\x11\xff\xff") },
		{ "extension beyond the end",
		    SLICE(V2 "\x21\x11\0\x11"
			     "\xc0\0\2\1\xc6\x33\x64\2\xc3\x50\0\x19\4\0\3xx") },
		{ "wrong sum",
		    SLICE(V2 "\x21\x11\0\x13"
			     "\xc0\0\2\1\xc6\x33\x64\2\xc3\x50\0\x19\3\0\4\0\0\0\0") },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct proxy proxy;
		size_t used;

		want_num(cases[i].name, feed(cases[i].in, &proxy, &used), PROXY_BAD);
	}
}

static void in_part(void **state)
{
	struct slice line = SLICE("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n");
	struct slice binary = SLICE(V2 "\x21\x11\0\x0c"
				       "\xc0\0\2\1\xc6\x33\x64\2\xc3\x50\0\x19");
	struct proxy proxy;
	const char *why;

	(void)state;
	for (size_t n = 0; n < line.n; n++)
		assert_int_equal(proxy_read(slice_head(line, n), &proxy, &why), PROXY_MORE);
	for (size_t n = 0; n < binary.n; n++)
		assert_int_equal(proxy_read(slice_head(binary, n), &proxy, &why), PROXY_MORE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(bad),
		cmocka_unit_test(in_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
