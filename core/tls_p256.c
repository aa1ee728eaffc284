/* tls_p256.c - the crypto callback: the curve P-256, in the library's form */
#include "core/tls_private.h"

#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "core/p256.h"

static bool load_private(ecc_key *key, unsigned char d[P256_NUMBER])
{
	word32 n = P256_NUMBER;

	return wc_ecc_export_private_only(key, d, &n) == 0 && n == P256_NUMBER;
}

static bool load_point(ecc_key *key, unsigned char point[P256_POINT])
{
	word32 x_n = P256_NUMBER, y_n = P256_NUMBER;

	return wc_ecc_export_public_raw(key, point, &x_n, point + P256_NUMBER, &y_n) == 0 &&
	    x_n == P256_NUMBER && y_n == P256_NUMBER;
}

int tls_p256_sign(const wc_CryptoInfo *info)
{
	unsigned char d[P256_NUMBER], signature[P256_SIGNATURE_MAX];
	struct slice hash = slice_of(info->pk.eccsign.in, info->pk.eccsign.inlen);
	word32 *n = info->pk.eccsign.outlen;
	size_t got = load_private(info->pk.eccsign.key, d) ? p256_sign(d, hash, signature) : 0;

	bytes_wipe(d, sizeof(d));
	if (got == 0)
		return ECC_PRIV_KEY_E;
	if (got > *n)
		return BUFFER_E;
	memcpy(info->pk.eccsign.out, signature, got);
	*n = (word32)got;
	return 0;
}

int tls_p256_verify(const wc_CryptoInfo *info)
{
	unsigned char point[P256_POINT];

	*info->pk.eccverify.res = load_point(info->pk.eccverify.key, point) &&
	    p256_verify(point, slice_of(info->pk.eccverify.hash, info->pk.eccverify.hashlen),
		slice_of(info->pk.eccverify.sig, info->pk.eccverify.siglen));
	return 0;
}

int tls_p256_make(const wc_CryptoInfo *info)
{
	unsigned char d[P256_NUMBER], point[P256_POINT];
	int rc = ECC_PRIV_KEY_E;

	if (p256_make(d, point))
		rc = wc_ecc_import_unsigned(
		    info->pk.eckg.key, point, point + P256_NUMBER, d, ECC_SECP256R1);
	bytes_wipe(d, sizeof(d));
	return rc;
}

int tls_p256_share(const wc_CryptoInfo *info)
{
	unsigned char d[P256_NUMBER], point[P256_POINT];

	if (*info->pk.ecdh.outlen < P256_NUMBER)
		return BUFFER_E;
	bool good = load_private(info->pk.ecdh.private_key, d) &&
	    load_point(info->pk.ecdh.public_key, point) && p256_share(d, point, info->pk.ecdh.out);
	bytes_wipe(d, sizeof(d));
	if (!good)
		return ECC_BAD_ARG_E;
	*info->pk.ecdh.outlen = P256_NUMBER;
	return 0;
}
