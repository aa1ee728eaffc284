/* orgdomain.h - the domain that somebody registered, by the list of public suffixes */
#ifndef MAILAUTH_ORGDOMAIN_H
#define MAILAUTH_ORGDOMAIN_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/pool.h"

/* "mail.example.co.uk" -> "example.co.uk" (RFC 7489 3.2); a public suffix is itself. The
   domain in A-labels and lower case. Any thread. */
struct slice org_domain(struct slice domain, struct pool *pool);

/* Do they belong to the same? */
bool org_same(struct slice a, struct slice b, struct pool *pool);

#endif
