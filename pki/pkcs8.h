/* pkcs8.h - private keys in one form, and under a password (RFC 5958) */
#ifndef PKI_PKCS8_H
#define PKI_PKCS8_H

#include "core/buf.h"
#include "core/err.h"

/* Append a private key as PrivateKeyInfo (RFC 5958), whatever DER it has: that, or
   ECPrivateKey with its curve (SEC 1), or RSAPrivateKey (PKCS#1). */
int pkcs8_wrap(struct slice der, struct buf *out, struct err *err);

/* Append the key (PKCS#8 DER) locked. */
int pkcs8_lock(struct slice key, struct slice password, struct buf *out, struct err *err);

/* Append the key (PKCS#8 DER) to *key; wipe that. It is one that can be read.
   ERR_DENIED: wrong password. */
int pkcs8_unlock(struct slice locked, struct slice password, struct buf *key, struct err *err);

#endif
