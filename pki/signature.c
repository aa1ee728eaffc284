/* signature.c - checking signatures: our policy, the library's arithmetic */
#include "pki/signature.h"

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/rsa.h>
#include <wolfssl/wolfcrypt/signature.h>

#include "core/tls.h"
#include "pki/der.h"

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 16384 };

/* --- keys --- */

enum kind { RSA, EC, ED25519, OTHER };

static const struct {
	struct slice oid;
	enum kind kind;
} key_kinds[] = {
	{ { "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 9 }, RSA }, /* 1.2.840.113549.1.1.1 */
	{ { "\x2a\x86\x48\xce\x3d\x02\x01", 7 }, EC },		/* 1.2.840.10045.2.1 */
	{ { "\x2b\x65\x70", 3 }, ED25519 },			/* 1.3.101.112 */
};

/* RFC 5480 2.1.1: a curve is named. Who spells it out may have made his own
   (CVE-2020-0601). */
static enum kind kind_of(struct slice public_info)
{
	struct slice info, algorithm = { 0 }, oid = { 0 }, curve;

	if (der_want(&public_info, DER_SEQUENCE, &info) &&
	    der_want(&info, DER_SEQUENCE, &algorithm))
		der_want(&algorithm, DER_OID, &oid);
	for (size_t i = 0; i < sizeof(key_kinds) / sizeof(*key_kinds); i++)
		if (slice_eq(oid, key_kinds[i].oid) &&
		    (key_kinds[i].kind != EC || der_want(&algorithm, DER_OID, &curve)))
			return key_kinds[i].kind;
	return OTHER;
}

struct public_key {
	enum kind kind;
	union {
		RsaKey rsa;
		ecc_key ec;
		ed25519_key ed;
	} u;
};

static void key_free(struct public_key *key)
{
	switch (key->kind) {
	case RSA:
		wc_FreeRsaKey(&key->u.rsa);
		break;
	case EC:
		wc_ecc_free(&key->u.ec);
		break;
	case ED25519:
		wc_ed25519_free(&key->u.ed);
		break;
	case OTHER:
		break;
	}
}

static int decode(struct public_key *key, struct slice info)
{
	const byte *p = (const byte *)info.p;
	word32 at = 0, n = (word32)info.n;

	switch (key->kind) {
	case RSA:
		wc_InitRsaKey_ex(&key->u.rsa, NULL, TLS_DEVICE);
		return wc_RsaPublicKeyDecode(p, &at, &key->u.rsa, n);
	case EC:
		wc_ecc_init_ex(&key->u.ec, NULL, TLS_DEVICE);
		return wc_EccPublicKeyDecode(p, &at, &key->u.ec, n);
	case ED25519:
		wc_ed25519_init(&key->u.ed);
		return wc_Ed25519PublicKeyDecode(p, &at, &key->u.ed, n);
	case OTHER:
		break;
	}
	return -1;
}

static int check_strength(struct public_key *key, struct err *err)
{
	if (key->kind == RSA) {
		int bits = wc_RsaEncryptSize(&key->u.rsa) * 8;
		return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX
		    ? 0
		    : err_set(err, ERR_INPUT, "its RSA key has %d bits", bits);
	}
	if (key->kind == EC) {
		int id = key->u.ec.dp ? key->u.ec.dp->id : ECC_CURVE_INVALID;
		return id == ECC_SECP256R1 || id == ECC_SECP384R1 || id == ECC_SECP521R1
		    ? 0
		    : err_set(err, ERR_INPUT, "its key is on a curve that is not used");
	}
	return 0;
}

/* 0: free it afterwards. */
static int key_read(struct public_key *key, struct slice info, struct err *err)
{
	key->kind = kind_of(info);
	if (key->kind == OTHER)
		return err_set(err, ERR_INPUT, "its key is of a kind that is not used");
	int rc = decode(key, info);
	if (rc != 0)
		err_set(err, ERR_INPUT, "its public key cannot be read");
	else
		rc = check_strength(key, err);
	if (rc == 0)
		return 0;
	key_free(key);
	return -1;
}

int public_key_check(struct slice public_info, struct err *err)
{
	struct public_key key;

	if (key_read(&key, public_info, err) != 0)
		return -1;
	key_free(&key);
	return 0;
}

/* --- signatures --- */

struct algorithm {
	struct slice oid;
	enum kind kind;
	enum wc_HashType hash; /* NONE: refused */
	const char *name;
	const char *pss; /* RSASSA-PSS: the hash's OID */
};

/* RFC 3279, RFC 4055, RFC 5758, RFC 8410 */
static const struct algorithm algorithms[] = {
	{ { "\x2a\x86\x48\xce\x3d\x04\x03\x02", 8 }, EC, WC_HASH_TYPE_SHA256, "ECDSA_WITH_SHA256",
	    NULL },
	{ { "\x2a\x86\x48\xce\x3d\x04\x03\x03", 8 }, EC, WC_HASH_TYPE_SHA384, "ECDSA_WITH_SHA384",
	    NULL },
	{ { "\x2a\x86\x48\xce\x3d\x04\x03\x04", 8 }, EC, WC_HASH_TYPE_SHA512, "ECDSA_WITH_SHA512",
	    NULL },
	{ { "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", 9 }, RSA, WC_HASH_TYPE_SHA256,
	    "RSA_WITH_SHA256", NULL },
	{ { "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c", 9 }, RSA, WC_HASH_TYPE_SHA384,
	    "RSA_WITH_SHA384", NULL },
	{ { "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d", 9 }, RSA, WC_HASH_TYPE_SHA512,
	    "RSA_WITH_SHA512", NULL },
	{ { "\x2b\x65\x70", 3 }, ED25519, WC_HASH_TYPE_SHA512, "ED25519", NULL },
	{ { "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", 9 }, RSA, WC_HASH_TYPE_SHA256,
	    "RSASSA_PSS_WITH_SHA256", "2.16.840.1.101.3.4.2.1" },
	{ { "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", 9 }, RSA, WC_HASH_TYPE_SHA384,
	    "RSASSA_PSS_WITH_SHA384", "2.16.840.1.101.3.4.2.2" },
	{ { "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", 9 }, RSA, WC_HASH_TYPE_SHA512,
	    "RSASSA_PSS_WITH_SHA512", "2.16.840.1.101.3.4.2.3" },
	{ { "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04", 9 }, RSA, WC_HASH_TYPE_NONE, "MD5", NULL },
	{ { "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05", 9 }, RSA, WC_HASH_TYPE_NONE, "SHA-1", NULL },
	{ { "\x2a\x86\x48\xce\x3d\x04\x01", 7 }, EC, WC_HASH_TYPE_NONE, "SHA-1", NULL },
	{ { "\x2a\x86\x48\xce\x38\x04\x03", 7 }, OTHER, WC_HASH_TYPE_NONE, "DSA", NULL },
	{ { "\x60\x86\x48\x01\x65\x03\x04\x03\x02", 9 }, OTHER, WC_HASH_TYPE_NONE, "DSA", NULL },
};

enum { ALGORITHMS = sizeof(algorithms) / sizeof(*algorithms) };

/* An AlgorithmIdentifier of that OID, its parameters NULL or absent; nothing behind it. */
static bool is_plain(struct slice rest, const char *oid)
{
	struct slice identifier, id, null;

	if (!der_want(&rest, DER_SEQUENCE, &identifier) || rest.n > 0 ||
	    !der_want(&identifier, DER_OID, &id) || !der_oid_is(id, oid))
		return false;
	der_want(&identifier, DER_NULL, &null);
	return identifier.n == 0;
}

/* RFC 4055 3.1, in the form that authorities may use (CA/Browser Forum's baseline 7.1.3.2.1):
   MGF1 with the same hash, a salt as long as it. The defaults mean SHA-1. */
static bool pss_parameters(struct slice rest, const struct algorithm *a)
{
	struct slice all, hash, mgf, inner, oid, salt, length;

	return der_want(&rest, DER_SEQUENCE, &all) && rest.n == 0 &&
	    der_want(&all, DER_CONTEXT_CONSTRUCTED | 0, &hash) && is_plain(hash, a->pss) &&
	    der_want(&all, DER_CONTEXT_CONSTRUCTED | 1, &mgf) &&
	    der_want(&mgf, DER_SEQUENCE, &inner) && mgf.n == 0 && der_want(&inner, DER_OID, &oid) &&
	    der_oid_is(oid, "1.2.840.113549.1.1.8") && is_plain(inner, a->pss) &&
	    der_want(&all, DER_CONTEXT_CONSTRUCTED | 2, &salt) && all.n == 0 &&
	    der_want(&salt, DER_INTEGER, &length) && salt.n == 0 && length.n == 1 &&
	    *length.p == wc_HashGetDigestSize(a->hash);
}

/* What is refused is refused whatever its parameters. */
static bool parameters_fit(const struct algorithm *a, struct slice parameters)
{
	struct slice null;

	if (a->pss || a->hash == WC_HASH_TYPE_NONE)
		return !a->pss || pss_parameters(parameters, a);
	der_want(&parameters, DER_NULL, &null);
	return parameters.n == 0;
}

static size_t find_algorithm(struct slice identifier)
{
	struct slice algorithm = { 0 }, oid = { 0 };
	size_t i = 0;

	if (der_want(&identifier, DER_SEQUENCE, &algorithm))
		der_want(&algorithm, DER_OID, &oid);
	while (i < ALGORITHMS &&
	    !(slice_eq(oid, algorithms[i].oid) && parameters_fit(&algorithms[i], algorithm)))
		i++;
	return i;
}

int signature_kind(struct slice algorithm)
{
	size_t i = find_algorithm(algorithm);

	return i < ALGORITHMS && algorithms[i].hash != WC_HASH_TYPE_NONE ? (int)i : -1;
}

int signature_named(struct slice name)
{
	for (size_t i = 0; i < ALGORITHMS; i++)
		if (algorithms[i].hash != WC_HASH_TYPE_NONE &&
		    slice_ieq(name, slice_str(algorithms[i].name)))
			return (int)i;
	return -1;
}

static const struct algorithm *algorithm_of(struct slice identifier, struct err *err)
{
	size_t i = find_algorithm(identifier);

	if (i == ALGORITHMS) {
		err_set(err, ERR_INPUT, "it is signed in a way that is not known");
		return NULL;
	}
	if (algorithms[i].hash == WC_HASH_TYPE_NONE) {
		err_set(err, ERR_INPUT, "it is signed by means of %s, which is weak",
		    algorithms[i].name);
		return NULL;
	}
	return &algorithms[i];
}

/* RFC 8017 8.1.2 */
static bool pss_fits(
    const struct algorithm *a, struct public_key *key, struct slice data, struct slice signature)
{
	byte digest[WC_MAX_DIGEST_SIZE], room[RSA_BITS_MAX / 8];
	int mgf = a->hash == WC_HASH_TYPE_SHA256 ? WC_MGF1SHA256
	    : a->hash == WC_HASH_TYPE_SHA384	 ? WC_MGF1SHA384
						 : WC_MGF1SHA512;
	int n = wc_HashGetDigestSize(a->hash);

	return n > 0 &&
	    wc_Hash(a->hash, (const byte *)data.p, (word32)data.n, digest, (word32)n) == 0 &&
	    wc_RsaPSS_VerifyCheck((byte *)(uintptr_t)signature.p, (word32)signature.n, room,
		sizeof room, digest, (word32)n, a->hash, mgf, &key->u.rsa) > 0;
}

static bool fits(
    const struct algorithm *a, struct public_key *key, struct slice data, struct slice signature)
{
	const byte *p = (const byte *)data.p, *s = (const byte *)signature.p;
	word32 n = (word32)data.n, s_n = (word32)signature.n;
	int good = 0;

	switch (a->kind) {
	case RSA:
		if (a->pss)
			return pss_fits(a, key, data, signature);
		return wc_SignatureVerify(a->hash, WC_SIGNATURE_TYPE_RSA_W_ENC, p, n, s, s_n,
			   &key->u.rsa, sizeof(key->u.rsa)) == 0;
	case EC:
		good = wc_SignatureVerify(a->hash, WC_SIGNATURE_TYPE_ECC, p, n, s, s_n, &key->u.ec,
			   sizeof(key->u.ec)) == 0;
		wc_ecc_fp_free(); /* tables that this thread would keep */
		return good;
	case ED25519:
		return wc_ed25519_verify_msg(s, s_n, p, n, &good, &key->u.ed) == 0 && good == 1;
	case OTHER:
		break;
	}
	return false;
}

int signature_check(struct slice algorithm, struct slice public_info, struct slice data,
    struct slice signature, struct err *err)
{
	const struct algorithm *a = algorithm_of(algorithm, err);
	struct public_key key;

	if (!a || key_read(&key, public_info, err) != 0)
		return -1;
	bool good = a->kind == key.kind && fits(a, &key, data, signature);
	key_free(&key);
	return good ? 0 : err_set(err, ERR_INPUT, "its signature does not fit");
}
