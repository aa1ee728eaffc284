/* dns_private.h - private to core/dns*.c */
#ifndef CORE_DNS_PRIVATE_H
#define CORE_DNS_PRIVATE_H

#include "core/buf.h"
#include "core/dns.h"
#include "core/err.h"

/* --- resolvers (dns_resolver.c); dns.c holds its lock around them --- */

struct dns_resolver {
	struct ub_ctx *ctx;
	struct buf servers, anchor; /* the settings that it was made of */
	unsigned users;		    /* questions; and one for being the current one */
	bool being_read;
};

/* The one of today's settings, one user more; a new one when *current is of others.
   NULL with the reason when they are no good. */
struct dns_resolver *dns_resolver_use(struct dns_resolver **current, struct err *err);
/* One user less; the last one frees it. */
void dns_resolver_leave(struct dns_resolver *resolver);

/* --- answers that are known (dns_cache.c) --- */

/* Keep an answer for that many seconds, but for one that failed. */
void dns_cache_put(struct slice name, enum dns_type type, enum dns_status status,
    const struct dns_answer *answer, int life);
/* dns.c: look at the settings; the cache is empty behind it when they have changed. False:
   they are no good. */
bool dns_is_current(void);
/* When other servers are asked, or none any more. */
void dns_cache_clear(void);

#endif
