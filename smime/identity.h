/* identity.h - the S/MIME keys and certificates of an account
 *
 * A private key lies encrypted under its user's own secret (PKCS#8, PBES2); the
 * server has no other way to it, and no admin has one. An account keeps all its
 * keys, as old mail needs them; mail is encrypted for the newest. There may be a
 * certificate alone, whose key is on its owner's machine. All keys of an account
 * have the same secret.
 *
 * Any thread but a loop's. */
#ifndef SMIME_IDENTITY_H
#define SMIME_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"
#include "smime/cms.h"
#include "storage/dir.h"

enum { IDENTITIES_MAX = 100 };

struct identity {
	uint32_t number; /* of the account's own; a newer one has a higher */
	int64_t added;
	struct slice key;   /* EncryptedPrivateKeyInfo, or empty */
	struct slice chain; /* DER, its own certificate first */
};

/* All of an account, the oldest first, copied into pool. 0 or -1. */
struct identities {
	struct identity *list;
	size_t n;
};
int identities_get(
    const struct dir_account *account, struct pool *pool, struct identities *out, struct err *err);

/* May mail be encrypted for it now? "valid"; "expired", "not valid yet", "revoked" (by an
   authority of this server). */
const char *identity_state(const struct identity *identity);

/* The one that mail is encrypted for: the newest that is valid; NULL: there is none. */
const struct identity *identity_usable(const struct identities *all);

/* The one that is meant when none is named: that, else the newest; NULL: there is
   none. */
const struct identity *identity_current(const struct identities *all);

/* Is the secret that of the keys that are there, or good for a first one? Errors
   as identity_open; ERR_INPUT: too short. */
int identity_check(const struct dir_account *account, struct slice secret, struct err *err);

/* Add a key (PKCS#8 DER; empty: a certificate alone) with its chain. The secret
   must open the keys that are there. */
struct identity_new {
	struct slice key, chain, secret;
};
int identity_add(
    const struct dir_account *account, const struct identity_new *new, struct err *err);

int identity_remove(const struct dir_account *account, uint32_t number, struct err *err);

/* Append the private key to *key; wipe that. ERR_DENIED: wrong secret; ERR_BUSY:
   wrong ones came too often, or another is being tried; wait. */
int identity_open(const struct dir_account *account, const struct identity *identity,
    struct slice secret, struct buf *key, struct err *err);

/* Lock all keys under another secret. */
int identity_secret(
    const struct dir_account *account, struct slice old, struct slice secret, struct err *err);

/* Whom mail to that account is encrypted for: a reference, from a bounded cache
   when it has it. NULL: ERR_ABSENT when there is no certificate in force. */
struct cms_recipient *identity_recipient(const char *address, struct err *err);

#endif
