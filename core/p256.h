/* p256.h - the curve P-256 (FIPS 186-5, SP 800-56A) by OpenSSL's libcrypto
 *
 * Its code for this curve takes no branches and looks up no memory by secrets, and signs in
 * less than half of hogweed's time. Numbers are big-endian, in as many bytes as they may have.
 * Nothing is kept of a key, and what libcrypto copied of it is wiped. Any thread. */
#ifndef CORE_P256_H
#define CORE_P256_H

#include "core/buf.h"

enum {
	P256_NUMBER = 32,
	P256_POINT = 2 * P256_NUMBER, /* x, then y */
	P256_SIGNATURE_MAX = 72,      /* ECDSA-Sig-Value, RFC 3279 2.2.3 */
};

/* ECDSA of a hash, which is cut to 32 bytes. How many bytes of signature[P256_SIGNATURE_MAX]
   it has, in DER; 0: d is no private key. */
size_t p256_sign(const unsigned char d[P256_NUMBER], struct slice hash, unsigned char *signature);

/* False also when the point is not on the curve, or the signature is not DER. */
bool p256_verify(const unsigned char point[P256_POINT], struct slice hash, struct slice signature);

/* A new pair of keys. */
bool p256_make(unsigned char d[P256_NUMBER], unsigned char point[P256_POINT]);

/* ECDH: the x coordinate of d times the point. False when the point is not on the curve. */
bool p256_share(const unsigned char d[P256_NUMBER], const unsigned char point[P256_POINT],
    unsigned char x[P256_NUMBER]);

#endif
