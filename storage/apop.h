/* apop.h - passwords of accounts in domains that chose APOP (RFC 1939 7)
 *
 * APOP proves a password by a digest of it and of what the server said first, so
 * the server must be able to read the password. Nothing else here can, and no
 * domain does it unless it says so (pop.apop). What is kept is sealed under the
 * master key; it is written with a new password while the setting is on, and
 * removed when it goes off, or with the account. Any thread but a loop's, except
 * where said. */
#ifndef STORAGE_APOP_H
#define STORAGE_APOP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"

struct source_sealer;

/* With the store open, before threads. */
void apop_start(const struct source_sealer *sealer);

/* Does any domain want it; does this one? From memory; any thread. */
bool apop_anywhere(void);
bool apop_wanted(const char *domain);

/* Around a change of the password of that account: before it drops what is kept, behind it
   keeps the new one where the domain wants that. A crash between the two leaves none. */
int apop_drop(struct slice address, struct err *err);
int apop_keep(struct slice address, struct slice password, struct err *err);

/* The account is no more. */
int apop_forget(uint64_t account, struct err *err);

/* The password, appended; to be wiped. 1, 0: there is none, or the domain does not want
   it; -1. */
int apop_password(struct slice address, struct buf *out);

#endif
