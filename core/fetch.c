/* fetch.c - one thing from an HTTP server */
#include "core/fetch.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "core/client.h"
#include "core/conf.h"
#include "core/dns.h"
#include "core/loop.h"
#include "core/num.h"

enum { URL_MAX = 1024, ADDRESSES_MAX = 4, FIELDS_MAX = 100 };

CONF_KEY(fetch_private) = {
	.name = "fetch.private",
	.type = CONF_BOOL,
	.def = "off",
	.help = "fetch what certificates name (OCSP, lists of revoked ones) also from this machine "
		"and from private networks",
};

/* E-029 */
CONF_KEY(fetch_certificate) = {
	.name = "fetch.certificate",
	.type = CONF_TEXT,
	.def = "",
	.refers = "certificate",
	.help =
	    "profile or domain whose certificate is shown to servers of https URLs that ask for "
	    "one; empty or none: nothing",
};

/* --- URLs --- */

static bool is_plain(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	return true;
}

static bool read_port(struct slice text, unsigned *port)
{
	uint32_t n;

	if (text.n == 0)
		return true;
	if (text.p[0] != ':' || !num_u32(slice_from(text, 1), &n) || n < 1 || n > 65535)
		return false;
	*port = n;
	return true;
}

bool fetch_url_read(struct slice url, struct fetch_url *out)
{
	bool secure = slice_istarts(url, SLICE("https://"));
	struct slice rest = slice_from(url, secure ? 8 : 7), port;

	*out = (struct fetch_url){ .port = secure ? 443 : 80, .secure = secure };
	if (url.n > URL_MAX || (!secure && !slice_istarts(url, SLICE("http://"))) || !is_plain(url))
		return false;
	ptrdiff_t end = slice_chr(rest, '/');
	out->host = end < 0 ? rest : slice_head(rest, (size_t)end);
	out->path = end < 0 ? (struct slice){ 0 } : slice_from(rest, (size_t)end);
	if (slice_chr(out->host, '@') >= 0 || slice_chr(out->host, '?') >= 0 ||
	    slice_chr(url, '#') >= 0)
		return false;
	ptrdiff_t close = slice_chr(out->host, ']');
	if (close > 0 && out->host.p[0] == '[') {
		port = slice_from(out->host, (size_t)close + 1);
		out->host = slice_from(slice_head(out->host, (size_t)close), 1);
	} else {
		ptrdiff_t colon = slice_chr(out->host, ':');
		port = colon < 0 ? (struct slice){ 0 } : slice_from(out->host, (size_t)colon);
		out->host = colon < 0 ? out->host : slice_head(out->host, (size_t)colon);
	}
	return out->host.n > 0 && read_port(port, &out->port);
}

/* --- addresses --- */

/* RFC 6890, and what is no single host's. */
static bool is_private_4(const unsigned char *a)
{
	return a[0] == 0 || a[0] == 10 || a[0] == 127 || a[0] >= 224 ||
	    (a[0] == 100 && (a[1] & 0xc0) == 64) || (a[0] == 169 && a[1] == 254) ||
	    (a[0] == 172 && (a[1] & 0xf0) == 16) || (a[0] == 192 && a[1] == 168) ||
	    (a[0] == 192 && a[1] == 0 && a[2] == 0) || (a[0] == 198 && (a[1] & 0xfe) == 18);
}

/* Global unicast is 2000::/3; in it 6to4 and NAT64 hide addresses of IPv4. */
static bool is_private_6(const unsigned char *a)
{
	static const unsigned char nat64[12] = { 0, 0x64, 0xff, 0x9b };

	if (memcmp(a, nat64, sizeof(nat64)) == 0)
		return is_private_4(a + 12);
	if (a[0] == 0x20 && a[1] == 0x02)
		return is_private_4(a + 2);
	return (a[0] & 0xe0) != 0x20;
}

static bool is_allowed(const struct sockaddr_storage *to)
{
	if (conf_on(&conf_key_fetch_private))
		return true;
	if (to->ss_family == AF_INET)
		return !is_private_4(
		    (const unsigned char *)&((const struct sockaddr_in *)to)->sin_addr);
	return !is_private_6((const unsigned char *)&((const struct sockaddr_in6 *)to)->sin6_addr);
}

static struct client *open_address(
    struct slice address, unsigned port, uint64_t ms, struct err *err)
{
	struct sockaddr_storage to;
	socklen_t n;

	if (!client_address(address, port, &to, &n)) {
		err_set(err, ERR_INPUT, "an address that is none");
		return NULL;
	}
	if (!is_allowed(&to)) {
		err_set(err, ERR_DENIED, "%.*s is in a private network, and fetch.private is off",
		    SLICE_ARG(address));
		return NULL;
	}
	return client_open((struct sockaddr *)&to, n, (struct slice){ 0 }, ms, err);
}

static struct client *open_name(
    const struct fetch_url *url, enum dns_type type, uint64_t until, struct err *err)
{
	struct pool pool = { 0 };
	struct dns_answer answer;
	struct client *client = NULL;
	struct slice address;

	if (dns_ask(url->host, type, &pool, &answer, err) != DNS_FOUND)
		answer.n = 0;
	for (size_t i = 0; !client && i < answer.n && i < ADDRESSES_MAX; i++) {
		uint64_t now = loop_now();
		if (now < until && dns_read_address(answer.rr[i], type, &pool, &address))
			client = open_address(address, url->port, until - now, err);
	}
	pool_done(&pool);
	return client;
}

static struct client *open_host(const struct fetch_url *url, uint64_t until, struct err *err)
{
	struct sockaddr_storage to;
	socklen_t n;

	if (client_address(url->host, url->port, &to, &n))
		return open_address(url->host, url->port, until - loop_now(), err);
	err_set(err, ERR_TEMP, "%.*s has no address", SLICE_ARG(url->host));
	struct client *client = open_name(url, DNS_AAAA, until, err);
	return client ? client : open_name(url, DNS_A, until, err);
}

/* --- TLS --- */

static struct tls_ctx *own_certificate(void)
{
	struct buf name = { 0 };
	struct tls_ctx *own = NULL;

	conf_text(&conf_key_fetch_certificate, NULL, &name);
	if (name.n > 0 && !slice_ieq(buf_slice(&name), SLICE("none")))
		own = tls_own(buf_slice(&name));
	buf_done(&name);
	return own;
}

static int secure(struct client *client, const struct fetch_url *url, const struct fetch_spec *ask,
    struct err *err)
{
	struct pool pool = { 0 };
	struct tls_peer peer;
	struct tls_client_spec spec = {
		.host = pool_str(&pool, url->host), .must_verify = true, .own = own_certificate()
	};
	int rc = client_tls(client, &spec, err);

	if (rc != 0 && ask->untrusted) {
		tls_peer(client_io(client), &peer);
		*ask->untrusted = peer.chain.n > 0 && !peer.verified;
	}
	tls_ctx_unref(&spec.own);
	pool_done(&pool);
	return rc;
}

/* --- the question: HTTP/1.0, so that the answer is one piece --- */

static int ask(struct client *client, const struct fetch_url *url, const struct fetch_spec *spec,
    struct err *err)
{
	bool six = slice_chr(url->host, ':') >= 0;
	struct buf head = { 0 };

	buf_printf(&head, "%s %.*s%s HTTP/1.0\r\nHost: %s%.*s%s:%u\r\nUser-Agent: Signet\r\n",
	    spec->body.n ? "POST" : "GET", SLICE_ARG(url->path), url->path.n ? "" : "/",
	    six ? "[" : "", SLICE_ARG(url->host), six ? "]" : "", url->port);
	if (spec->body.n > 0)
		buf_printf(&head, "Content-Type: %s\r\nContent-Length: %zu\r\n", spec->content_type,
		    spec->body.n);
	buf_addz(&head, "\r\n");
	int rc = client_write(client, buf_slice(&head), err);
	if (rc == 0)
		rc = client_write(client, spec->body, err);
	if (rc == 0)
		rc = client_flush(client, err);
	buf_done(&head);
	return rc;
}

/* --- the answer --- */

static int next_line(struct client *client, struct slice *line, struct err *err)
{
	int got = client_line(client, line, err);

	return got > 0 ? 0 : got < 0 ? -1 : err_set(err, ERR_TEMP, "the answer is cut");
}

/* RFC 9112 4: the status is 200, or there is nothing to be had; what is posted may be answered
   by another one of success. */
static int read_status(struct client *client, bool posted, struct err *err)
{
	struct slice line;

	if (next_line(client, &line, err) != 0)
		return -1;
	if (!slice_starts(line, SLICE("HTTP/1.")) || line.n < 12)
		return err_set(err, ERR_INPUT, "the answer is not HTTP");
	if (!slice_eq(slice_head(slice_from(line, 9), 3), SLICE("200")) &&
	    !(posted && line.p[9] == '2'))
		return err_set(err, ERR_TEMP, "the answer is: %.*s",
		    SLICE_ARG(slice_head(slice_from(line, 9), 60)));
	return 0;
}

/* *length: SIZE_MAX when it is not said. */
static int read_fields(struct client *client, size_t *length, struct err *err)
{
	struct slice line;
	uint64_t n;

	*length = SIZE_MAX;
	for (int i = 0; i < FIELDS_MAX; i++) {
		if (next_line(client, &line, err) != 0)
			return -1;
		if (line.n == 0)
			return 0;
		struct slice value = line, name = slice_cut(&value, ':');
		if (slice_ieq(name, SLICE("Transfer-Encoding")))
			return err_set(err, ERR_INPUT, "the answer comes in pieces");
		if (!slice_ieq(name, SLICE("Content-Length")))
			continue;
		if (!num_u64(slice_trim(value), SIZE_MAX - 1, &n))
			return err_set(err, ERR_INPUT, "the answer has no length");
		*length = (size_t)n;
	}
	return err_set(err, ERR_LIMIT, "the answer has too many fields");
}

static int read_body(struct client *client, const struct fetch_spec *spec, size_t length,
    struct buf *out, struct err *err)
{
	size_t before = out->n;

	if (length != SIZE_MAX && length > spec->max)
		return err_set(err, ERR_LIMIT, "the answer is longer than %zu bytes", spec->max);
	while (out->n - before < length) {
		struct slice bytes;
		int got = client_bytes(client, &bytes, err);
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		if (out->n - before + bytes.n > spec->max)
			return err_set(
			    err, ERR_LIMIT, "the answer is longer than %zu bytes", spec->max);
		buf_adds(out, bytes);
	}
	if (length != SIZE_MAX && out->n - before != length)
		return err_set(err, ERR_TEMP, "the answer is cut");
	return 0;
}

int fetch(const struct fetch_spec *spec, struct buf *out, struct err *err)
{
	uint64_t until = loop_now() + spec->ms;
	struct fetch_url url;
	size_t length;

	if (!fetch_url_read(spec->url, &url))
		return err_set(err, ERR_INPUT, "this URL cannot be fetched");
	struct client *client = open_host(&url, until, err);
	if (!client)
		return -1;
	uint64_t now = loop_now();
	client_deadline(client, now < until ? until - now : 1);
	int rc = url.secure ? secure(client, &url, spec, err) : 0;
	if (rc == 0)
		rc = ask(client, &url, spec, err);
	if (rc == 0)
		rc = read_status(client, spec->body.n > 0, err);
	if (rc == 0)
		rc = read_fields(client, &length, err);
	if (rc == 0)
		rc = read_body(client, spec, length, out, err);
	client_close(&client);
	return rc;
}
