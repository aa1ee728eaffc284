/* rsa.c - RSA with private keys by libcrypto, by its functions for this one kind (see p256.c) */
#define OPENSSL_API_COMPAT 0x10101000L

#include "core/rsa.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <pthread.h>

#include "core/libcrypto.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;

static BIGNUM *number(struct slice bytes)
{
	return BN_bin2bn((const unsigned char *)bytes.p, (int)bytes.n, NULL);
}

/* The key takes the two numbers, or they are freed. */
static bool take(RSA *rsa, int (*set)(RSA *, BIGNUM *, BIGNUM *), struct slice a, struct slice b)
{
	BIGNUM *x = number(a), *y = number(b);

	if (x && y && set(rsa, x, y) == 1)
		return true;
	BN_clear_free(x);
	BN_clear_free(y);
	return false;
}

static bool take_three(RSA *rsa, int (*set)(RSA *, BIGNUM *, BIGNUM *, BIGNUM *), struct slice a,
    struct slice b, struct slice c)
{
	BIGNUM *x = number(a), *y = number(b), *z = number(c);

	if (x && y && z && set(rsa, x, y, z) == 1)
		return true;
	BN_clear_free(x);
	BN_clear_free(y);
	BN_clear_free(z);
	return false;
}

bool rsa_private(const struct rsa_numbers *key, const unsigned char *in, unsigned char *out)
{
	pthread_once(&once, libcrypto_start);
	RSA *rsa = key->n.n <= RSA_BYTES_MAX ? RSA_new() : NULL;
	bool good = rsa && take_three(rsa, RSA_set0_key, key->n, key->e, key->d) &&
	    take(rsa, RSA_set0_factors, key->p, key->q) &&
	    take_three(rsa, RSA_set0_crt_params, key->dp, key->dq, key->q_inverse) &&
	    RSA_private_encrypt((int)key->n.n, in, out, rsa, RSA_NO_PADDING) == (int)key->n.n;

	RSA_free(rsa);
	if (!good)
		ERR_clear_error();
	return good;
}
