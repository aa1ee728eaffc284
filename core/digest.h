/* digest.h - SHA-256, plain and keyed, for what is kept as a hash only */
#ifndef CORE_DIGEST_H
#define CORE_DIGEST_H

#include "core/buf.h"

enum { DIGEST_SIZE = 32 };

/* FIPS 180-4. Any thread. */
void digest_sha256(struct slice data, unsigned char out[DIGEST_SIZE]);

/* RFC 2104 with SHA-256. Any thread. */
void digest_hmac(struct slice key, struct slice data, unsigned char out[DIGEST_SIZE]);

#endif
