/* digest.h - SHA-256, plain and keyed, for what is kept as a hash only */
#ifndef CORE_DIGEST_H
#define CORE_DIGEST_H

#include <stdbool.h>
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

/* RFC 1321, for APOP alone: it proves nothing to those who can choose texts. */
enum { DIGEST_MD5_SIZE = 16 };
void digest_md5(struct slice first, struct slice second, unsigned char out[DIGEST_MD5_SIZE]);

/* The same bytes? Takes as long whatever they are. */
bool digest_same(const unsigned char *a, const unsigned char *b, size_t n);

/* RFC 2104 with SHA-256. Any thread. */
void digest_hmac(struct slice key, struct slice data, unsigned char out[DIGEST_SIZE]);

#endif
