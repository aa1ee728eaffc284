/* route.h - where mail for a domain goes: a host that is set, or what the DNS says (RFC 5321 5.1)
 */
#ifndef PROTOCOLS_RELAY_ROUTE_H
#define PROTOCOLS_RELAY_ROUTE_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/conf.h"
#include "core/pool.h"

enum { ROUTE_HOSTS_MAX = 20, ROUTE_ADDRESSES_MAX = 10 };

/* One of the hosts that take mail for a domain. */
struct route_host {
	struct slice name; /* for TLS and the log; of an address literal, the address */
	unsigned port, preference;
	bool literal; /* the name is an address */
	bool secure;  /* that it is the one was proved by DNSSEC, or is set */
	/* Filled by route_addresses: */
	struct slice canonical; /* where CNAMEs led */
	bool address_secure;	/* its addresses were proved */
};

enum route_verdict {
	ROUTE_FOUND,
	ROUTE_LATER, /* try again: why says what was in the way */
	ROUTE_NONE,  /* there is none, for good */
};

struct route {
	struct route_host hosts[ROUTE_HOSTS_MAX]; /* best first */
	size_t n;
	bool fixed;	  /* by the setting relay.route */
	struct slice why; /* "5.1.2 No such domain" */
};

/* Where mail for at->destination of a sender in at->domain (NULL: of nobody in particular)
   goes. From pool, which `at` must outlive. Waits for the DNS. */
enum route_verdict route_find(const struct conf_at *at, struct pool *pool, struct route *out);

/* Own addresses that it leaves from, parted by blanks. From pool. */
void route_source(const struct conf_at *at, struct pool *pool, struct slice *out);

/* Addresses of a host, in the order in which they are tried, as text; their number in *n, which is
   never 0 with ROUTE_FOUND. */
enum route_verdict route_addresses(struct route_host *host, const struct conf_at *at,
    struct pool *pool, struct slice addresses[ROUTE_ADDRESSES_MAX], size_t *n, struct slice *why);

/* Does this server itself listen there? */
bool route_is_own_address(struct slice address, unsigned port);

/* What parts one way of sending from another: two domains with the same key may
   share connections. From pool. */
struct slice route_key(struct slice domain, struct pool *pool);

/* What parts connections to one destination from each other: what the settings said, some of
   them of the sender's domain. From pool. */
const char *route_way(const struct conf_at *at, struct pool *pool);

#endif
