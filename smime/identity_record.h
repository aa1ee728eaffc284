/* identity_record.h - how identities are stored; for smime/identity*.c */
#ifndef SMIME_IDENTITY_RECORD_H
#define SMIME_IDENTITY_RECORD_H

#include "smime/identity.h"
#include "storage/acct_record.h"

#define IDENTITY_ROOM "smime"

enum { IDENTITY_KEY = 5 };

/* The key of the record, and what it holds. Bytes of *out point into value. */
void identity_key(uint32_t number, char out[IDENTITY_KEY]);
void identity_write(const struct identity *identity, struct buf *out);
bool identity_read(struct slice key, struct slice value, struct identity *out);

/* The account's certificate changed: the cache forgets it. */
void identity_changed(uint64_t account);

#endif
