/* tls_nettle_hash.c - SHA-256 and SHA-384 by nettle, in the library's own structs
 *
 * The library copies and drops its hash structs freely, so nothing can hang on
 * them. Theirs hold the same things as nettle's: the chaining value, the block
 * that is filled, and counts. So each call moves them over and back. */
#include "core/tls_private.h"

#include <nettle/sha2.h>
#include <wolfssl/wolfcrypt/sha256.h>
#include <wolfssl/wolfcrypt/sha512.h>

static void load_256(struct sha256_ctx *to, const wc_Sha256 *from)
{
	memcpy(to->state, from->digest, sizeof(to->state));
	memcpy(to->block, from->buffer, sizeof(to->block));
	to->index = from->buffLen;
	to->count = (uint64_t)from->hiLen << 32 | from->loLen; /* of blocks, as nettle counts */
}

static void store_256(wc_Sha256 *to, const struct sha256_ctx *from)
{
	memcpy(to->digest, from->state, sizeof(from->state));
	memcpy(to->buffer, from->block, sizeof(from->block));
	to->buffLen = from->index;
	to->loLen = (word32)from->count;
	to->hiLen = (word32)(from->count >> 32);
}

static int sha_256(const wc_CryptoInfo *info)
{
	struct sha256_ctx ctx;

	load_256(&ctx, info->hash.sha256);
	if (info->hash.in)
		sha256_update(&ctx, info->hash.inSz, info->hash.in);
	if (info->hash.digest)
		sha256_digest(&ctx, SHA256_DIGEST_SIZE, info->hash.digest); /* and starts anew */
	store_256(info->hash.sha256, &ctx);
	bytes_wipe(&ctx, sizeof(ctx));
	return 0;
}

static void load_512(struct sha512_ctx *to, const wc_Sha512 *from)
{
	memcpy(to->state, from->digest, sizeof(to->state));
	memcpy(to->block, from->buffer, sizeof(to->block));
	to->index = from->buffLen;
	to->count_low = from->loLen;
	to->count_high = from->hiLen;
}

static void store_512(wc_Sha512 *to, const struct sha512_ctx *from)
{
	memcpy(to->digest, from->state, sizeof(from->state));
	memcpy(to->buffer, from->block, sizeof(from->block));
	to->buffLen = from->index;
	to->loLen = from->count_low;
	to->hiLen = from->count_high;
}

static int sha_384(const wc_CryptoInfo *info)
{
	struct sha512_ctx ctx;

	load_512(&ctx, info->hash.sha384);
	if (info->hash.in)
		sha512_update(&ctx, info->hash.inSz, info->hash.in);
	if (info->hash.digest)
		sha384_digest(&ctx, SHA384_DIGEST_SIZE, info->hash.digest);
	store_512(info->hash.sha384, &ctx);
	bytes_wipe(&ctx, sizeof(ctx));
	return 0;
}

int nettle_hash(wc_CryptoInfo *info)
{
	switch (info->hash.type) {
	case WC_HASH_TYPE_SHA256:
		return sha_256(info);
	case WC_HASH_TYPE_SHA384:
		return sha_384(info);
	default:
		return CRYPTOCB_UNAVAILABLE;
	}
}
