/* keysig.h - is this the signature of that key? As DKIM and ARC need it: the library's
 * arithmetic, over keys that strangers publish
 *
 * RSA with SHA-256 of 1024 to 4096 bits (RFC 8301 3.2) and a small exponent, so that no
 * key makes us work long; Ed25519 (RFC 8463). */
#ifndef MAILAUTH_KEYSIG_H
#define MAILAUTH_KEYSIG_H

#include "core/buf.h"
#include "core/digest.h"

enum keysig_algorithm { KEYSIG_RSA_SHA256, KEYSIG_ED25519_SHA256 };

enum keysig_result {
	KEYSIG_GOOD,
	KEYSIG_BAD,
	KEYSIG_WEAK,  /* the key is too small, or too large */
	KEYSIG_NO_KEY /* these bytes are no key */
};

/* key: a SubjectPublicKeyInfo or RSAPublicKey in DER, or the 32 bytes of Ed25519; digest:
   SHA-256 of what is signed. Any thread. */
enum keysig_result keysig_check(enum keysig_algorithm algorithm, struct slice key,
    const unsigned char digest[DIGEST_SIZE], struct slice signature);

#endif
