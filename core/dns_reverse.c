/* dns_reverse.c - the host name of an address, when the name says so, too (RFC 8601 3) */
#include "core/dns.h"
#include "core/net.h"

/* RFC 8601 3: an address may have many names, and asking for each costs a question. */
enum { NAMES_MAX = 5 };

/* RFC 1035 3.5, RFC 3596 2.5: "1.2.0.192.in-addr.arpa". */
static struct slice reverse(const struct net *net, struct pool *pool)
{
	bool four = net_is_4(net);
	struct buf name = { 0 };

	for (int i = NET_IP - 1; i >= (four ? NET_BITS_4 / 8 : 0); i--)
		if (four)
			buf_printf(&name, "%u.", net->ip[i]);
		else
			buf_printf(&name, "%x.%x.", net->ip[i] & 15, net->ip[i] >> 4);
	buf_addz(&name, four ? "in-addr.arpa" : "ip6.arpa");
	struct slice copy = pool_slice(pool, buf_slice(&name));
	buf_done(&name);
	return copy;
}

/* Does the name lead to the address? */
static enum dns_status confirm(
    struct slice name, const struct net *net, struct pool *pool, struct err *err)
{
	bool four = net_is_4(net);
	size_t n = four ? 4 : NET_IP;
	struct dns_answer answer;
	enum dns_status status = dns_ask(name, four ? DNS_A : DNS_AAAA, pool, &answer, err);

	if (status != DNS_FOUND)
		return status;
	for (size_t i = 0; i < answer.n; i++)
		if (slice_eq(answer.rr[i], slice_of(net->ip + NET_IP - n, n)))
			return DNS_FOUND;
	return DNS_EMPTY;
}

enum dns_status dns_name_of(
    const struct sockaddr *address, struct pool *pool, struct slice *name, struct err *err)
{
	enum dns_status status = DNS_EMPTY, found;
	struct dns_answer answer;
	struct net net;

	*name = (struct slice){ 0 };
	if (!net_of(address, &net))
		return DNS_EMPTY;
	found = dns_ask(reverse(&net, pool), DNS_PTR, pool, &answer, err);
	if (found != DNS_FOUND)
		return found;
	for (size_t i = 0; i < answer.n && i < NAMES_MAX; i++) {
		struct slice rr = answer.rr[i], host;

		if (!dns_read_name(&rr, pool, &host))
			continue;
		found = confirm(host, &net, pool, err);
		if (found == DNS_FOUND) {
			*name = host;
			return DNS_FOUND;
		}
		if (found == DNS_FAILED)
			status = DNS_FAILED;
	}
	return status;
}
