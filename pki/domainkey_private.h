/* domainkey_private.h - private to pki/domainkey*.c */
#ifndef PKI_DOMAINKEY_PRIVATE_H
#define PKI_DOMAINKEY_PRIVATE_H

#include "pki/domainkey.h"

/* What it is sealed for: an owner, as pki/sign.h has them. Appended, with a NUL behind. */
void domainkey_sealed_as(const struct domainkey *key, struct buf *out);
/* The name of the seal of such an owner. Appended, with a NUL behind. */
void domainkey_seal_name(enum domainkey_kind kind, const char *owner, struct buf *out);

/* Store one or two, both or none. first: they are new, else ERR_EXISTS. */
int domainkey_put(const struct domainkey *keys, size_t n, bool first, struct err *err);

/* domainkey_sealer.c: struct deliver_signer */
struct deliver;
bool domainkey_seal(
    const struct deliver *d, struct slice whole, struct slice domain, struct buf *fields);

#endif
