/* signature.h - is this the signature of that key? And is either of them too weak?
 *
 * Refused by policy: MD5 and SHA-1, DSA, RSA of less than 2048 bits, curves
 * other than P-256, P-384 and P-521, and curves that are spelled out. */
#ifndef PKI_SIGNATURE_H
#define PKI_SIGNATURE_H

#include "core/buf.h"
#include "core/err.h"

/* All arguments are DER as they stand in a certificate: algorithm an
   AlgorithmIdentifier, public_info a SubjectPublicKeyInfo, signature the
   contents of the BIT STRING behind its first byte. 0, or -1 with the reason. Any
   thread. */
int signature_check(struct slice algorithm, struct slice public_info, struct slice data,
    struct slice signature, struct err *err);

/* What an AlgorithmIdentifier stands for, as a small number; and by name, as in
   "ECDSA_WITH_SHA256". -1: not known, or refused always. */
int signature_kind(struct slice algorithm);
int signature_named(struct slice name);

/* Is it a key that may be used? 0, or -1 with the reason. */
int public_key_check(struct slice public_info, struct err *err);

#endif
