/* key_check.c - do the parts of a private key belong together?
 *
 * A part that does not fit would make signatures that fit to nothing, or ones that
 * tell the key: a wrong dP or qInv gives away a factor. GMP frees nothing unwiped:
 * core/tls_nettle.c sees to it. */
#include <gmp.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>

#include "core/tls.h"
#include "pki/der.h"
#include "pki/key_private.h"

/* --- RSA (RFC 8017 3.2) --- */

enum part { N, E, D, P, Q, DP, DQ, Q_INVERSE, PARTS };

/* Baillie-PSW: no number is known that passes and is no prime. */
enum { PRIME_ROUNDS = 24, EXPONENT_BITS_MAX = 64 };

struct parts {
	mpz_t z[PARTS];
};

/* RFC 8017 A.1.2, version 0: two primes. */
static bool take_apart(struct slice der, struct parts *parts)
{
	struct slice list, number;

	if (!der_want(&der, DER_SEQUENCE, &list) || !der_want(&list, DER_INTEGER, &number) ||
	    number.n != 1 || number.p[0] != 0)
		return false;
	for (enum part i = 0; i < PARTS; i++) {
		if (!der_want(&list, DER_INTEGER, &number) || number.n == 0 || number.p[0] & 0x80)
			return false;
		mpz_import(parts->z[i], number.n, 1, 1, 1, 0, number.p);
	}
	return list.n == 0;
}

/* a * b is 1 modulo m. */
static bool is_inverse(const mpz_t a, const mpz_t b, const mpz_t m)
{
	mpz_t product;

	mpz_init(product);
	mpz_mul(product, a, b);
	bool is = mpz_sgn(m) > 0 && (mpz_mod(product, product, m), mpz_cmp_ui(product, 1) == 0);
	mpz_clear(product);
	return is;
}

/* What belongs to one of the primes: e * d is 1, and short is d, modulo the prime less
   one. */
static bool fits_prime(struct parts *k, enum part prime, enum part shorter)
{
	mpz_t less;

	mpz_init(less);
	mpz_sub_ui(less, k->z[prime], 1);
	bool fits = is_inverse(k->z[E], k->z[D], less) && mpz_cmp(k->z[shorter], less) < 0 &&
	    mpz_congruent_p(k->z[shorter], k->z[D], less);
	mpz_clear(less);
	return fits;
}

static bool is_product(const struct parts *k)
{
	mpz_t product;

	mpz_init(product);
	mpz_mul(product, k->z[P], k->z[Q]);
	bool is = mpz_cmp(product, k->z[N]) == 0;
	mpz_clear(product);
	return is;
}

static bool is_prime(const mpz_t n)
{
	return mpz_probab_prime_p(n, PRIME_ROUNDS) != 0;
}

/* A modulus is as weak as its smaller factor. */
static bool is_lopsided(const struct parts *k)
{
	size_t p = mpz_sizeinbase(k->z[P], 2), q = mpz_sizeinbase(k->z[Q], 2);

	return p > q + q / 2 || q > p + p / 2;
}

/* Sizes first: what is multiplied and divided later is then no larger than the modulus. */
static const char *what_is_wrong(struct parts *k)
{
	if (mpz_even_p(k->z[E]) || mpz_cmp_ui(k->z[E], 3) < 0 ||
	    mpz_sizeinbase(k->z[E], 2) > EXPONENT_BITS_MAX)
		return "the public exponent of the RSA key is even, too small or too large";
	if (!is_product(k))
		return "the parts of the RSA key do not belong together: its modulus is not the "
		       "product of its primes";
	if (mpz_cmp(k->z[P], k->z[Q]) == 0)
		return "the two primes of the RSA key are the same";
	if (is_lopsided(k))
		return "one prime of the RSA key is far too small";
	if (!is_prime(k->z[P]) || !is_prime(k->z[Q]))
		return "a prime of the RSA key is none";
	if (!fits_prime(k, P, DP) || !fits_prime(k, Q, DQ) ||
	    !is_inverse(k->z[Q_INVERSE], k->z[Q], k->z[P]))
		return "the parts of the RSA key do not belong together: its exponents do not fit "
		       "to each other";
	return NULL;
}

static const char *check_rsa(struct slice inside)
{
	struct parts parts;
	const char *wrong = "the RSA key does not have the parts that it should: two primes, and "
			    "what follows from them";

	for (enum part i = 0; i < PARTS; i++)
		mpz_init(parts.z[i]);
	if (take_apart(inside, &parts))
		wrong = what_is_wrong(&parts);
	for (enum part i = 0; i < PARTS; i++)
		mpz_clear(parts.z[i]);
	return wrong;
}

/* --- EC --- */

/* The point that may stand beside the number is the one that belongs to it. */
static bool is_own_point(ecc_key *key)
{
	ecc_point *own = wc_ecc_new_point();
	bool is = own && wc_ecc_make_pub(key, own) == 0 &&
	    (key->type == ECC_PRIVATEKEY_ONLY || wc_ecc_cmp_point(own, &key->pubkey) == MP_EQ);

	wc_ecc_del_point(own);
	wc_ecc_fp_free(); /* a table of 0.8 MB that this thread would keep */
	return is;
}

static const char *check_ec(struct slice der)
{
	ecc_key key;
	word32 at = 0;

	wc_ecc_init_ex(&key, NULL, TLS_DEVICE);
	bool good = wc_EccPrivateKeyDecode((const byte *)der.p, &at, &key, (word32)der.n) == 0 &&
	    is_own_point(&key);
	wc_ecc_free(&key);
	return good ? NULL
		    : "the parts of the EC key do not belong together: its point is not that of "
		      "its number";
}

int key_check(struct slice der, struct err *err)
{
	struct key_form form;

	if (key_form(der, &form, err) != 0)
		return -1;
	const char *wrong = form.kind == KEY_FORM_RSA ? check_rsa(form.inside) : check_ec(der);
	return wrong ? err_set(err, ERR_INPUT, "%s", wrong) : 0;
}
