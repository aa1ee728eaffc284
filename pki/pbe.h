/* pbe.h - secrets under a password: PKCS#5 (RFC 8018) and the older ways of PKCS#12 (RFC 7292)
 *
 * Locked is by PBES2: PBKDF2 with HMAC-SHA-256, then AES-256-CBC. */
#ifndef PKI_PBE_H
#define PKI_PBE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"

enum {
	PBE_ITERATIONS = 600000,
	PBE_ITERATIONS_MAX = 5000000, /* of what others made: a second of work */
	PBE_PASSWORD_MAX = 1024,
};

/* Append the AlgorithmIdentifier and the ciphertext. */
int pbe_lock(struct slice password, struct slice plain, struct buf *algorithm, struct buf *cipher,
    struct err *err);

/* The same as programs know it that are older than PBES2 in PKCS#12: triple DES
   under a key derived with SHA-1 (RFC 7292 C). */
int pbe_lock_older(struct slice password, struct slice plain, struct buf *algorithm,
    struct buf *cipher, struct err *err);

/* Append what was locked to *plain; wipe that. algorithm: the whole
   AlgorithmIdentifier. ERR_DENIED: wrong password, as far as can be told: once
   in 256 times garbage is taken, so look at what you have got. ERR_INPUT:
   malformed, or a way that is not known. */
int pbe_unlock(struct slice password, struct slice algorithm, struct slice cipher,
    struct buf *plain, struct err *err);

/* --- for pkcs12*.c --- */

enum pbe_hash { PBE_SHA1, PBE_SHA256, PBE_SHA384, PBE_SHA512 };

/* The key derivation of RFC 7292 B: id 1 a key, 2 an IV, 3 a key of a MAC.
   password: as pbe_bmp makes it. */
enum pbe_use { PBE_USE_KEY = 1, PBE_USE_IV = 2, PBE_USE_MAC = 3 };
int pbe_pkcs12_key(struct slice password, struct slice salt, unsigned iterations,
    enum pbe_hash hash, enum pbe_use use, unsigned char *out, size_t n);

/* Append UTF-8 as a BMPString with its terminator (RFC 7292 B.1); characters
   beyond the BMP as two, as others do. False: no UTF-8. */
bool pbe_bmp(struct slice utf8, struct buf *out);

#endif
