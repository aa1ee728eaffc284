/* tls_pk.c - the crypto callback: which file does what with keys */
#include "core/tls_private.h"

#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

typedef int operation(const wc_CryptoInfo *info);

/* Keys on other curves are left to the library. */
static int on_curve(const ecc_key *key, operation *p256, operation *p384, const wc_CryptoInfo *info)
{
	switch (key->dp ? key->dp->id : ECC_CURVE_INVALID) {
	case ECC_SECP256R1:
		return p256(info);
	case ECC_SECP384R1:
		return p384(info);
	default:
		return CRYPTOCB_UNAVAILABLE;
	}
}

int tls_pk(const wc_CryptoInfo *info)
{
	switch (info->pk.type) {
	case WC_PK_TYPE_ECDSA_SIGN:
		return on_curve(info->pk.eccsign.key, tls_p256_sign, tls_p384_sign, info);
	case WC_PK_TYPE_ECDSA_VERIFY:
		return on_curve(info->pk.eccverify.key, tls_p256_verify, tls_p384_verify, info);
	case WC_PK_TYPE_EC_KEYGEN:
		return on_curve(info->pk.eckg.key, tls_p256_make, tls_p384_make, info);
	case WC_PK_TYPE_ECDH:
		return on_curve(info->pk.ecdh.private_key, tls_p256_share, tls_p384_share, info);
	case WC_PK_TYPE_CURVE25519_KEYGEN:
		return x25519_make(info);
	case WC_PK_TYPE_CURVE25519:
		return x25519_share(info);
	case WC_PK_TYPE_RSA:
		return tls_rsa(info);
	default:
		return CRYPTOCB_UNAVAILABLE;
	}
}
