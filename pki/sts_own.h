/* sts_own.h - what a domain here says of TLS to its mail servers: its MTA-STS policy (RFC 8461) */
#ifndef PKI_STS_OWN_H
#define PKI_STS_OWN_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/pool.h"

/* The policy's text, and the id by which its DNS record announces it, which changes with the
   text; from pool. domain in A-labels. False: it has none. Any thread but a loop's. */
bool sts_own(struct slice domain, struct pool *pool, struct slice *text, struct slice *id);

/* Does the domain say anything of it? */
bool sts_own_wanted(struct slice domain);

/* Is the domain's certificate good for the host that the policy is fetched from? */
bool sts_own_is_named(struct slice domain, struct pool *pool);

#endif
