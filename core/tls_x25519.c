/* tls_x25519.c - X25519 (RFC 7748) by libsodium, in three fifths of the library's time
 *
 * It is the dearest part of a TLS 1.3 handshake. The library's TLS 1.3 makes its
 * keys for no device at all, so that a callback would never be asked: therefore
 * the function that prepares a key is defined here once more. The dynamic linker
 * takes ours, which names the device and then calls the library's. */
#include "core/tls_private.h"

#include <dlfcn.h>
#include <pthread.h>

#include <sodium.h>
#include <wolfssl/wolfcrypt/curve25519.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

typedef int init_function(curve25519_key *key, void *heap, int device);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static init_function *library_init;

static void find_library_init(void)
{
	library_init = (init_function *)dlsym(RTLD_NEXT, "wc_curve25519_init_ex");
	if (!library_init)
		bug("wolfSSL has no wc_curve25519_init_ex");
}

int wc_curve25519_init_ex(curve25519_key *key, void *heap, int device)
{
	pthread_once(&once, find_library_init);
	return library_init(key, heap, device == INVALID_DEVID ? TLS_DEVICE : device);
}

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
