/* right.h - who may file mail into a mailbox that is not his own
 *
 * A grant belongs to a mailbox, not to its name: it follows a renamed mailbox,
 * and one that is made again under an old name begins without any. Whom it is
 * for is an account's address, or "@alpha.test": all accounts of a domain. To
 * put in is all that can be granted; it lets nobody read (RFC 4314 calls it
 * "i").
 *
 * Any thread but a loop's. */
#ifndef STORAGE_RIGHT_H
#define STORAGE_RIGHT_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/err.h"
#include "storage/box.h"

/* Grant or take back; taking back what was not granted is fine. `who` is as it
   came. Durable on return. ERR_INPUT: not an address or domain; ERR_ABSENT: no
   such mailbox; ERR_LIMIT: the account has given a thousand. */
int right_grant(
    struct acct *acct, struct slice mailbox, struct slice who, bool insert, struct err *err);

/* May the account of that canonical address put messages into mailbox `box` (its
   id)? 1, 0, -1. */
int right_insert(struct acct *acct, uint32_t box, struct slice who);

/* Visit all grants of an account, by mailbox (its id). 0 or -1. */
int right_each(
    struct acct *acct, bool (*visit)(void *arg, uint32_t box, struct slice who), void *arg);

#endif
