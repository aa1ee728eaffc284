/* key_check.c - do the parts of a private key belong together? (RFC 8017 3.2)
 *
 * GMP frees nothing unwiped: core/tls_nettle.c sees to it. */
#include <gmp.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/rsa.h>

#include "pki/key.h"

enum part { E, N, D, P, Q, PARTS };

enum { PART_MAX = 1024 };

struct parts {
	mpz_t z[PARTS];
};

static void take(mpz_t to, byte *bytes, word32 n)
{
	mpz_import(to, n, 1, 1, 1, 0, bytes);
	bytes_wipe(bytes, PART_MAX);
}

static bool take_apart(RsaKey *key, struct parts *parts)
{
	byte b[PARTS][PART_MAX];
	word32 n[PARTS] = { PART_MAX, PART_MAX, PART_MAX, PART_MAX, PART_MAX };

	if (wc_RsaExportKey(key, b[E], &n[E], b[N], &n[N], b[D], &n[D], b[P], &n[P], b[Q], &n[Q]) !=
	    0)
		return false;
	for (int i = 0; i < PARTS; i++)
		take(parts->z[i], b[i], n[i]);
	return true;
}

/* e * d is 1 modulo the prime less one. */
static bool is_inverse(const struct parts *parts, const mpz_t prime)
{
	mpz_t less, product;

	mpz_inits(less, product, NULL);
	mpz_sub_ui(less, prime, 1);
	mpz_mul(product, parts->z[E], parts->z[D]);
	bool is =
	    mpz_sgn(less) > 0 && (mpz_mod(product, product, less), mpz_cmp_ui(product, 1) == 0);
	mpz_clears(less, product, NULL);
	return is;
}

static bool belong_together(const struct parts *parts)
{
	mpz_t product;

	mpz_init(product);
	mpz_mul(product, parts->z[P], parts->z[Q]);
	bool same = mpz_cmp(product, parts->z[N]) == 0;
	mpz_clear(product);
	return same && is_inverse(parts, parts->z[P]) && is_inverse(parts, parts->z[Q]);
}

static bool check(RsaKey *key)
{
	struct parts parts;

	for (int i = 0; i < PARTS; i++)
		mpz_init(parts.z[i]);
	bool good = take_apart(key, &parts) && belong_together(&parts);
	for (int i = 0; i < PARTS; i++)
		mpz_clear(parts.z[i]);
	return good;
}

int key_check(struct slice der, struct err *err)
{
	RsaKey key;
	word32 at = 0;
	bool good = true;

	wc_InitRsaKey(&key, NULL);
	if (wc_RsaPrivateKeyDecode((const byte *)der.p, &at, &key, (word32)der.n) == 0)
		good = check(&key);
	wc_FreeRsaKey(&key);
	return good ? 0
		    : err_set(err, ERR_INPUT, "the parts of the RSA key do not belong together");
}
