/* sign.c - all that is done with private keys */
#include "pki/sign.h"

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/rsa.h>
#include <wolfssl/wolfcrypt/signature.h>

#include "pki/cert.h"
#include "pki/der.h"
#include "pki/pkcs12.h"
#include "pki/pkcs8.h"
#include "pki/seal.h"

void sign_sealed_as(const char *owner, struct buf *out)
{
	buf_printf(out, "the private key of %s", owner);
	buf_z(out);
}

static int close_key(const char *owner, struct slice der, struct buf *sealed, struct err *err)
{
	struct buf what = { 0 };

	sign_sealed_as(owner, &what);
	int rc = seal_close(what.p, der, sealed, err);
	buf_done(&what);
	return rc;
}

static int open_key(const struct sign_key *key, struct buf *der, struct err *err)
{
	struct buf what = { 0 };

	sign_sealed_as(key->owner, &what);
	int rc = seal_open(what.p, key->sealed, der, err);
	buf_done(&what);
	return rc;
}

int sign_make(const char *owner, struct buf *sealed, struct err *err)
{
	return sign_generate(owner, KEY_P256, sealed, err);
}

int sign_generate(const char *owner, enum key_kind kind, struct buf *sealed, struct err *err)
{
	struct buf der = { 0 };
	int rc = key_make(kind, &der, err);

	if (rc == 0)
		rc = close_key(owner, buf_slice(&der), sealed, err);
	buf_wipe(&der);
	return rc;
}

int sign_seal(const char *owner, struct slice der, struct buf *sealed, struct err *err)
{
	struct key_info info;
	struct buf whole = { 0 };

	if (key_look(der, &info, err) != 0)
		return -1;
	int rc = key_allowed(&info, err);
	key_info_done(&info);
	if (rc == 0)
		rc = key_complete(der, &whole, err);
	if (rc == 0)
		rc = close_key(owner, buf_slice(&whole), sealed, err);
	buf_wipe(&whole);
	return rc;
}

int sign_take(const char *owner, struct slice pem, struct buf *sealed, struct err *err)
{
	struct buf der = { 0 };
	int rc = key_from_pem(pem, &der, err);

	if (rc == 0)
		rc = sign_seal(owner, buf_slice(&der), sealed, err);
	buf_wipe(&der);
	return rc;
}

/* --- handed out --- */

/* As PKCS#8. */
static int open_wrapped(const struct sign_key *key, struct buf *wrapped, struct err *err)
{
	struct buf der = { 0 };
	int rc = open_key(key, &der, err);

	if (rc == 0)
		rc = pkcs8_wrap(buf_slice(&der), wrapped, err);
	buf_wipe(&der);
	return rc;
}

int sign_pkcs12(const struct sign_key *key, const struct pkcs12 *what, struct slice password,
    struct buf *out, struct err *err)
{
	struct pkcs12 with_key = *what;
	struct buf wrapped = { 0 };
	int rc = open_wrapped(key, &wrapped, err);

	with_key.key = buf_slice(&wrapped);
	if (rc == 0)
		rc = pkcs12_write(&with_key, password, out, err);
	buf_wipe(&wrapped);
	return rc;
}

/* --- looked at --- */

int sign_look(const struct sign_key *key, struct key_info *out, struct err *err)
{
	struct buf der = { 0 };
	int rc = open_key(key, &der, err);

	if (rc == 0)
		rc = key_look(buf_slice(&der), out, err);
	buf_wipe(&der);
	return rc;
}

/* --- signatures --- */

struct algorithm {
	const char *key_type;
	const char *oid;
	enum wc_HashType hash;
	enum wc_SignatureType kind;
};

/* The last row serves RSA of any size. RFC 5758, RFC 4055. */
static const struct algorithm algorithms[] = {
	{ "P-256", "1.2.840.10045.4.3.2", WC_HASH_TYPE_SHA256, WC_SIGNATURE_TYPE_ECC },
	{ "P-384", "1.2.840.10045.4.3.3", WC_HASH_TYPE_SHA384, WC_SIGNATURE_TYPE_ECC },
	{ "RSA", "1.2.840.113549.1.1.11", WC_HASH_TYPE_SHA256, WC_SIGNATURE_TYPE_RSA_W_ENC },
};

static const struct algorithm *algorithm_of(const char *key_type)
{
	const struct algorithm *a = algorithms;

	while (a->kind != WC_SIGNATURE_TYPE_RSA_W_ENC && strcmp(a->key_type, key_type) != 0)
		a++;
	return a;
}

void sign_algorithm(const char *key_type, struct buf *out)
{
	const struct algorithm *a = algorithm_of(key_type);
	size_t mark = der_open(out, DER_SEQUENCE);

	der_oid(out, a->oid);
	if (a->kind == WC_SIGNATURE_TYPE_RSA_W_ENC)
		der_null(out);
	der_close(out, mark);
}

union any_key {
	ecc_key ec;
	RsaKey rsa;
};

static int load_key(const struct algorithm *a, union any_key *key, struct slice der, WC_RNG *rng)
{
	const byte *p = (const byte *)der.p;
	word32 at = 0;

	if (a->kind == WC_SIGNATURE_TYPE_ECC) {
		wc_ecc_init_ex(&key->ec, NULL, TLS_DEVICE);
		return wc_EccPrivateKeyDecode(p, &at, &key->ec, (word32)der.n);
	}
	wc_InitRsaKey_ex(&key->rsa, NULL, TLS_DEVICE);
	int rc = wc_RsaPrivateKeyDecode(p, &at, &key->rsa, (word32)der.n);
	return rc == 0 ? wc_RsaSetRNG(&key->rsa, rng) : rc;
}

static void free_key(const struct algorithm *a, union any_key *key)
{
	if (a->kind == WC_SIGNATURE_TYPE_ECC)
		wc_ecc_free(&key->ec);
	else
		wc_FreeRsaKey(&key->rsa);
	bytes_wipe(key, sizeof(*key));
}

static int sign_with(const struct algorithm *a, union any_key *key, struct slice data,
    struct buf *signature, WC_RNG *rng)
{
	word32 key_size = a->kind == WC_SIGNATURE_TYPE_ECC ? sizeof(key->ec) : sizeof(key->rsa);
	int size = wc_SignatureGetSize(a->kind, key, key_size);

	if (size <= 0)
		return size;
	word32 n = (word32)size;
	/* No check by verifying: that would fill a table of 0.8 MB for this thread. */
	int rc = wc_SignatureGenerate_ex(a->hash, a->kind, (const byte *)data.p, (word32)data.n,
	    (byte *)buf_room(signature, n), &n, key, key_size, rng, 0);
	if (rc == 0)
		signature->n += n;
	return rc;
}

static int sign_der(struct slice der, struct slice data, struct buf *signature, struct err *err)
{
	struct key_info info;
	union any_key key;
	WC_RNG rng;

	if (key_look(der, &info, err) != 0)
		return -1;
	const struct algorithm *a = algorithm_of(info.type);
	key_info_done(&info);
	int rc = wc_InitRng_ex(&rng, NULL, TLS_DEVICE);
	if (rc != 0)
		return err_set(err, ERR_TEMP, "random numbers: %s", wc_GetErrorString(rc));
	rc = load_key(a, &key, der, &rng);
	if (rc == 0)
		rc = sign_with(a, &key, data, signature, &rng);
	free_key(a, &key);
	wc_FreeRng(&rng);
	return rc == 0 ? 0 : err_set(err, ERR_TEMP, "signing: %s", wc_GetErrorString(rc));
}

int sign_data(const struct sign_key *key, struct slice data, struct buf *signature, struct err *err)
{
	struct buf der = { 0 };
	int rc = open_key(key, &der, err);

	if (rc == 0)
		rc = sign_der(buf_slice(&der), data, signature, err);
	buf_wipe(&der);
	return rc;
}

static int load_public(const struct algorithm *a, union any_key *key, struct slice info)
{
	const byte *p = (const byte *)info.p;
	word32 at = 0;

	if (a->kind == WC_SIGNATURE_TYPE_ECC) {
		wc_ecc_init_ex(&key->ec, NULL, TLS_DEVICE);
		return wc_EccPublicKeyDecode(p, &at, &key->ec, (word32)info.n);
	}
	wc_InitRsaKey_ex(&key->rsa, NULL, TLS_DEVICE);
	return wc_RsaPublicKeyDecode(p, &at, &key->rsa, (word32)info.n);
}

static bool fits(const struct key_info *info, struct slice data, struct slice signature)
{
	const struct algorithm *a = algorithm_of(info->type);
	union any_key key;
	bool good = load_public(a, &key, buf_slice(&info->public_info)) == 0 &&
	    wc_SignatureVerify(a->hash, a->kind, (const byte *)data.p, (word32)data.n,
		(const byte *)signature.p, (word32)signature.n, &key,
		a->kind == WC_SIGNATURE_TYPE_ECC ? sizeof(key.ec) : sizeof(key.rsa)) == 0;

	free_key(a, &key);
	wc_ecc_fp_free(); /* tables that this thread would keep */
	return good;
}

/* Not signature_check: that one judges strangers, and is stricter. */
static int test_der(struct slice der, struct err *err)
{
	static const char text[] = "Verification String";
	struct key_info info;
	struct buf signature = { 0 };
	bool good = false;

	if (key_check(der, err) != 0 || key_look(der, &info, err) != 0)
		return -1;
	int rc = sign_der(der, slice_str(text), &signature, err);
	if (rc == 0)
		good = fits(&info, slice_str(text), buf_slice(&signature));
	key_info_done(&info);
	buf_done(&signature);
	if (rc == 0 && !good)
		rc = err_set(err, ERR_INPUT, "what the key signs does not fit its public half");
	return rc;
}

int sign_test(const struct sign_key *key, struct err *err)
{
	struct buf der = { 0 };
	int rc = open_key(key, &der, err);

	if (rc == 0)
		rc = test_der(buf_slice(&der), err);
	buf_wipe(&der);
	return rc;
}

struct tls_ctx *sign_tls_ctx(
    const struct sign_key *key, const struct tls_ctx_spec *spec, struct err *err)
{
	struct buf der = { 0 };
	struct tls_ctx *ctx = NULL;

	if (open_key(key, &der, err) == 0) {
		struct tls_ctx_spec with_key = *spec;
		with_key.key = buf_slice(&der);
		ctx = tls_ctx_new(&with_key, err);
	}
	buf_wipe(&der);
	return ctx;
}

int sign_structure(const struct sign_key *key, const char *key_type, struct slice to_be_signed,
    struct buf *out, struct err *err)
{
	struct buf signature = { 0 };
	int rc = sign_data(key, to_be_signed, &signature, err);

	if (rc == 0) {
		size_t mark = der_open(out, DER_SEQUENCE);
		buf_adds(out, to_be_signed);
		sign_algorithm(key_type, out);
		der_bits(out, buf_slice(&signature));
		der_close(out, mark);
	}
	buf_done(&signature);
	return rc;
}
