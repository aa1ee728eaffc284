/* digest.h - SHA-256, plain and keyed, for what is kept as a hash only */
#ifndef CORE_DIGEST_H
#define CORE_DIGEST_H

#include <stdint.h>

#include "core/buf.h"

enum { DIGEST_SIZE = 32 };

/* FIPS 180-4. Any thread. */
void digest_sha256(struct slice data, unsigned char out[DIGEST_SIZE]);

/* The same piece by piece. digest_end wipes it. */
struct digest {
	uint64_t room[16];
};
void digest_begin(struct digest *digest);
void digest_add(struct digest *digest, struct slice data);
void digest_end(struct digest *digest, unsigned char out[DIGEST_SIZE]);

/* RFC 2104 with SHA-256. Any thread. */
void digest_hmac(struct slice key, struct slice data, unsigned char out[DIGEST_SIZE]);

#endif
