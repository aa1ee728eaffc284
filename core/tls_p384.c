/* tls_p384.c - the crypto callback: the curve P-384, by hogweed, in a sixth of libcrypto's time
 *
 * Hogweed's functions take no branches and look up no memory by secrets. They
 * need no tables of their own, while the library would keep 0.8 MB in each
 * thread for each point that it multiplied. */
#include "core/tls_private.h"

#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <nettle/ecdsa.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "core/random.h"

enum { NUMBER = 48 }; /* bytes of a coordinate */

static const struct ecc_curve *curve(void)
{
	return nettle_get_secp_384r1();
}

static void from_random(void *arg, size_t n, uint8_t *out)
{
	(void)arg;
	random_bytes(out, n);
}

/* --- big-endian bytes and GMP's numbers --- */

static void number(mpz_t to, const void *bytes, size_t n)
{
	mpz_init(to);
	mpz_import(to, n, 1, 1, 0, 0, bytes);
}

/* With leading zeros. */
static void to_bytes(unsigned char out[NUMBER], const mpz_t from)
{
	size_t used = (mpz_sizeinbase(from, 2) + 7) / 8;

	memset(out, 0, NUMBER);
	if (mpz_sgn(from) != 0)
		mpz_export(out + NUMBER - used, NULL, 1, 1, 0, 0, from);
}

/* --- keys, from the library's form to hogweed's --- */

static bool load_private(struct ecc_scalar *to, ecc_key *key)
{
	unsigned char bytes[NUMBER];
	word32 n = sizeof(bytes);
	mpz_t d;

	ecc_scalar_init(to, curve());
	if (wc_ecc_export_private_only(key, bytes, &n) != 0)
		return false;
	number(d, bytes, n);
	bool good = ecc_scalar_set(to, d);
	mpz_clear(d);
	bytes_wipe(bytes, sizeof(bytes));
	return good;
}

/* False also when the point is not on the curve. */
static bool load_public(struct ecc_point *to, ecc_key *key)
{
	unsigned char x_bytes[NUMBER], y_bytes[NUMBER];
	word32 x_n = sizeof(x_bytes), y_n = sizeof(y_bytes);
	mpz_t x, y;

	ecc_point_init(to, curve());
	if (wc_ecc_export_public_raw(key, x_bytes, &x_n, y_bytes, &y_n) != 0)
		return false;
	number(x, x_bytes, x_n);
	number(y, y_bytes, y_n);
	bool good = ecc_point_set(to, x, y);
	mpz_clear(x);
	mpz_clear(y);
	return good;
}

/* --- ECDSA --- */

static int encode(const struct dsa_signature *sig, unsigned char *out, word32 *out_n)
{
	unsigned char r[NUMBER], s[NUMBER];

	to_bytes(r, sig->r);
	to_bytes(s, sig->s);
	return wc_ecc_rs_raw_to_sig(r, NUMBER, s, NUMBER, out, out_n);
}

int tls_p384_sign(const wc_CryptoInfo *info)
{
	ecc_key *key = info->pk.eccsign.key;
	struct ecc_scalar d;
	int rc = ECC_PRIV_KEY_E;

	if (load_private(&d, key)) {
		struct dsa_signature sig;
		dsa_signature_init(&sig);
		ecdsa_sign(
		    &d, NULL, from_random, info->pk.eccsign.inlen, info->pk.eccsign.in, &sig);
		rc = encode(&sig, info->pk.eccsign.out, info->pk.eccsign.outlen);
		dsa_signature_clear(&sig);
	}
	ecc_scalar_clear(&d);
	return rc;
}

/* A signature's two numbers; false when it is malformed. */
static bool decode(struct dsa_signature *to, const unsigned char *sig, word32 n)
{
	unsigned char r[NUMBER + 1], s[NUMBER + 1];
	word32 r_n = sizeof(r), s_n = sizeof(s);

	if (wc_ecc_sig_to_rs(sig, n, r, &r_n, s, &s_n) != 0)
		return false;
	mpz_import(to->r, r_n, 1, 1, 0, 0, r);
	mpz_import(to->s, s_n, 1, 1, 0, 0, s);
	return true;
}

int tls_p384_verify(const wc_CryptoInfo *info)
{
	ecc_key *key = info->pk.eccverify.key;
	struct ecc_point q;
	struct dsa_signature sig;

	dsa_signature_init(&sig);
	*info->pk.eccverify.res = load_public(&q, key) &&
	    decode(&sig, info->pk.eccverify.sig, info->pk.eccverify.siglen) &&
	    ecdsa_verify(&q, info->pk.eccverify.hashlen, info->pk.eccverify.hash, &sig);
	dsa_signature_clear(&sig);
	ecc_point_clear(&q);
	return 0;
}

/* --- ECDH --- */

static int store_pair(ecc_key *key, const struct ecc_point *q, const struct ecc_scalar *d)
{
	unsigned char x[NUMBER], y[NUMBER], k[NUMBER];
	mpz_t number_x, number_y, number_k;

	mpz_inits(number_x, number_y, number_k, NULL);
	ecc_point_get(q, number_x, number_y);
	ecc_scalar_get(d, number_k);
	to_bytes(x, number_x);
	to_bytes(y, number_y);
	to_bytes(k, number_k);
	mpz_clears(number_x, number_y, number_k, NULL);
	int rc = wc_ecc_import_unsigned(key, x, y, k, ECC_SECP384R1);
	bytes_wipe(k, sizeof(k));
	return rc;
}

int tls_p384_make(const wc_CryptoInfo *info)
{
	ecc_key *key = info->pk.eckg.key;
	struct ecc_scalar d;
	struct ecc_point q;

	ecc_scalar_init(&d, curve());
	ecc_point_init(&q, curve());
	ecdsa_generate_keypair(&q, &d, NULL, from_random);
	int rc = store_pair(key, &q, &d);
	ecc_scalar_clear(&d);
	ecc_point_clear(&q);
	return rc;
}

int tls_p384_share(const wc_CryptoInfo *info)
{
	ecc_key *key = info->pk.ecdh.private_key;
	struct ecc_scalar d;
	struct ecc_point q;
	int rc = ECC_BAD_ARG_E;

	if (*info->pk.ecdh.outlen < NUMBER)
		return BUFFER_E;
	bool good = load_public(&q, info->pk.ecdh.public_key);
	if (load_private(&d, key) && good) {
		mpz_t x;
		ecc_point_mul(&q, &d, &q);
		mpz_init(x);
		ecc_point_get(&q, x, NULL);
		to_bytes(info->pk.ecdh.out, x);
		mpz_clear(x);
		*info->pk.ecdh.outlen = NUMBER;
		rc = 0;
	}
	ecc_scalar_clear(&d);
	ecc_point_clear(&q);
	return rc;
}
