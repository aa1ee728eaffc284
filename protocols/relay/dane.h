/* dane.h - what the DNS says of a mail server's certificate (RFC 7672) */
#ifndef PROTOCOLS_RELAY_DANE_H
#define PROTOCOLS_RELAY_DANE_H

#include "core/dns.h"
#include "protocols/relay/route.h"

enum dane_found {
	DANE_USABLE,   /* records that can be used: *pins, as tls_client_spec has them */
	DANE_UNUSABLE, /* only others: TLS, but nothing to compare with */
	DANE_ABSENT,   /* none, or DNSSEC does not prove them */
	DANE_FAILED,   /* the DNS does not tell: *why; nothing may be sent there */
};

/* After route_addresses. From pool. */
enum dane_found dane_ask(
    const struct route_host *host, struct pool *pool, struct slice *pins, struct slice *why);

/* The pins among TLSA records that were found: not DANE_FAILED. From pool. */
enum dane_found dane_take(const struct dns_answer *answer, struct pool *pool, struct slice *pins);

#endif
