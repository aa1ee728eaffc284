/* route_address.c - the addresses of a host that takes mail, in the order in which they are tried
 */
#include "core/dns.h"
#include "protocols/relay/route.h"

static enum dns_status add_addresses(struct route_host *host, enum dns_type type, struct pool *pool,
    struct slice addresses[], size_t *n, struct err *err)
{
	struct dns_answer answer;
	enum dns_status status = dns_ask(host->name, type, pool, &answer, err);

	if (status == DNS_FOUND) {
		host->canonical = answer.name;
		host->address_secure &= answer.secure;
	}
	size_t most = *n + ROUTE_ADDRESSES_MAX / 2; /* room for the other family */
	for (size_t i = 0; status == DNS_FOUND && i < answer.n && *n < most; i++)
		if (dns_read_address(answer.rr[i], type, pool, &addresses[*n]))
			++*n;
	return status;
}

enum family { SIX_FIRST, FOUR_FIRST, SIX_ONLY, FOUR_ONLY };

static const char *const family_names[] = {
	[SIX_FIRST] = "ipv6-first",
	[FOUR_FIRST] = "ipv4-first",
	[SIX_ONLY] = "ipv6",
	[FOUR_ONLY] = "ipv4",
	NULL,
};

CONF_KEY(relay_addresses) = {
	.name = "relay.addresses",
	.type = CONF_CHOICE,
	.scopes = CONF_SERVER | CONF_DESTINATION,
	.choices = family_names,
	.def = "ipv6-first",
	.help = "which addresses of other servers are tried, and which of them first",
};

static enum route_verdict no_address(const struct route_host *host, bool later, struct pool *pool,
    const struct err *err, struct slice *why)
{
	*why = slice_str(later
		? pool_printf(pool, "4.4.3 The DNS does not tell the address of %.*s: %s",
		      SLICE_ARG(host->name), err->text)
		: pool_printf(pool, "5.4.4 %.*s has no address", SLICE_ARG(host->name)));
	return later ? ROUTE_LATER : ROUTE_NONE;
}

enum route_verdict route_addresses(struct route_host *host, const struct conf_at *at,
    struct pool *pool, struct slice addresses[ROUTE_ADDRESSES_MAX], size_t *n, struct slice *why)
{
	static const enum dns_type orders[][2] = { [SIX_FIRST] = { DNS_AAAA, DNS_A },
		[FOUR_FIRST] = { DNS_A, DNS_AAAA },
		[SIX_ONLY] = { DNS_AAAA },
		[FOUR_ONLY] = { DNS_A } };
	const enum dns_type *order = orders[conf_num_at(&conf_key_relay_addresses, at)];
	struct err err = { 0 };
	bool later = false;

	*n = 0;
	if (host->literal) {
		addresses[(*n)++] = host->name;
		return ROUTE_FOUND;
	}
	host->canonical = host->name;
	host->address_secure = true;
	for (size_t i = 0; i < 2 && order[i]; i++)
		later |= add_addresses(host, order[i], pool, addresses, n, &err) == DNS_FAILED;
	return *n > 0 ? ROUTE_FOUND : no_address(host, later, pool, &err, why);
}
