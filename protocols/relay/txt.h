/* txt.h - the one TXT record of a name that begins as it should */
#ifndef PROTOCOLS_RELAY_TXT_H
#define PROTOCOLS_RELAY_TXT_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/pool.h"

/* Its strings put together, from pool (RFC 8461 3.1, RFC 8460 3). False: there is none, there
   are several, or the DNS does not tell. Waits for the DNS. */
bool txt_ask(struct slice name, struct slice begin, struct pool *pool, struct slice *out);

/* The strings of one record, put together. */
struct slice txt_join(struct slice rr, struct pool *pool);

#endif
