/* tls_prefer.c - the crypto callback is asked for what the library makes for no device, too
 *
 * A handshake's X25519 keys and the hashes of its key schedule name no device,
 * so the callback would never be asked; and each connection's random numbers
 * would begin with a self test of their generator. Therefore the functions that prepare these
 * objects are defined here once more. The dynamic linker takes ours, which name the device and then
 * call the library's. */
#include "core/tls_private.h"

#include <dlfcn.h>
#include <pthread.h>

#include <wolfssl/wolfcrypt/curve25519.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/sha256.h>
#include <wolfssl/wolfcrypt/sha512.h>

static struct {
	int (*x25519)(curve25519_key *key, void *heap, int device);
	int (*sha256)(wc_Sha256 *sha, void *heap, int device);
	int (*sha384)(wc_Sha384 *sha, void *heap, int device);
	int (*rng)(WC_RNG *rng, void *heap, int device);
} library;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void *find(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function)
		bug("wolfSSL has no %s", name);
	return function;
}

static void find_all(void)
{
	*(void **)&library.x25519 = find("wc_curve25519_init_ex");
	*(void **)&library.sha256 = find("wc_InitSha256_ex");
	*(void **)&library.sha384 = find("wc_InitSha384_ex");
	*(void **)&library.rng = find("wc_InitRng_ex");
}

static int preferred(int device)
{
	pthread_once(&once, find_all);
	return device == INVALID_DEVID ? TLS_DEVICE : device;
}

int wc_curve25519_init_ex(curve25519_key *key, void *heap, int device)
{
	device = preferred(device);
	return library.x25519(key, heap, device);
}

int wc_InitSha256_ex(wc_Sha256 *sha, void *heap, int device)
{
	device = preferred(device);
	return library.sha256(sha, heap, device);
}

int wc_InitSha384_ex(wc_Sha384 *sha, void *heap, int device)
{
	device = preferred(device);
	return library.sha384(sha, heap, device);
}

/* The device gives the system's random bytes, so there is no generator of the
   library's own to be seeded and tested. */
int wc_InitRng_ex(WC_RNG *rng, void *heap, int device)
{
	if (preferred(device) != TLS_DEVICE || !tls_device_is_there())
		return library.rng(rng, heap, device);
	memset(rng, 0, sizeof(*rng));
	rng->heap = heap;
	rng->devId = TLS_DEVICE;
	return 0;
}
