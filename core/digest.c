/* digest.c - SHA-256, plain and keyed */
#include "core/digest.h"

#include <nettle/hmac.h>
#include <nettle/md5.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>

void digest_sha256(struct slice data, unsigned char out[DIGEST_SIZE])
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, data.n, (const uint8_t *)data.p);
	sha256_digest(&ctx, DIGEST_SIZE, out);
	bytes_wipe(&ctx, sizeof(ctx));
}

_Static_assert(sizeof(struct sha256_ctx) <= sizeof(struct digest), "room for the library");

void digest_begin(struct digest *digest)
{
	sha256_init((struct sha256_ctx *)digest->room);
}

void digest_add(struct digest *digest, struct slice data)
{
	sha256_update((struct sha256_ctx *)digest->room, data.n, (const uint8_t *)data.p);
}

void digest_end(struct digest *digest, unsigned char out[DIGEST_SIZE])
{
	sha256_digest((struct sha256_ctx *)digest->room, DIGEST_SIZE, out);
	bytes_wipe(digest, sizeof(*digest));
}

void digest_hmac(struct slice key, struct slice data, unsigned char out[DIGEST_SIZE])
{
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, key.n, (const uint8_t *)key.p);
	hmac_sha256_update(&ctx, data.n, (const uint8_t *)data.p);
	hmac_sha256_digest(&ctx, DIGEST_SIZE, out);
	bytes_wipe(&ctx, sizeof(ctx));
}

void digest_md5(struct slice first, struct slice second, unsigned char out[DIGEST_MD5_SIZE])
{
	struct md5_ctx ctx;

	md5_init(&ctx);
	md5_update(&ctx, first.n, (const uint8_t *)first.p);
	md5_update(&ctx, second.n, (const uint8_t *)second.p);
	md5_digest(&ctx, DIGEST_MD5_SIZE, out);
	bytes_wipe(&ctx, sizeof(ctx));
}

bool digest_same(const unsigned char *a, const unsigned char *b, size_t n)
{
	return memeql_sec(a, b, n);
}
