/* pkcs12_mac.c - the MAC over a PKCS#12 file */
#include "pki/pkcs12_private.h"

#include <nettle/hmac.h>

#include "core/random.h"
#include "pki/der.h"
#include "pki/pbe_private.h"

enum { SALT = 16, SALT_MAX = 1024, DIGEST_MAX = 64 };

#define DIGEST(name, context, set_key, update, digest)                                             \
	static void name(                                                                          \
	    size_t n, const unsigned char *key, struct slice bytes, unsigned char *out)            \
	{                                                                                          \
		struct context ctx;                                                                \
		set_key(&ctx, n, key);                                                             \
		update(&ctx, bytes.n, (const uint8_t *)bytes.p);                                   \
		digest(&ctx, n, out);                                                              \
		bytes_wipe(&ctx, sizeof(ctx));                                                     \
	}

DIGEST(sha1, hmac_sha1_ctx, hmac_sha1_set_key, hmac_sha1_update, hmac_sha1_digest)
DIGEST(sha256, hmac_sha256_ctx, hmac_sha256_set_key, hmac_sha256_update, hmac_sha256_digest)
DIGEST(sha384, hmac_sha512_ctx, hmac_sha384_set_key, hmac_sha512_update, hmac_sha384_digest)
DIGEST(sha512, hmac_sha512_ctx, hmac_sha512_set_key, hmac_sha512_update, hmac_sha512_digest)

static const struct digest {
	const char *oid;
	enum pbe_hash hash;
	size_t n; /* of the digest, and of the key */
	void (*mac)(size_t n, const unsigned char *key, struct slice bytes, unsigned char *out);
} digests[] = {
	{ "2.16.840.1.101.3.4.2.1", PBE_SHA256, 32, sha256 }, /* the first two are written */
	{ "1.3.14.3.2.26", PBE_SHA1, 20, sha1 },
	{ "2.16.840.1.101.3.4.2.2", PBE_SHA384, 48, sha384 },
	{ "2.16.840.1.101.3.4.2.3", PBE_SHA512, 64, sha512 },
};

static const struct digest *digest_of(struct slice oid)
{
	for (size_t i = 0; i < sizeof(digests) / sizeof(*digests); i++)
		if (der_oid_is(oid, digests[i].oid))
			return &digests[i];
	return NULL;
}

static int compute(const struct digest *digest, struct slice bytes, struct slice password,
    struct slice salt, unsigned iterations, unsigned char out[DIGEST_MAX], struct err *err)
{
	unsigned char key[DIGEST_MAX];
	struct buf bmp = { 0 };
	int rc = pbe_bmp(password, &bmp) ? pbe_pkcs12_key(buf_slice(&bmp), salt, iterations,
					       digest->hash, PBE_USE_MAC, key, digest->n)
					 : -1;

	if (rc == 0)
		digest->mac(digest->n, key, bytes, out);
	else
		err_set(err, ERR_DENIED, "this password cannot be used: is it UTF-8?");
	bytes_wipe(key, sizeof(key));
	buf_wipe(&bmp);
	return rc;
}

int pkcs12_put_mac(
    struct slice bytes, struct slice password, bool older, struct buf *out, struct err *err)
{
	const struct digest *digest = &digests[older ? 1 : 0];
	unsigned char salt[SALT], mac[DIGEST_MAX];

	random_bytes(salt, sizeof(salt));
	if (compute(digest, bytes, password, slice_of(salt, sizeof(salt)), PBE_ITERATIONS, mac,
		err) != 0)
		return -1;
	size_t whole = der_open(out, DER_SEQUENCE), info = der_open(out, DER_SEQUENCE);
	size_t algorithm = der_open(out, DER_SEQUENCE);
	der_oid(out, digest->oid);
	der_null(out);
	der_close(out, algorithm);
	der_put(out, DER_OCTETS, slice_of(mac, digest->n));
	der_close(out, info);
	der_put(out, DER_OCTETS, slice_of(salt, sizeof(salt)));
	der_number(out, PBE_ITERATIONS);
	der_close(out, whole);
	return 0;
}

int pkcs12_check_mac(struct slice mac, struct slice bytes, struct slice password, struct err *err)
{
	struct slice info, algorithm, oid, want, salt;
	unsigned char got[DIGEST_MAX];
	unsigned iterations = 1; /* RFC 7292 4: the default */

	if (!der_want(&mac, DER_SEQUENCE, &info) || !der_want(&info, DER_SEQUENCE, &algorithm) ||
	    !der_want(&algorithm, DER_OID, &oid) || !der_want(&info, DER_OCTETS, &want) ||
	    !der_want(&mac, DER_OCTETS, &salt) || salt.n == 0 || salt.n > SALT_MAX ||
	    (mac.n > 0 && !pbe_iterations(&mac, &iterations)))
		return err_set(err, ERR_INPUT, "the file's MAC is malformed");
	const struct digest *digest = digest_of(oid);
	if (!digest || want.n != digest->n)
		return err_set(err, ERR_INPUT, "the file's MAC is of a kind not known here");
	if (compute(digest, bytes, password, salt, iterations, got, err) != 0)
		return -1;
	if (bytes_same(got, want.p, want.n))
		return 0;
	return err_set(err, ERR_DENIED, "wrong password, or the file was changed");
}
