/* key.c - what kind of key is it, and may it be used? */
#include "pki/key.h"

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/rsa.h>

#include "core/conf.h"
#include "core/tls.h"
#include "pki/key_private.h"

enum { RSA_BITS_LEAST = 1024, RSA_BITS_MOST = 4096 };

CONF_KEY(pki_rsa_bits_min) = {
	.name = "pki.rsa-bits-min",
	.type = CONF_INT,
	.def = "2048",
	.min = RSA_BITS_LEAST,
	.max = RSA_BITS_MOST,
	.help = "fewest bits that an RSA key must have to be imported; authorities and clients "
		"refuse less than 2048",
};

int key_allowed(const struct key_info *info, struct err *err)
{
	int64_t least = conf_num(&conf_key_pki_rsa_bits_min);

	if (!info->rsa || info->bits >= least)
		return 0;
	return err_set(err, ERR_INPUT, "RSA keys have %d to %d bits here, this one has %d",
	    (int)least, RSA_BITS_MOST, info->bits);
}

/* --- EC --- */

static int library(struct err *err, int rc)
{
	return err_set(err, ERR_TEMP, "the public key: %s", wc_GetErrorString(rc));
}

/* The public half, where it was left out. */
static int find_public(ecc_key *key)
{
	if (key->type != ECC_PRIVATEKEY_ONLY)
		return 0;
	int rc = wc_ecc_make_pub(key, NULL);
	wc_ecc_fp_free(); /* a table of 0.8 MB that this thread would keep */
	return rc;
}

static int look_ec(ecc_key *key, struct key_info *out, struct err *err)
{
	out->type = key->dp->id == ECC_SECP384R1 ? "P-384" : "P-256";
	out->bits = key->dp->size * 8;
	int rc = find_public(key);
	int n = rc == 0 ? wc_EccPublicKeyDerSize(key, 1) : rc;
	if (n > 0)
		n = wc_EccPublicKeyToDer(
		    key, (byte *)buf_room(&out->public_info, (size_t)n), (word32)n, 1);
	if (n < 0)
		return library(err, n);
	out->public_info.n += (size_t)n;
	return 0;
}

/* *key is to be freed in any case. */
static int read_ec(struct slice der, ecc_key *key, struct err *err)
{
	word32 at = 0;

	wc_ecc_init_ex(key, NULL, TLS_DEVICE);
	int rc = wc_EccPrivateKeyDecode((const byte *)der.p, &at, key, (word32)der.n);
	if (rc == 0 && key->dp)
		return 0;
	return err_set(err, ERR_INPUT, "the numbers of the EC key cannot be read");
}

static int take_ec(struct slice der, struct key_info *out, struct err *err)
{
	ecc_key key;
	int rc = read_ec(der, &key, err);

	if (rc == 0)
		rc = look_ec(&key, out, err);
	wc_ecc_free(&key);
	return rc;
}

/* One that has its public half stays in the form in which it came. */
static int complete_ec(struct slice der, struct buf *whole, struct err *err)
{
	ecc_key key;
	int rc = read_ec(der, &key, err);

	if (rc == 0 && key.type != ECC_PRIVATEKEY_ONLY) {
		buf_adds(whole, der);
	} else if (rc == 0) {
		rc = find_public(&key);
		rc = rc == 0 ? key_write_ec(&key, whole, err) : library(err, rc);
	}
	wc_ecc_free(&key);
	return rc;
}

/* --- RSA --- */

static const char *rsa_name(int bits)
{
	return bits == 2048 ? "RSA-2048"
	    : bits == 3072  ? "RSA-3072"
	    : bits == 4096  ? "RSA-4096"
			    : "RSA";
}

static int look_rsa(RsaKey *key, struct key_info *out, struct err *err)
{
	out->rsa = true;
	out->bits = mp_count_bits(&key->n);
	out->type = rsa_name(out->bits);
	if (out->bits < RSA_BITS_LEAST || out->bits > RSA_BITS_MOST)
		return err_set(err, ERR_INPUT, "RSA keys have %d to %d bits here, this one has %d",
		    (int)conf_num(&conf_key_pki_rsa_bits_min), RSA_BITS_MOST, out->bits);
	int n = wc_RsaPublicKeyDerSize(key, 1);
	if (n > 0)
		n = wc_RsaKeyToPublicDer(
		    key, (byte *)buf_room(&out->public_info, (size_t)n), (word32)n);
	if (n < 0)
		return library(err, n);
	out->public_info.n += (size_t)n;
	return 0;
}

static int take_rsa(struct slice der, struct key_info *out, struct err *err)
{
	RsaKey key;
	word32 at = 0;

	wc_InitRsaKey_ex(&key, NULL, TLS_DEVICE);
	int rc = wc_RsaPrivateKeyDecode((const byte *)der.p, &at, &key, (word32)der.n);
	if (rc == 0)
		rc = look_rsa(&key, out, err);
	else
		rc = err_set(err, ERR_INPUT, "the numbers of the RSA key cannot be read");
	wc_FreeRsaKey(&key);
	return rc;
}

/* --- both --- */

int key_look(struct slice der, struct key_info *out, struct err *err)
{
	struct key_form form;

	*out = (struct key_info){ 0 };
	if (key_form(der, &form, err) != 0)
		return -1;
	int rc = form.kind == KEY_FORM_EC ? take_ec(der, out, err) : take_rsa(der, out, err);
	if (rc != 0)
		key_info_done(out);
	return rc;
}

int key_complete(struct slice der, struct buf *whole, struct err *err)
{
	struct key_form form;

	if (key_form(der, &form, err) != 0)
		return -1;
	buf_room(whole, der.n);
	if (form.kind == KEY_FORM_EC)
		return complete_ec(der, whole, err);
	buf_adds(whole, der);
	return 0;
}

void key_info_done(struct key_info *info)
{
	buf_done(&info->public_info);
}
