/* route.c - where mail for a domain goes: a host that is set, or what the DNS says (RFC 5321 5.1)
 */
#include "protocols/relay/route.h"

#include <ifaddrs.h>

#include "core/client.h"
#include "core/conf.h"
#include "core/dns.h"
#include "core/listen.h"
#include "core/num.h"
#include "core/random.h"
#include "core/text.h"
#include "protocols/relay/talk.h"

CONF_KEY(relay_route) = {
	.name = "relay.route",
	.type = CONF_TEXT,
	.scopes = CONF_SERVER | CONF_DOMAIN | CONF_DESTINATION,
	.def = "mx",
	.help =
	    "where mail goes, all, to one destination, or of senders in one domain: mx is what the "
	    "DNS says; or HOST, HOST:PORT, [ADDRESS]:PORT of a server that takes it",
};

CONF_KEY(relay_port) = {
	.name = "relay.port",
	.type = CONF_INT,
	.def = "25",
	.min = 1,
	.max = 65535,
	.help = "port of servers that the DNS names; another one than 25 is for experiments",
};

CONF_KEY(relay_source_address) = {
	.name = "relay.source-address",
	.type = CONF_TEXT,
	.scopes = CONF_SERVER | CONF_DOMAIN | CONF_DESTINATION,
	.def = "",
	.help = "own addresses that mail leaves from, one of IPv4, one of IPv6: all, of senders in "
		"one domain, or to one destination; empty: the system chooses",
};

void route_source(const struct conf_at *at, struct pool *pool, struct slice *out)
{
	struct buf text = { 0 };

	conf_text(&conf_key_relay_source_address, at, &text);
	*out = pool_slice(pool, buf_slice(&text));
	buf_done(&text);
}

static unsigned mx_port(void)
{
	return (unsigned)conf_num(&conf_key_relay_port);
}

static void setting(const struct conf_at *at, struct pool *pool, struct slice *out)
{
	struct buf text = { 0 };

	conf_text(&conf_key_relay_route, at, &text);
	*out = pool_slice(pool, slice_trim(buf_slice(&text)));
	buf_done(&text);
}

static bool is_mx(struct slice route)
{
	return route.n == 0 || slice_ieq(route, SLICE("mx"));
}

/* --- hosts that are named: HOST, HOST:PORT, [ADDRESS], [ADDRESS]:PORT --- */

static bool read_port(struct slice text, unsigned *port)
{
	uint32_t n;

	if (text.n == 0)
		return true;
	if (text.p[0] != ':' || !num_u32(slice_from(text, 1), &n) || n == 0 || n > 65535)
		return false;
	*port = n;
	return true;
}

/* RFC 5321 4.1.3 */
static bool read_literal(struct slice text, struct route_host *out)
{
	struct sockaddr_storage address;
	socklen_t n;
	ptrdiff_t end = slice_chr(text, ']');

	if (text.n < 2 || text.p[0] != '[' || end < 0)
		return false;
	out->name = slice_of(text.p + 1, (size_t)end - 1);
	if (slice_istarts(out->name, SLICE("IPv6:")))
		out->name = slice_from(out->name, 5);
	out->literal = true;
	return read_port(slice_from(text, (size_t)end + 1), &out->port) &&
	    client_address(out->name, out->port, &address, &n);
}

static bool read_host(struct slice text, struct pool *pool, struct route_host *out)
{
	ptrdiff_t colon = slice_rchr(text, ':');
	struct slice name = colon < 0 ? text : slice_head(text, (size_t)colon);

	*out = (struct route_host){ .port = mx_port() };
	if (text.n > 0 && text.p[0] == '[')
		return read_literal(text, out);
	char *ascii = domain_ascii(pool, name);
	if (!ascii)
		return false;
	out->name = slice_str(ascii);
	return read_port(slice_from(text, name.n), &out->port);
}

static enum route_verdict no(struct route *out, enum route_verdict verdict, struct slice why)
{
	out->why = why;
	out->n = 0;
	return verdict;
}

/* --- MX --- */

static void swap(struct route_host *a, struct route_host *b)
{
	struct route_host c = *a;

	*a = *b;
	*b = c;
}

/* RFC 5321 5.1: those of the same preference in any order, to spread the load. */
static void shuffle(struct route *out)
{
	unsigned char dice[ROUTE_HOSTS_MAX];

	random_bytes(dice, sizeof(dice));
	for (size_t i = out->n; i > 1; i--)
		swap(&out->hosts[i - 1], &out->hosts[dice[i - 1] % i]);
}

/* By insertion, which keeps the order of equals that was thrown. */
static void sort(struct route *out)
{
	struct route_host *h = out->hosts;

	for (size_t i = 1; i < out->n; i++)
		for (size_t k = i; k > 0 && h[k - 1].preference > h[k].preference; k--)
			swap(&h[k - 1], &h[k]);
}

/* Are we the one that is named? Whoever is less preferred than ourselves would
   only send it back (RFC 5321 5.1). */
static void cut_at_ourselves(struct route *out, struct pool *pool)
{
	struct slice own = relay_own_name(pool);
	unsigned limit = UINT32_MAX;
	size_t n = 0;

	for (size_t i = 0; i < out->n; i++)
		if (slice_ieq(out->hosts[i].name, own) && out->hosts[i].preference < limit)
			limit = out->hosts[i].preference;
	while (n < out->n && out->hosts[n].preference < limit)
		n++;
	out->n = n;
}

static enum route_verdict take_mx(
    const struct dns_answer *answer, struct pool *pool, struct route *out)
{
	struct dns_mx mx;
	bool null = false;

	for (size_t i = 0; i < answer->n && out->n < ROUTE_HOSTS_MAX; i++) {
		if (!dns_read_mx(answer->rr[i], pool, &mx))
			continue;
		null = null || slice_eq(mx.host, SLICE("."));
		if (domain_ascii(pool, mx.host))
			out->hosts[out->n++] = (struct route_host){ .name = mx.host,
				.port = mx_port(),
				.preference = mx.preference,
				.secure = answer->secure };
	}
	if (out->n == 0) /* RFC 7505 3 */
		return no(out, ROUTE_NONE,
		    null ? SLICE("5.1.10 The domain takes no mail (null MX)")
			 : SLICE("5.4.4 The domain names no mail server that could be"));
	shuffle(out);
	sort(out);
	cut_at_ourselves(out, pool);
	if (out->n == 0)
		return no(out, ROUTE_NONE,
		    SLICE("5.4.6 The DNS says that mail for the domain comes to this server, "
			  "which does not host it"));
	return ROUTE_FOUND;
}

static enum route_verdict ask_mx(struct slice domain, struct pool *pool, struct route *out)
{
	struct dns_answer answer;
	struct err err = { 0 };

	switch (dns_ask(domain, DNS_MX, pool, &answer, &err)) {
	case DNS_FOUND:
		return take_mx(&answer, pool, out);
	case DNS_EMPTY: /* RFC 5321 5.1: the domain itself is its mail server */
		out->hosts[out->n++] = (struct route_host){
			.name = domain, .port = mx_port(), .secure = answer.secure
		};
		return ROUTE_FOUND;
	case DNS_ABSENT:
		return no(out, ROUTE_NONE, SLICE("5.1.2 There is no such domain"));
	default:
		return no(out, ROUTE_LATER,
		    slice_str(pool_printf(pool, "4.4.3 The DNS does not tell: %s", err.text)));
	}
}

enum route_verdict route_find(const struct conf_at *at, struct pool *pool, struct route *out)
{
	struct slice domain = slice_str(at->destination), route;

	*out = (struct route){ 0 };
	setting(at, pool, &route);
	if (is_mx(route) && !(domain.n > 0 && domain.p[0] == '['))
		return ask_mx(domain, pool, out);
	out->fixed = !is_mx(route);
	if (!read_host(out->fixed ? route : domain, pool, &out->hosts[0]))
		return out->fixed
		    ? no(out, ROUTE_LATER, SLICE("4.3.5 The setting relay.route names no host"))
		    : no(out, ROUTE_NONE, SLICE("5.1.3 That is no address"));
	out->n = 1;
	out->hosts[0].secure = true;
	return ROUTE_FOUND;
}

struct slice route_key(struct slice domain, struct pool *pool)
{
	struct conf_at at = { .destination = pool_str(pool, domain) };
	struct slice route;

	setting(&at, pool, &route);
	if (is_mx(route))
		return domain;
	return slice_str(pool_printf(pool, "%.*s tls %s", SLICE_ARG(route), level_key(&at, pool)));
}

const char *route_way(const struct conf_at *at, struct pool *pool)
{
	struct slice route, source;

	setting(at, pool, &route);
	route_source(at, pool, &source);
	return pool_printf(pool, "%.*s from %.*s tls %s", SLICE_ARG(route), SLICE_ARG(source),
	    level_key(at, pool));
}

/* --- ourselves --- */

struct own {
	struct slice address;
	unsigned port;
	bool found;
};

/* A listener's address is HOST:PORT; one at all addresses is at each of the
   machine's. */
static void compare_listener(void *arg, const struct listener *listener, const char *address)
{
	struct own *own = arg;
	struct slice host = slice_str(address);
	ptrdiff_t colon = slice_rchr(host, ':');
	unsigned port = 0;

	(void)listener;
	if (colon < 0 || !read_port(slice_from(host, (size_t)colon), &port) || port != own->port)
		return;
	host = slice_head(host, (size_t)colon);
	if (host.n > 2 && host.p[0] == '[')
		host = slice_of(host.p + 1, host.n - 2);
	bool any = slice_eq(host, SLICE("0.0.0.0")) || slice_eq(host, SLICE("::"));
	own->found = own->found || any || slice_eq(host, own->address);
}

static bool is_of_this_machine(struct slice address)
{
	struct ifaddrs *all = NULL;
	char text[64];
	bool found = slice_starts(address, SLICE("127.")) || slice_eq(address, SLICE("::1"));

	if (getifaddrs(&all) != 0)
		return found;
	for (struct ifaddrs *i = all; i && !found; i = i->ifa_next) {
		int family = i->ifa_addr ? i->ifa_addr->sa_family : AF_UNSPEC;

		if (family == AF_INET || family == AF_INET6)
			found =
			    slice_eq(address, slice_str(client_address_text(i->ifa_addr, text)));
	}
	freeifaddrs(all);
	return found;
}

bool route_is_own_address(struct slice address, unsigned port)
{
	struct own own = { address, port, false };

	listen_each(compare_listener, &own);
	return own.found && is_of_this_machine(address);
}
