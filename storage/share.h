/* share.h - mailboxes that are shown to others: whose, to whom, what they may do
 *
 * right.h keeps the entries with the mailboxes; here are the owners' side of
 * the directory and the borders between domains, and who has shown something
 * to whom, so that a list of it needs not look at all accounts. Any thread but
 * a loop's. */
#ifndef STORAGE_SHARE_H
#define STORAGE_SHARE_H

#include "storage/right.h"

/* What `who` may do with mailbox `box` (its id) of the account `owner`, both
   canonical addresses. 0, -1. */
int share_rights(
    struct acct *acct, struct slice owner, uint32_t box, struct slice who, unsigned *out);

/* The identifier as it is kept, from pool: "jim" is completed with the owner's
   domain, and an account must be there. NULL: *err says why. */
const char *share_identifier(
    struct pool *pool, struct slice owner, struct slice who, struct err *err);

/* As right_change. ERR_DENIED: it is for another domain's accounts, and more
   than RIGHT_INSERT; ERR_INPUT also: for the owner himself. */
int share_change(struct acct *acct, struct slice owner, struct slice mailbox, struct slice who,
    enum right_how how, unsigned rights, struct err *err);

/* Whoever has shown something to this account, perhaps: canonical addresses
   from pool, in order, NULL behind the last. NULL: it cannot be read. */
const char **share_owners(struct pool *pool, struct slice who);

/* The account was removed: what it was given goes, so that another one of that
   name does not have it. Safe to repeat. */
int share_forget(struct slice address, struct err *err);

/* The account whose mailboxes are the shared ones of a domain, from pool, or
   NULL: it has none. */
const char *share_account(struct pool *pool, struct slice domain);

#endif
