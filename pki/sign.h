/* sign.h - all that is done with private keys
 *
 * A private key is handed around sealed. pki/sign.c alone opens it, for as
 * long as one call takes, so that it could become a process of its own. */
#ifndef PKI_SIGN_H
#define PKI_SIGN_H

#include "core/buf.h"
#include "core/err.h"
#include "core/tls.h"
#include "pki/key.h"

struct sign_key {
	const char *owner; /* the domain that it was sealed for */
	struct slice sealed;
};

/* A new key for the owner (P-256, or of that kind), or one from a PEM text, sealed
   into *sealed. */
int sign_make(const char *owner, struct buf *sealed, struct err *err);
int sign_generate(const char *owner, enum key_kind kind, struct buf *sealed, struct err *err);
int sign_take(const char *owner, struct slice pem, struct buf *sealed, struct err *err);

/* The same of a key in DER, of any kind. */
int sign_seal(const char *owner, struct slice der, struct buf *sealed, struct err *err);

/* Append the key with its chain (DER, its own certificate first) as PKCS#12 under the
   password; older: pki/pkcs12.h. */
struct pkcs12;
int sign_pkcs12(const struct sign_key *key, const struct pkcs12 *what, struct slice password,
    struct buf *out, struct err *err);

/* What an owner's key is sealed as, appended. */
void sign_sealed_as(const char *owner, struct buf *out);

int sign_look(const struct sign_key *key, struct key_info *out, struct err *err);

/* Sign a text and check the signature: 0, or -1 with the reason (C-029, C-030). */
int sign_test(const struct sign_key *key, struct err *err);

/* Append the AlgorithmIdentifier of signatures that a key of that type makes. */
void sign_algorithm(const char *key_type, struct buf *out);

/* Append SIGNED{} (X.509; RFC 5280 4.1, 5.1, RFC 2986 4.2): what is to be signed in DER,
   the algorithm, the signature. key_type: the key's, as sign_look said. */
int sign_structure(const struct sign_key *key, const char *key_type, struct slice to_be_signed,
    struct buf *out, struct err *err);

/* Append the signature of data. */
int sign_data(
    const struct sign_key *key, struct slice data, struct buf *signature, struct err *err);

/* A TLS context with that key; the rest is in *spec. */
struct tls_ctx *sign_tls_ctx(
    const struct sign_key *key, const struct tls_ctx_spec *spec, struct err *err);

#endif
