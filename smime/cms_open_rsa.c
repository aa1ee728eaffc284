/* cms_open_rsa.c - key transport, opened: RSA by hogweed, OAEP by the library */
#include "smime/cms_open.h"

#include <nettle/rsa.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/rsa.h>

#include "core/random.h"
#include "core/tls.h"
#include "pki/der.h"

enum { RSA_BITS_MAX = 4096 };

static void from_random(void *arg, size_t n, uint8_t *out)
{
	(void)arg;
	random_bytes(out, n);
}

/* PKCS #1 v1.5. Takes no branch by whether the padding is right: then *out
   keeps its random bytes, and the content does not open. */
static bool open_v15(struct slice rsa_key, struct slice encrypted, unsigned char *out, size_t n)
{
	struct rsa_public_key public;
	struct rsa_private_key private;
	mpz_t cipher;

	rsa_public_key_init(&public);
	rsa_private_key_init(&private);
	bool good = rsa_keypair_from_der(
			&public, &private, RSA_BITS_MAX, rsa_key.n, (const uint8_t *)rsa_key.p) &&
	    encrypted.n == public.size;
	if (good) {
		mpz_init(cipher);
		mpz_import(cipher, encrypted.n, 1, 1, 0, 0, encrypted.p);
		random_bytes(out, n);
		if (mpz_cmp(cipher, public.n) < 0)
			rsa_sec_decrypt(&public, &private, NULL, from_random, n, out, cipher);
		mpz_clear(cipher);
	}
	rsa_public_key_clear(&public);
	rsa_private_key_clear(&private);
	return good;
}

/* --- OAEP (RFC 4055 4.1) --- */

static const struct {
	const char *oid;
	enum wc_HashType hash;
	int mgf;
} hashes[] = {
	{ "1.3.14.3.2.26", WC_HASH_TYPE_SHA, WC_MGF1SHA1 },
	{ "2.16.840.1.101.3.4.2.1", WC_HASH_TYPE_SHA256, WC_MGF1SHA256 },
	{ "2.16.840.1.101.3.4.2.2", WC_HASH_TYPE_SHA384, WC_MGF1SHA384 },
	{ "2.16.840.1.101.3.4.2.3", WC_HASH_TYPE_SHA512, WC_MGF1SHA512 },
};

/* Which hash an AlgorithmIdentifier in [n] names; SHA-1 when there is none; -1. */
static int hash_of(struct slice *rest, unsigned n, bool mask)
{
	struct slice explicit, algorithm, oid;

	if (!der_want(rest, DER_CONTEXT_CONSTRUCTED | n, &explicit))
		return 0;
	if (!der_want(&explicit, DER_SEQUENCE, &algorithm) || !der_want(&algorithm, DER_OID, &oid))
		return -1;
	if (mask) {
		struct slice inner;
		if (!der_oid_is(oid, "1.2.840.113549.1.1.8") ||
		    !der_want(&algorithm, DER_SEQUENCE, &inner) || !der_want(&inner, DER_OID, &oid))
			return -1;
	}
	for (int i = 0; i < (int)(sizeof(hashes) / sizeof(*hashes)); i++)
		if (der_oid_is(oid, hashes[i].oid))
			return i;
	return -1;
}

static bool decrypt_oaep(
    RsaKey *key, struct slice encrypted, int hash, int mask, unsigned char *out, size_t n)
{
	unsigned char plain[RSA_BITS_MAX / 8];

	int got = wc_RsaPrivateDecrypt_ex((const byte *)encrypted.p, (word32)encrypted.n, plain,
	    sizeof(plain), key, WC_RSA_OAEP_PAD, hashes[hash].hash, hashes[mask].mgf, NULL, 0);
	bool good = got == (int)n;
	if (good)
		memcpy(out, plain, n);
	bytes_wipe(plain, sizeof(plain));
	return good;
}

static bool open_oaep(struct slice rsa_key, struct slice algorithm, struct slice encrypted,
    unsigned char *out, size_t n)
{
	struct slice parameters = { 0 };
	RsaKey key;
	WC_RNG rng;
	word32 at = 0;

	der_want(&algorithm, DER_SEQUENCE, &parameters);
	int hash = hash_of(&parameters, 0, false), mask = hash_of(&parameters, 1, true);
	/* A label ([2]) nobody uses: it would not decrypt. */
	if (hash < 0 || mask < 0 || wc_InitRng_ex(&rng, NULL, TLS_DEVICE) != 0)
		return false;
	wc_InitRsaKey_ex(&key, NULL, TLS_DEVICE);
	bool good =
	    wc_RsaPrivateKeyDecode((const byte *)rsa_key.p, &at, &key, (word32)rsa_key.n) == 0 &&
	    wc_RsaSetRNG(&key, &rng) == 0 && decrypt_oaep(&key, encrypted, hash, mask, out, n);
	wc_FreeRsaKey(&key);
	wc_FreeRng(&rng);
	return good;
}

bool cms_open_transport(
    struct slice key, struct slice algorithm, struct slice encrypted, unsigned char *out, size_t n)
{
	struct slice oid, parameters, rsa_key;

	if (!cms_private_key(key, &oid, &parameters, &rsa_key) || !der_oid_is(oid, CMS_OID_RSA) ||
	    !der_want(&algorithm, DER_OID, &oid))
		return false;
	if (der_oid_is(oid, CMS_OID_RSA))
		return open_v15(rsa_key, encrypted, out, n);
	return der_oid_is(oid, "1.2.840.113549.1.1.7") &&
	    open_oaep(rsa_key, algorithm, encrypted, out, n);
}
