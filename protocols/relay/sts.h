/* sts.h - what a domain says of TLS to its mail servers over HTTPS: MTA-STS (RFC 8461) */
#ifndef PROTOCOLS_RELAY_STS_H
#define PROTOCOLS_RELAY_STS_H

#include "core/dns.h"
#include "core/sts.h"

/* Why a policy that was announced could not be had (RFC 8460 4.3.2.1). */
enum sts_fault { STS_FINE, STS_NOT_FETCHED, STS_INVALID, STS_UNTRUSTED };

/* The policy in force for a domain, of the store, or fetched when the DNS says that there is a
   new one. False: none. From pool. May wait for the network: a thread of the relay's own. */
bool sts_find(
    struct slice domain, struct pool *pool, struct sts_policy *out, enum sts_fault *fault);

#endif
