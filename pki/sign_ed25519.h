/* sign_ed25519.h - private keys of Ed25519, handed around sealed (pki/sign.h) */
#ifndef PKI_SIGN_ED25519_H
#define PKI_SIGN_ED25519_H

#include "core/buf.h"
#include "core/err.h"
#include "pki/sign.h"

/* A new key for the owner, sealed; its public half (32 bytes). Both appended. */
int sign_ed25519_make(const char *owner, struct buf *sealed, struct buf *public, struct err *err);

/* Append the signature of data (RFC 8032 5.1.6). */
int sign_ed25519(
    const struct sign_key *key, struct slice data, struct buf *signature, struct err *err);

/* What an owner's key of this kind is sealed as, appended with a NUL behind. */
void sign_ed25519_sealed_as(const char *owner, struct buf *out);

#endif
