/* cms_open_ec.c - key agreement, opened (RFC 5753): ECDH by hogweed, AES key unwrap by nettle */
#include "smime/cms_open.h"

#include <nettle/bignum.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <nettle/nist-keywrap.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/hash.h>

#include "pki/der.h"

enum { COORDINATE_MAX = 48, UNCOMPRESSED = 4 };

/* --- the shared secret --- */

struct side {
	const struct ecc_curve *curve;
	size_t coordinate;
	struct ecc_scalar d;
	struct ecc_point q;
};

/* ECPrivateKey (RFC 5915 3) */
static bool load_private(struct side *s, struct slice key)
{
	struct slice inside, version, d;
	mpz_t number;

	if (!der_want(&key, DER_SEQUENCE, &inside) || !der_want(&inside, DER_INTEGER, &version) ||
	    !der_want(&inside, DER_OCTETS, &d) || d.n > s->coordinate)
		return false;
	nettle_mpz_init_set_str_256_u(number, d.n, (const uint8_t *)d.p);
	bool good = ecc_scalar_set(&s->d, number);
	mpz_clear(number);
	return good;
}

/* OriginatorPublicKey; false also when the point is not on the curve. */
static bool load_point(struct side *s, struct slice info)
{
	struct slice algorithm, bits;
	mpz_t x, y;

	if (!der_want(&info, DER_SEQUENCE, &algorithm) || !der_want(&info, DER_BITS, &bits) ||
	    bits.n != 2 + 2 * s->coordinate || bits.p[0] != 0 || bits.p[1] != UNCOMPRESSED)
		return false;
	const uint8_t *p = (const uint8_t *)bits.p + 2;
	nettle_mpz_init_set_str_256_u(x, s->coordinate, p);
	nettle_mpz_init_set_str_256_u(y, s->coordinate, p + s->coordinate);
	bool good = ecc_point_set(&s->q, x, y);
	mpz_clear(x);
	mpz_clear(y);
	return good;
}

/* Returns its length, or 0. */
static size_t agree(struct slice pkcs8, struct slice point, unsigned char secret[COORDINATE_MAX])
{
	struct slice oid, parameters, key, curve;
	struct side s;
	mpz_t x;

	if (!cms_private_key(pkcs8, &oid, &parameters, &key) || !der_oid_is(oid, CMS_OID_EC) ||
	    !der_want(&parameters, DER_OID, &curve) || !(s.curve = cms_curve(curve, &s.coordinate)))
		return 0;
	ecc_scalar_init(&s.d, s.curve);
	ecc_point_init(&s.q, s.curve);
	bool good = load_private(&s, key) && load_point(&s, point);
	if (good) {
		mpz_init(x);
		ecc_point_mul(&s.q, &s.d, &s.q);
		ecc_point_get(&s.q, x, NULL);
		nettle_mpz_get_str_256(s.coordinate, secret, x);
		mpz_clear(x);
	}
	ecc_scalar_clear(&s.d);
	ecc_point_clear(&s.q);
	return good ? s.coordinate : 0;
}

/* --- from the secret to the key --- */

/* Standard and cofactor agreement are the same on curves of cofactor 1. */
static const struct {
	const char *oid;
	enum wc_HashType hash;
} schemes[] = {
	{ CMS_OID_ECDH_SHA256, WC_HASH_TYPE_SHA256 },
	{ "1.3.132.1.11.0", WC_HASH_TYPE_SHA224 },
	{ "1.3.132.1.11.2", WC_HASH_TYPE_SHA384 },
	{ "1.3.132.1.11.3", WC_HASH_TYPE_SHA512 },
	{ "1.3.132.1.14.0", WC_HASH_TYPE_SHA224 },
	{ "1.3.132.1.14.1", WC_HASH_TYPE_SHA256 },
	{ "1.3.132.1.14.2", WC_HASH_TYPE_SHA384 },
	{ "1.3.132.1.14.3", WC_HASH_TYPE_SHA512 },
	{ "1.3.133.16.840.63.0.2", WC_HASH_TYPE_SHA },
	{ "1.3.133.16.840.63.0.3", WC_HASH_TYPE_SHA },
};

static enum wc_HashType hash_of(struct slice oid)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		if (der_oid_is(oid, schemes[i].oid))
			return schemes[i].hash;
	return WC_HASH_TYPE_NONE;
}

/* Of the key that wraps, in bytes; 0: not known. */
static size_t wrap_size(struct slice algorithm)
{
	struct slice inside, oid;

	if (!der_want(&algorithm, DER_SEQUENCE, &inside) || !der_want(&inside, DER_OID, &oid))
		return 0;
	if (der_oid_is(oid, CMS_OID_AES_256_WRAP))
		return 32;
	if (der_oid_is(oid, "2.16.840.1.101.3.4.1.25"))
		return 24;
	return der_oid_is(oid, "2.16.840.1.101.3.4.1.5") ? 16 : 0;
}

/* RFC 3394 2.2.2 */
static bool unwrap(
    const unsigned char *kek, size_t kek_n, struct slice wrapped, unsigned char *out, size_t n)
{
	static const uint8_t iv[8] = { 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6 };
	const uint8_t *p = (const uint8_t *)wrapped.p;
	union {
		struct aes128_ctx a;
		struct aes192_ctx b;
		struct aes256_ctx c;
	} ctx;
	int good;

	if (wrapped.n != n + 8)
		return false;
	if (kek_n == 16) {
		aes128_set_decrypt_key(&ctx.a, kek);
		good = aes128_keyunwrap(&ctx.a, iv, n, out, p);
	} else if (kek_n == 24) {
		aes192_set_decrypt_key(&ctx.b, kek);
		good = aes192_keyunwrap(&ctx.b, iv, n, out, p);
	} else {
		aes256_set_decrypt_key(&ctx.c, kek);
		good = aes256_keyunwrap(&ctx.c, iv, n, out, p);
	}
	bytes_wipe(&ctx, sizeof(ctx));
	return good;
}

static bool derive(enum wc_HashType hash, struct slice secret, const struct cms_agreement *a,
    struct slice wrap, unsigned char *kek, size_t kek_n)
{
	struct buf info = { 0 };

	cms_shared_info(&info, wrap, a->ukm, kek_n);
	int rc = wc_X963_KDF(hash, (const byte *)secret.p, (word32)secret.n, (const byte *)info.p,
	    (word32)info.n, kek, (word32)kek_n);
	buf_done(&info);
	return rc == 0;
}

bool cms_open_agreement(
    struct slice key, const struct cms_agreement *a, unsigned char *out, size_t n)
{
	unsigned char secret[COORDINATE_MAX], kek[CMS_KEY];
	struct slice rest = a->algorithm, oid;

	if (!der_want(&rest, DER_OID, &oid))
		return false;
	enum wc_HashType hash = hash_of(oid);
	size_t kek_n = wrap_size(rest);
	if (hash == WC_HASH_TYPE_NONE || kek_n == 0)
		return false;
	size_t secret_n = agree(key, a->point, secret);
	bool good = secret_n > 0 && derive(hash, slice_of(secret, secret_n), a, rest, kek, kek_n) &&
	    unwrap(kek, kek_n, a->wrapped, out, n);
	bytes_wipe(secret, sizeof(secret));
	bytes_wipe(kek, sizeof(kek));
	return good;
}
