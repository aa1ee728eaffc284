/* metrics.c - /metrics: what the server counts, for Prometheus and its like */
#include <arpa/inet.h>

#include "core/conf.h"
#include "core/metric.h"
#include "core/num.h"
#include "protocols/http/http_private.h"

CONF_KEY(http_metrics_from) = {
	.name = "http.metrics-from",
	.type = CONF_TEXT,
	.def = "127.0.0.0/8 ::1",
	.help = "addresses and networks that may read /metrics without a token, parted by blanks",
};

/* Bytes of an address: 4 or 16; an IPv4 one is never mapped. 0: none. */
static size_t bytes_of(const struct sockaddr *addr, unsigned char out[16])
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)addr;

	if (addr->sa_family == AF_INET) {
		memcpy(out, &((const struct sockaddr_in *)addr)->sin_addr, 4);
		return 4;
	}
	if (addr->sa_family != AF_INET6)
		return 0;
	memcpy(out, &six->sin6_addr, 16);
	if (!IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
		return 16;
	memmove(out, out + 12, 4);
	return 4;
}

static bool has_prefix(const unsigned char *a, const unsigned char *b, uint32_t bits)
{
	unsigned mask = 0xff00U >> bits % 8 & 0xff;

	return memcmp(a, b, bits / 8) == 0 &&
	    (bits % 8 == 0 || ((a[bits / 8] ^ b[bits / 8]) & mask) == 0);
}

/* "192.0.2.0/24", "::1" */
bool http_in_network(struct slice network, const struct sockaddr *addr)
{
	unsigned char have[16], want[16];
	struct slice rest = network, host = slice_cut(&rest, '/');
	char text[INET6_ADDRSTRLEN];
	size_t n = bytes_of(addr, have);
	uint32_t bits = (uint32_t)n * 8;

	if (n == 0 || host.n >= sizeof text)
		return false;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	if (inet_pton(n == 4 ? AF_INET : AF_INET6, text, want) != 1 ||
	    (rest.p && (!num_u32(rest, &bits) || bits > n * 8)))
		return false;
	return has_prefix(have, want, bits);
}

static bool may_read(struct http_req *req)
{
	const struct op_caller *caller = http_caller(req);
	struct buf networks = { 0 };
	bool may = caller && caller->role == OP_SERVER_ADMIN;

	conf_text(&conf_key_http_metrics_from, NULL, &networks);
	struct slice rest = buf_slice(&networks);
	for (struct slice word = slice_word(&rest); word.n > 0 && !may; word = slice_word(&rest))
		may = http_in_network(word, sess_peer(http_sess(req)));
	buf_done(&networks);
	return may;
}

static int run(struct http_req *req)
{
	if (!may_read(req))
		return http_error(req, http_caller(req) ? 403 : 401,
		    "a token of a server-admin is needed, or an address of http.metrics-from");
	http_type(req, "text/plain; version=0.0.4; charset=utf-8");
	metric_write(http_body(req));
	return 0;
}

HTTP_ROUTE(metrics) = {
	.path = "/metrics",
	.methods = HTTP_GET,
	.api = true,
	.run = run,
};
