/* tls_nettle.c - the TLS library's crypto callback: ciphers by nettle
 *
 * The packaged wolfSSL is built without the processor's own instructions;
 * nettle chooses them when it runs. The library asks the callback first and
 * does itself what that leaves. No cryptography is written here, only glue. */
#include "core/tls_private.h"

#include <gmp.h>
#include <nettle/gcm.h>
#include <stdlib.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "core/random.h"

enum { TAG = 16 };

/* --- AES-GCM --- */

struct gcm_job {
	const Aes *aes;
	bool seals;
	unsigned char *out, *tag; /* the tag that was computed */
	const unsigned char *in, *iv, *header;
	size_t n, iv_n, header_n;
};

/* The context is made anew for each record: the callback is not told when a
   key is freed, and expanding it costs a tenth of a record. */
static void gcm_128(const struct gcm_job *job)
{
	struct gcm_aes128_ctx ctx;

	gcm_aes128_set_key(&ctx, (const unsigned char *)job->aes->devKey);
	gcm_aes128_set_iv(&ctx, job->iv_n, job->iv);
	gcm_aes128_update(&ctx, job->header_n, job->header);
	if (job->seals)
		gcm_aes128_encrypt(&ctx, job->n, job->out, job->in);
	else
		gcm_aes128_decrypt(&ctx, job->n, job->out, job->in);
	gcm_aes128_digest(&ctx, TAG, job->tag);
	bytes_wipe(&ctx, sizeof(ctx));
}

static void gcm_256(const struct gcm_job *job)
{
	struct gcm_aes256_ctx ctx;

	gcm_aes256_set_key(&ctx, (const unsigned char *)job->aes->devKey);
	gcm_aes256_set_iv(&ctx, job->iv_n, job->iv);
	gcm_aes256_update(&ctx, job->header_n, job->header);
	if (job->seals)
		gcm_aes256_encrypt(&ctx, job->n, job->out, job->in);
	else
		gcm_aes256_decrypt(&ctx, job->n, job->out, job->in);
	gcm_aes256_digest(&ctx, TAG, job->tag);
	bytes_wipe(&ctx, sizeof(ctx));
}

static int run_gcm(const struct gcm_job *job)
{
	switch (job->aes->keylen) {
	case 16:
		gcm_128(job);
		return 0;
	case 32:
		gcm_256(job);
		return 0;
	default:
		return CRYPTOCB_UNAVAILABLE;
	}
}

static int seal(const wc_CryptoInfo *info)
{
	unsigned char tag[TAG];
	struct gcm_job job = {
		.seals = true,
		.tag = tag,
		.aes = info->cipher.aesgcm_enc.aes,
		.out = info->cipher.aesgcm_enc.out,
		.in = info->cipher.aesgcm_enc.in,
		.n = info->cipher.aesgcm_enc.sz,
		.iv = info->cipher.aesgcm_enc.iv,
		.iv_n = info->cipher.aesgcm_enc.ivSz,
		.header = info->cipher.aesgcm_enc.authIn,
		.header_n = info->cipher.aesgcm_enc.authInSz,
	};
	int rc = run_gcm(&job);

	if (rc == 0)
		memcpy(info->cipher.aesgcm_enc.authTag, tag, info->cipher.aesgcm_enc.authTagSz);
	return rc;
}

static int unseal(const wc_CryptoInfo *info)
{
	unsigned char tag[TAG];
	struct gcm_job job = {
		.tag = tag,
		.aes = info->cipher.aesgcm_dec.aes,
		.out = info->cipher.aesgcm_dec.out,
		.in = info->cipher.aesgcm_dec.in,
		.n = info->cipher.aesgcm_dec.sz,
		.iv = info->cipher.aesgcm_dec.iv,
		.iv_n = info->cipher.aesgcm_dec.ivSz,
		.header = info->cipher.aesgcm_dec.authIn,
		.header_n = info->cipher.aesgcm_dec.authInSz,
	};
	int rc = run_gcm(&job);

	if (rc == 0 &&
	    !bytes_same(tag, info->cipher.aesgcm_dec.authTag, info->cipher.aesgcm_dec.authTagSz)) {
		bytes_wipe(job.out, job.n); /* never show what is not authentic */
		return AES_GCM_AUTH_E;
	}
	return rc;
}

static int nettle_cipher(wc_CryptoInfo *info)
{
	if (info->cipher.type != WC_CIPHER_AES_GCM)
		return CRYPTOCB_UNAVAILABLE;
	return info->cipher.enc ? seal(info) : unseal(info);
}

/* --- the callback --- */

static int device(int id, wc_CryptoInfo *info, void *arg)
{
	(void)id;
	(void)arg;
	switch (info->algo_type) {
	case WC_ALGO_TYPE_CIPHER:
		return nettle_cipher(info);
	case WC_ALGO_TYPE_HASH:
		return nettle_hash(info);
	case WC_ALGO_TYPE_PK:
		return tls_pk(info);
	case WC_ALGO_TYPE_RNG:
		random_bytes(info->rng.out, info->rng.sz);
		return 0;
	case WC_ALGO_TYPE_SEED:
		random_bytes(info->seed.seed, info->seed.sz);
		return 0;
	default:
		return CRYPTOCB_UNAVAILABLE;
	}
}

/* GMP holds private keys while it computes: nothing is freed unwiped. */
static void *get(size_t n)
{
	return mem_get(n);
}

static void put(void *p, size_t n)
{
	bytes_wipe(p, n);
	free(p);
}

static void *resize(void *p, size_t old, size_t n)
{
	void *to = mem_get(n);

	memcpy(to, p, old < n ? old : n);
	put(p, old);
	return to;
}

static _Atomic bool is_there;

int tls_device_start(void)
{
	mp_set_memory_functions(get, resize, put);
	int rc = wc_CryptoCb_RegisterDevice(TLS_DEVICE, device, NULL);
	is_there = rc == 0;
	return rc;
}

bool tls_device_is_there(void)
{
	return is_there;
}
