/* tls_nettle_ec.c - ECDSA, ECDH on P-256 and P-384, by hogweed
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

enum { SIZE_MAX_HERE = 48 }; /* of a coordinate: P-384 */

static const struct ecc_curve *curve_of(const ecc_key *key)
{
	switch (key->dp ? key->dp->id : ECC_CURVE_INVALID) {
	case ECC_SECP256R1:
		return nettle_get_secp_256r1();
	case ECC_SECP384R1:
		return nettle_get_secp_384r1();
	default:
		return NULL;
	}
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

/* In n bytes, with leading zeros. */
static void to_bytes(unsigned char *out, size_t n, const mpz_t from)
{
	size_t used = (mpz_sizeinbase(from, 2) + 7) / 8;

	memset(out, 0, n);
	if (mpz_sgn(from) != 0)
		mpz_export(out + n - used, NULL, 1, 1, 0, 0, from);
}

/* --- keys, from the library's form to hogweed's --- */

static bool load_private(struct ecc_scalar *to, ecc_key *key, const struct ecc_curve *curve)
{
	unsigned char bytes[SIZE_MAX_HERE];
	word32 n = sizeof(bytes);
	mpz_t d;

	ecc_scalar_init(to, curve);
	if (wc_ecc_export_private_only(key, bytes, &n) != 0)
		return false;
	number(d, bytes, n);
	bool good = ecc_scalar_set(to, d);
	mpz_clear(d);
	bytes_wipe(bytes, sizeof(bytes));
	return good;
}

/* False also when the point is not on the curve. */
static bool load_public(struct ecc_point *to, ecc_key *key, const struct ecc_curve *curve)
{
	unsigned char x_bytes[SIZE_MAX_HERE], y_bytes[SIZE_MAX_HERE];
	word32 x_n = sizeof(x_bytes), y_n = sizeof(y_bytes);
	mpz_t x, y;

	ecc_point_init(to, curve);
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

static int encode(const struct dsa_signature *sig, size_t n, unsigned char *out, word32 *out_n)
{
	unsigned char r[SIZE_MAX_HERE], s[SIZE_MAX_HERE];

	to_bytes(r, n, sig->r);
	to_bytes(s, n, sig->s);
	return wc_ecc_rs_raw_to_sig(r, (word32)n, s, (word32)n, out, out_n);
}

static int sign(wc_CryptoInfo *info)
{
	ecc_key *key = info->pk.eccsign.key;
	const struct ecc_curve *curve = curve_of(key);
	struct ecc_scalar d;
	int rc = ECC_PRIV_KEY_E;

	if (!curve)
		return CRYPTOCB_UNAVAILABLE;
	if (load_private(&d, key, curve)) {
		struct dsa_signature sig;
		dsa_signature_init(&sig);
		ecdsa_sign(
		    &d, NULL, from_random, info->pk.eccsign.inlen, info->pk.eccsign.in, &sig);
		rc = encode(
		    &sig, (size_t)key->dp->size, info->pk.eccsign.out, info->pk.eccsign.outlen);
		dsa_signature_clear(&sig);
	}
	ecc_scalar_clear(&d);
	return rc;
}

/* A signature's two numbers; false when it is malformed. */
static bool decode(struct dsa_signature *to, const unsigned char *sig, word32 n)
{
	unsigned char r[SIZE_MAX_HERE + 1], s[SIZE_MAX_HERE + 1];
	word32 r_n = sizeof(r), s_n = sizeof(s);

	if (wc_ecc_sig_to_rs(sig, n, r, &r_n, s, &s_n) != 0)
		return false;
	mpz_import(to->r, r_n, 1, 1, 0, 0, r);
	mpz_import(to->s, s_n, 1, 1, 0, 0, s);
	return true;
}

static int verify(wc_CryptoInfo *info)
{
	ecc_key *key = info->pk.eccverify.key;
	const struct ecc_curve *curve = curve_of(key);
	struct ecc_point q;
	struct dsa_signature sig;

	if (!curve)
		return CRYPTOCB_UNAVAILABLE;
	dsa_signature_init(&sig);
	*info->pk.eccverify.res = load_public(&q, key, curve) &&
	    decode(&sig, info->pk.eccverify.sig, info->pk.eccverify.siglen) &&
	    ecdsa_verify(&q, info->pk.eccverify.hashlen, info->pk.eccverify.hash, &sig);
	dsa_signature_clear(&sig);
	ecc_point_clear(&q);
	return 0;
}

/* --- ECDH --- */

static int store_pair(ecc_key *key, const struct ecc_point *q, const struct ecc_scalar *d)
{
	unsigned char x[SIZE_MAX_HERE], y[SIZE_MAX_HERE], k[SIZE_MAX_HERE];
	size_t n = (size_t)key->dp->size;
	mpz_t number_x, number_y, number_k;

	mpz_inits(number_x, number_y, number_k, NULL);
	ecc_point_get(q, number_x, number_y);
	ecc_scalar_get(d, number_k);
	to_bytes(x, n, number_x);
	to_bytes(y, n, number_y);
	to_bytes(k, n, number_k);
	mpz_clears(number_x, number_y, number_k, NULL);
	int rc = wc_ecc_import_unsigned(key, x, y, k, key->dp->id);
	bytes_wipe(k, sizeof(k));
	return rc;
}

static int make(wc_CryptoInfo *info)
{
	ecc_key *key = info->pk.eckg.key;
	const struct ecc_curve *curve = curve_of(key);
	struct ecc_scalar d;
	struct ecc_point q;

	if (!curve)
		return CRYPTOCB_UNAVAILABLE;
	ecc_scalar_init(&d, curve);
	ecc_point_init(&q, curve);
	ecdsa_generate_keypair(&q, &d, NULL, from_random);
	int rc = store_pair(key, &q, &d);
	ecc_scalar_clear(&d);
	ecc_point_clear(&q);
	return rc;
}

static int share(wc_CryptoInfo *info)
{
	ecc_key *key = info->pk.ecdh.private_key;
	const struct ecc_curve *curve = curve_of(key);
	struct ecc_scalar d;
	struct ecc_point q;
	int rc = ECC_BAD_ARG_E;

	if (!curve)
		return CRYPTOCB_UNAVAILABLE;
	size_t n = (size_t)key->dp->size;
	if (*info->pk.ecdh.outlen < n)
		return BUFFER_E;
	bool good = load_public(&q, info->pk.ecdh.public_key, curve);
	if (load_private(&d, key, curve) && good) {
		mpz_t x;
		ecc_point_mul(&q, &d, &q);
		mpz_init(x);
		ecc_point_get(&q, x, NULL);
		to_bytes(info->pk.ecdh.out, n, x);
		mpz_clear(x);
		*info->pk.ecdh.outlen = (word32)n;
		rc = 0;
	}
	ecc_scalar_clear(&d);
	ecc_point_clear(&q);
	return rc;
}

int nettle_pk(wc_CryptoInfo *info)
{
	switch (info->pk.type) {
	case WC_PK_TYPE_ECDSA_SIGN:
		return sign(info);
	case WC_PK_TYPE_ECDSA_VERIFY:
		return verify(info);
	case WC_PK_TYPE_EC_KEYGEN:
		return make(info);
	case WC_PK_TYPE_ECDH:
		return share(info);
	case WC_PK_TYPE_CURVE25519_KEYGEN:
		return x25519_make(info);
	case WC_PK_TYPE_CURVE25519:
		return x25519_share(info);
	case WC_PK_TYPE_RSA:
		return nettle_rsa(info);
	default:
		return CRYPTOCB_UNAVAILABLE;
	}
}
