/* key.c - key pairs: made, read, written */
#include "pki/key.h"

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/rsa.h>

#include "core/tls.h"

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 4096 };

static int library(struct err *err, const char *doing, int rc)
{
	return err_set(err, ERR_TEMP, "%s: %s", doing, wc_GetErrorString(rc));
}

/* PKCS#8 with the public half inside, as RFC 5915 allows. */
static int write_key(ecc_key *key, struct buf *der, struct err *err)
{
	word32 n = 0;
	int rc = wc_EccKeyToPKCS8(key, NULL, &n);

	if (rc == LENGTH_ONLY_E)
		rc = wc_EccKeyToPKCS8(key, (byte *)buf_room(der, n), &n);
	if (rc < 0)
		return library(err, "writing a key", rc);
	der->n += n;
	return 0;
}

static int make_ec(int curve, int bytes, WC_RNG *rng, struct buf *der, struct err *err)
{
	ecc_key key;

	wc_ecc_init_ex(&key, NULL, TLS_DEVICE);
	int rc = wc_ecc_make_key_ex(rng, bytes, &key, curve);
	rc = rc == 0 ? write_key(&key, der, err) : library(err, "making a key", rc);
	wc_ecc_free(&key);
	return rc;
}

static int make_rsa(int bits, WC_RNG *rng, struct buf *der, struct err *err)
{
	RsaKey key;
	int n = 0;

	wc_InitRsaKey_ex(&key, NULL, TLS_DEVICE);
	int rc = wc_MakeRsaKey(&key, bits, WC_RSA_EXPONENT, rng);
	if (rc == 0)
		n = rc = wc_RsaKeyToDer(&key, NULL, 0);
	if (rc > 0)
		n = rc = wc_RsaKeyToDer(&key, (byte *)buf_room(der, (size_t)n), (word32)n);
	wc_FreeRsaKey(&key);
	if (rc <= 0)
		return library(err, "making a key", rc);
	der->n += (size_t)n;
	return 0;
}

const char *const key_kind_names[] = { "P-256", "P-384", "RSA-2048", "RSA-3072", "RSA-4096", NULL };

static int make(enum key_kind kind, WC_RNG *rng, struct buf *der, struct err *err)
{
	switch (kind) {
	case KEY_P256:
		return make_ec(ECC_SECP256R1, 32, rng, der, err);
	case KEY_P384:
		return make_ec(ECC_SECP384R1, 48, rng, der, err);
	case KEY_RSA_2048:
		return make_rsa(2048, rng, der, err);
	case KEY_RSA_3072:
		return make_rsa(3072, rng, der, err);
	case KEY_RSA_4096:
		break;
	}
	return make_rsa(4096, rng, der, err);
}

int key_make(enum key_kind kind, struct buf *der, struct err *err)
{
	WC_RNG rng;
	int rc = wc_InitRng_ex(&rng, NULL, TLS_DEVICE);

	if (rc != 0)
		return library(err, "random numbers", rc);
	rc = make(kind, &rng, der, err);
	wc_FreeRng(&rng);
	return rc;
}

static bool is_encrypted(struct slice pem)
{
	return slice_find(pem, SLICE("BEGIN ENCRYPTED PRIVATE KEY")) >= 0 ||
	    slice_find(pem, SLICE("Proc-Type: 4,ENCRYPTED")) >= 0;
}

int key_from_pem(struct slice pem, struct buf *der, struct err *err)
{
	if (is_encrypted(pem))
		return err_set(
		    err, ERR_INPUT, "the private key is encrypted: remove its password first");
	int n = wc_KeyPemToDer(
	    (const byte *)pem.p, (int)pem.n, (byte *)buf_room(der, pem.n), (int)pem.n, NULL);
	if (n <= 0)
		return err_set(err, ERR_INPUT, "there is no private key in PEM form");
	der->n += (size_t)n;
	return 0;
}

static const char *curve_name(const ecc_key *key)
{
	switch (key->dp ? key->dp->id : ECC_CURVE_INVALID) {
	case ECC_SECP256R1:
		return "P-256";
	case ECC_SECP384R1:
		return "P-384";
	default:
		return NULL;
	}
}

static int look_ec(ecc_key *key, struct key_info *out, struct err *err)
{
	int rc = 0;

	out->type = curve_name(key);
	if (!out->type)
		return err_set(
		    err, ERR_INPUT, "keys on this curve are not used: P-256 and P-384 are");
	out->bits = key->dp->size * 8;
	if (key->type == ECC_PRIVATEKEY_ONLY) {
		rc = wc_ecc_make_pub(key, NULL);
		wc_ecc_fp_free(); /* a table of 0.8 MB that this thread would keep */
	}
	int n = rc == 0 ? wc_EccPublicKeyDerSize(key, 1) : rc;
	if (n > 0)
		n = wc_EccPublicKeyToDer(
		    key, (byte *)buf_room(&out->public_info, (size_t)n), (word32)n, 1);
	if (n < 0)
		return library(err, "the public key", n);
	out->public_info.n += (size_t)n;
	return 0;
}

static int look_rsa(RsaKey *key, struct key_info *out, struct err *err)
{
	int bits = wc_RsaEncryptSize(key) * 8;

	if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
		return err_set(err, ERR_INPUT, "RSA keys have %d to %d bits here, this one has %d",
		    RSA_BITS_MIN, RSA_BITS_MAX, bits);
	out->bits = bits;
	out->type = bits == 2048 ? "RSA-2048"
	    : bits == 3072	 ? "RSA-3072"
	    : bits == 4096	 ? "RSA-4096"
				 : "RSA";
	int n = wc_RsaPublicKeyDerSize(key, 1);
	if (n > 0)
		n = wc_RsaKeyToPublicDer(
		    key, (byte *)buf_room(&out->public_info, (size_t)n), (word32)n);
	if (n < 0)
		return library(err, "the public key", n);
	out->public_info.n += (size_t)n;
	return 0;
}

/* 1 it is an EC key, 0 it is none, -1 refused. */
static int try_ec(struct slice der, struct key_info *out, struct err *err)
{
	ecc_key key;
	word32 at = 0;
	int rc = 0;

	wc_ecc_init_ex(&key, NULL, TLS_DEVICE);
	if (wc_EccPrivateKeyDecode((const byte *)der.p, &at, &key, (word32)der.n) == 0)
		rc = look_ec(&key, out, err) == 0 ? 1 : -1;
	wc_ecc_free(&key);
	return rc;
}

static int try_rsa(struct slice der, struct key_info *out, struct err *err)
{
	RsaKey key;
	word32 at = 0;
	int rc = 0;

	wc_InitRsaKey_ex(&key, NULL, TLS_DEVICE);
	if (wc_RsaPrivateKeyDecode((const byte *)der.p, &at, &key, (word32)der.n) == 0)
		rc = look_rsa(&key, out, err) == 0 ? 1 : -1;
	wc_FreeRsaKey(&key);
	return rc;
}

int key_look(struct slice der, struct key_info *out, struct err *err)
{
	*out = (struct key_info){ 0 };
	int rc = try_ec(der, out, err);
	if (rc == 0)
		rc = try_rsa(der, out, err);
	if (rc > 0)
		return 0;
	key_info_done(out);
	return rc < 0 ? -1 : err_set(err, ERR_INPUT, "this is no private key for EC or RSA");
}

void key_info_done(struct key_info *info)
{
	buf_done(&info->public_info);
}
