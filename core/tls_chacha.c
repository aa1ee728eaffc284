/* tls_chacha.c - ChaCha20 (RFC 8439) by libsodium, which uses the processor's wide registers
 *
 * The crypto callback has no place for this cipher. As in tls_prefer.c the library's function
 * is therefore defined once more: whole blocks are libsodium's, what is left of the last one,
 * and keys of 128 bits, are the library's. */
#include "core/tls_private.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sodium.h>
#include <wolfssl/wolfcrypt/chacha.h>

enum { BLOCK = 64, KEY = 4, COUNTER = 12, NONCE = 13 /* words of the state, RFC 8439 2.3 */ };

static int (*library)(ChaCha *ctx, byte *out, const byte *in, word32 n);
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void find(void)
{
	*(void **)&library = dlsym(RTLD_NEXT, "wc_Chacha_Process");
	if (!library)
		bug("wolfSSL has no wc_Chacha_Process");
}

void tls_chacha_start(void)
{
	pthread_once(&once, find);
}

/* The state holds the words as they are in the stream: on a little-endian machine only. */
static bool is_ours(const ChaCha *ctx, word32 blocks)
{
	static const word32 two_of_expand_32_byte_k = 0x3320646e;

	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && blocks > 0 && ctx->left == 0 &&
	    ctx->X[1] == two_of_expand_32_byte_k && ctx->X[COUNTER] < UINT32_MAX - blocks;
}

int wc_Chacha_Process(ChaCha *ctx, byte *out, const byte *in, word32 n)
{
	word32 blocks = n / BLOCK;

	tls_chacha_start();
	if (ctx && out && in && is_ours(ctx, blocks)) {
		crypto_stream_chacha20_ietf_xor_ic(out, in, blocks * BLOCK,
		    (const unsigned char *)&ctx->X[NONCE], ctx->X[COUNTER],
		    (const unsigned char *)&ctx->X[KEY]);
		ctx->X[COUNTER] += blocks;
		out += blocks * BLOCK;
		in += blocks * BLOCK;
		n -= blocks * BLOCK;
	}
	return n > 0 ? library(ctx, out, in, n) : 0;
}
