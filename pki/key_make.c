/* key_make.c - new key pairs: EC by the library, RSA by hogweed, which is ten times as fast */
#include "pki/key_private.h"

#include <nettle/rsa.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "core/random.h"
#include "core/tls.h"
#include "pki/der.h"

enum { EXPONENT = 65537, RSA_DER_MAX = 4096 };

const char *const key_kind_names[] = { "P-256", "P-384", "RSA-2048", "RSA-3072", "RSA-4096", NULL };

static const struct {
	int curve; /* of EC */
	int size;  /* bytes of EC, bits of RSA */
} kinds[] = {
	[KEY_P256] = { ECC_SECP256R1, 32 },
	[KEY_P384] = { ECC_SECP384R1, 48 },
	[KEY_RSA_2048] = { 0, 2048 },
	[KEY_RSA_3072] = { 0, 3072 },
	[KEY_RSA_4096] = { 0, 4096 },
};

/* --- EC --- */

static int library(struct err *err, const char *doing, int rc)
{
	return err_set(err, ERR_TEMP, "%s: %s", doing, wc_GetErrorString(rc));
}

int key_write_ec(struct ecc_key *key, struct buf *der, struct err *err)
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

static int make_ec(int curve, int bytes, struct buf *der, struct err *err)
{
	ecc_key key;
	WC_RNG rng;
	int rc = wc_InitRng_ex(&rng, NULL, TLS_DEVICE);

	if (rc != 0)
		return library(err, "random numbers", rc);
	wc_ecc_init_ex(&key, NULL, TLS_DEVICE);
	rc = wc_ecc_make_key_ex(&rng, bytes, &key, curve);
	rc = rc == 0 ? key_write_ec(&key, der, err) : library(err, "making a key", rc);
	wc_ecc_free(&key);
	wc_FreeRng(&rng);
	return rc;
}

/* --- RSA --- */

static void from_random(void *arg, size_t n, uint8_t *out)
{
	(void)arg;
	random_bytes(out, n);
}

static void put_number(struct buf *der, const mpz_t z)
{
	unsigned char bytes[RSA_DER_MAX / 8];
	size_t n = 0;

	mpz_export(bytes, &n, 1, 1, 1, 0, z);
	der_unsigned(der, slice_of(bytes, n));
	bytes_wipe(bytes, sizeof(bytes));
}

/* RFC 8017 A.1.2. hogweed's a, b and c are dP, dQ and qInv. */
static void write_rsa(
    const struct rsa_public_key *public, const struct rsa_private_key *key, struct buf *der)
{
	buf_room(der, RSA_DER_MAX); /* growing would leave copies behind */
	size_t mark = der_open(der, DER_SEQUENCE);
	der_number(der, 0);
	put_number(der, public->n);
	put_number(der, public->e);
	put_number(der, key->d);
	put_number(der, key->p);
	put_number(der, key->q);
	put_number(der, key->a);
	put_number(der, key->b);
	put_number(der, key->c);
	der_close(der, mark);
}

static int make_rsa(int bits, struct buf *der, struct err *err)
{
	struct rsa_public_key public;
	struct rsa_private_key key;

	rsa_public_key_init(&public);
	rsa_private_key_init(&key);
	mpz_set_ui(public.e, EXPONENT);
	bool made =
	    rsa_generate_keypair(&public, &key, NULL, from_random, NULL, NULL, (unsigned)bits, 0);
	if (made)
		write_rsa(&public, &key, der);
	rsa_public_key_clear(&public);
	rsa_private_key_clear(&key);
	return made ? 0 : err_set(err, ERR_TEMP, "making an RSA key failed");
}

int key_make(enum key_kind kind, struct buf *der, struct err *err)
{
	return kinds[kind].curve ? make_ec(kinds[kind].curve, kinds[kind].size, der, err)
				 : make_rsa(kinds[kind].size, der, err);
}
