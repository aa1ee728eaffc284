/* tls_nettle_rsa.c - RSA with private keys, by hogweed
 *
 * rsa_compute_root_tr blinds, computes in constant time and checks its result
 * before it gives it out, so that a fault betrays no factor. */
#include "core/tls_private.h"

#include <nettle/rsa.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/rsa.h>

#include "core/random.h"

enum { BYTES_MAX = 512 }; /* 4096 bits */

static void from_random(void *arg, size_t n, uint8_t *out)
{
	(void)arg;
	random_bytes(out, n);
}

static bool load(mpz_t to, mp_int *from)
{
	unsigned char bytes[BYTES_MAX];
	int n = mp_unsigned_bin_size(from);

	if (n > BYTES_MAX || mp_to_unsigned_bin(from, bytes) != MP_OKAY)
		return false;
	mpz_import(to, (size_t)n, 1, 1, 0, 0, bytes);
	bytes_wipe(bytes, sizeof(bytes));
	return true;
}

static bool load_key(RsaKey *from, struct rsa_public_key *public, struct rsa_private_key *private)
{
	return load(public->n, &from->n) && load(public->e, &from->e) &&
	    load(private->p, &from->p) && load(private->q, &from->q) &&
	    load(private->a, &from->dP) && load(private->b, &from->dQ) &&
	    load(private->c, &from->u) && rsa_public_key_prepare(public) &&
	    rsa_private_key_prepare(private);
}

/* out = in ^ d mod n, in as many bytes as n has. */
static bool compute(RsaKey *key, const unsigned char *in, size_t in_n, unsigned char *out, size_t n)
{
	struct rsa_public_key public;
	struct rsa_private_key private;
	mpz_t m, x;

	rsa_public_key_init(&public);
	rsa_private_key_init(&private);
	mpz_inits(m, x, NULL);
	mpz_import(m, in_n, 1, 1, 0, 0, in);
	bool good = load_key(key, &public, &private) && mpz_cmp(m, public.n) < 0 &&
	    rsa_compute_root_tr(&public, &private, NULL, from_random, x, m);
	if (good) {
		size_t used = (mpz_sizeinbase(x, 2) + 7) / 8;
		memset(out, 0, n);
		mpz_export(out + n - used, NULL, 1, 1, 0, 0, x);
	}
	mpz_clears(m, x, NULL);
	rsa_public_key_clear(&public);
	rsa_private_key_clear(&private);
	return good;
}

int nettle_rsa(wc_CryptoInfo *info)
{
	RsaKey *key = info->pk.rsa.key;
	int n = wc_RsaEncryptSize(key);

	/* Public operations are quick in the library; keys without factors are its own, too. */
	if ((info->pk.rsa.type != RSA_PRIVATE_ENCRYPT &&
		info->pk.rsa.type != RSA_PRIVATE_DECRYPT) ||
	    key->type != RSA_PRIVATE || n <= 0 || n > BYTES_MAX || mp_iszero(&key->p) ||
	    mp_iszero(&key->u))
		return CRYPTOCB_UNAVAILABLE;
	if (*info->pk.rsa.outLen < (word32)n)
		return RSA_BUFFER_E;
	if (!compute(key, info->pk.rsa.in, info->pk.rsa.inLen, info->pk.rsa.out, (size_t)n))
		return RSA_BUFFER_E;
	*info->pk.rsa.outLen = (word32)n;
	return n;
}
