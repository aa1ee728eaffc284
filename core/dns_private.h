/* dns_private.h - private to core/dns*.c */
#ifndef CORE_DNS_PRIVATE_H
#define CORE_DNS_PRIVATE_H

#include "core/dns.h"

/* Keep an answer for that many seconds, but for one that failed. */
void dns_cache_put(struct slice name, enum dns_type type, enum dns_status status,
    const struct dns_answer *answer, int life);
/* dns.c: look at the settings; the cache is empty behind it when they have changed. False:
   they are no good. */
bool dns_is_current(void);
/* When other servers are asked, or none any more. */
void dns_cache_clear(void);

#endif
