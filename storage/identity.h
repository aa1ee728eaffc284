/* identity.h - addresses beside its own that an account may send as
 *
 * An address that leads to an account is its own, without a word; these are granted by an
 * admin: "sales@alpha.test", or "@beta.test" for all of a domain. */
#ifndef STORAGE_IDENTITY_H
#define STORAGE_IDENTITY_H

#include "core/pool.h"
#include "storage/box.h"

/* In canonical form, from pool; empty: neither an address nor a domain with its @. */
struct slice identity_canonical(struct slice text, struct pool *pool);

/* Is an address, in any form, granted? 1, 0, -1. Any thread but a loop's. */
int identity_is_granted(uint64_t account, uint32_t shard, struct slice address);

/* Canonical ones. Durable on return; 0, or -1 with the reason. */
int identity_grant(struct acct *acct, struct slice identity, struct err *err);
int identity_revoke(struct acct *acct, struct slice identity, struct err *err);

/* In the order of their names. 0 or -1. */
int identity_each(struct acct *acct, bool (*visit)(void *arg, struct slice identity), void *arg);

#endif
