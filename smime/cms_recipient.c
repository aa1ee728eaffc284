/* cms_recipient.c - how the content's key is given to who may read it
 *
 * Nettle and hogweed do the work: they need no state beside the key, so one
 * recipient serves many threads. */
#include "smime/cms_private.h"

#include <nettle/bignum.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <nettle/nist-keywrap.h>
#include <nettle/rsa.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/hash.h>

#include "core/random.h"
#include "pki/cert.h"
#include "pki/der.h"

enum {
	RSA_BITS_MIN = 2048,
	RSA_BITS_MAX = 4096,
	COORDINATE_MAX = 48, /* P-384 */
	UNCOMPRESSED = 4,    /* SEC 1 2.3.3 */
	WRAPPED = CMS_KEY + 8,
};

struct cms_recipient {
	atomic_uint refs;
	struct buf id;		       /* IssuerAndSerialNumber */
	const struct ecc_curve *curve; /* NULL: RSA */
	size_t coordinate;	       /* bytes */
	union {
		struct ecc_point point;
		struct rsa_public_key rsa;
	};
};

static void from_random(void *arg, size_t n, uint8_t *out)
{
	(void)arg;
	random_bytes(out, n);
}

/* --- from a certificate --- */

static int refuse(struct err *err)
{
	return err_set(err, ERR_INPUT,
	    "the certificate's key is none that mail is encrypted for here: "
	    "EC on P-256 or P-384, RSA of %d to %d bits",
	    RSA_BITS_MIN, RSA_BITS_MAX);
}

/* RFC 8017 A.1.1 */
static int load_rsa(struct cms_recipient *r, struct slice key, struct err *err)
{
	struct slice pair, n, e;

	rsa_public_key_init(&r->rsa);
	if (!der_want(&key, DER_SEQUENCE, &pair) || !der_want(&pair, DER_INTEGER, &n) ||
	    !der_want(&pair, DER_INTEGER, &e) || n.n > RSA_BITS_MAX / 8 + 1 || e.n > 8)
		return refuse(err);
	nettle_mpz_set_str_256_s(r->rsa.n, n.n, (const uint8_t *)n.p);
	nettle_mpz_set_str_256_s(r->rsa.e, e.n, (const uint8_t *)e.p);
	size_t bits = mpz_sizeinbase(r->rsa.n, 2);
	if (mpz_sgn(r->rsa.n) <= 0 || mpz_even_p(r->rsa.n) || mpz_cmp_ui(r->rsa.e, 3) < 0 ||
	    bits < RSA_BITS_MIN || bits > RSA_BITS_MAX || !rsa_public_key_prepare(&r->rsa))
		return refuse(err);
	return 0;
}

const struct ecc_curve *cms_curve(struct slice oid, size_t *coordinate)
{
	if (der_oid_is(oid, "1.2.840.10045.3.1.7")) {
		*coordinate = 32;
		return nettle_get_secp_256r1();
	}
	if (der_oid_is(oid, "1.3.132.0.34")) {
		*coordinate = 48;
		return nettle_get_secp_384r1();
	}
	return NULL;
}

/* ecc_point_set refuses what is not on the curve. */
static int load_ec(struct cms_recipient *r, struct slice oid, struct slice key, struct err *err)
{
	const struct ecc_curve *curve = cms_curve(oid, &r->coordinate);
	const uint8_t *p = (const uint8_t *)key.p;
	mpz_t x, y;

	if (!curve || key.n != 1 + 2 * r->coordinate || p[0] != UNCOMPRESSED)
		return refuse(err);
	nettle_mpz_init_set_str_256_u(x, r->coordinate, p + 1);
	nettle_mpz_init_set_str_256_u(y, r->coordinate, p + 1 + r->coordinate);
	ecc_point_init(&r->point, curve);
	r->curve = curve;
	int rc = ecc_point_set(&r->point, x, y) ? 0 : refuse(err);
	mpz_clear(x);
	mpz_clear(y);
	return rc;
}

static int load_key(struct cms_recipient *r, struct slice public_info, struct err *err)
{
	struct slice info, algorithm, oid, curve, bits;

	if (!der_want(&public_info, DER_SEQUENCE, &info) ||
	    !der_want(&info, DER_SEQUENCE, &algorithm) || !der_want(&algorithm, DER_OID, &oid) ||
	    !der_want(&info, DER_BITS, &bits) || bits.n < 2 || bits.p[0] != 0)
		return refuse(err);
	bits = slice_from(bits, 1);
	if (der_oid_is(oid, CMS_OID_EC) && der_want(&algorithm, DER_OID, &curve))
		return load_ec(r, curve, bits, err);
	return load_rsa(r, der_oid_is(oid, CMS_OID_RSA) ? bits : (struct slice){ 0 }, err);
}

struct cms_recipient *cms_recipient_new(struct slice der, struct err *err)
{
	struct cms_recipient *r;
	struct cert cert;

	if (!cert_next(&der, &cert)) {
		err_set(err, ERR_INPUT, "the certificate cannot be read");
		return NULL;
	}
	r = mem_get(sizeof(*r));
	r->refs = 1;
	size_t mark = der_open(&r->id, DER_SEQUENCE);
	buf_adds(&r->id, cert.issuer);
	der_put(&r->id, DER_INTEGER, cert.serial);
	der_close(&r->id, mark);
	if (load_key(r, cert.public_info, err) != 0)
		cms_recipient_unref(&r);
	return r;
}

struct cms_recipient *cms_recipient_ref(struct cms_recipient *r)
{
	r->refs++;
	return r;
}

void cms_recipient_unref(struct cms_recipient **p)
{
	struct cms_recipient *r = *p;

	*p = NULL;
	if (!r || --r->refs > 0)
		return;
	if (r->curve)
		ecc_point_clear(&r->point);
	else
		rsa_public_key_clear(&r->rsa);
	buf_done(&r->id);
	free(r);
}

bool cms_recipient_agrees(const struct cms_recipient *r)
{
	return r->curve != NULL;
}

/* --- key transport (RFC 5652 6.2.1) --- */

static int put_transport(const struct cms_recipient *r, const unsigned char key[CMS_KEY],
    struct buf *out, struct err *err)
{
	mpz_t cipher;

	mpz_init(cipher);
	/* PKCS #1 v1.5: what all readers know */
	if (!rsa_encrypt(&r->rsa, NULL, from_random, CMS_KEY, key, cipher)) {
		mpz_clear(cipher);
		return err_set(err, ERR_TEMP, "the RSA key does not encrypt");
	}
	size_t whole = der_open(out, DER_SEQUENCE);
	der_number(out, 0);
	buf_adds(out, buf_slice(&r->id));
	size_t algorithm = der_open(out, DER_SEQUENCE);
	der_oid(out, CMS_OID_RSA);
	der_null(out);
	der_close(out, algorithm);
	der_header(out, DER_OCTETS, r->rsa.size);
	nettle_mpz_get_str_256(r->rsa.size, (uint8_t *)buf_room(out, r->rsa.size), cipher);
	out->n += r->rsa.size;
	der_close(out, whole);
	mpz_clear(cipher);
	return 0;
}

/* --- key agreement (RFC 5753 3.1) --- */

/* A key pair for this message alone: the public half as a point (SEC 1), and
   the secret that it shares with the recipient. */
static void agree(const struct cms_recipient *r, unsigned char point[1 + 2 * COORDINATE_MAX],
    unsigned char secret[COORDINATE_MAX])
{
	struct ecc_scalar d;
	struct ecc_point q;
	mpz_t x, y;

	mpz_inits(x, y, NULL);
	ecc_scalar_init(&d, r->curve);
	ecc_point_init(&q, r->curve);
	ecc_scalar_random(&d, NULL, from_random);
	ecc_point_mul_g(&q, &d);
	ecc_point_get(&q, x, y);
	point[0] = UNCOMPRESSED;
	nettle_mpz_get_str_256(r->coordinate, point + 1, x);
	nettle_mpz_get_str_256(r->coordinate, point + 1 + r->coordinate, y);
	ecc_point_mul(&q, &d, &r->point);
	ecc_point_get(&q, x, NULL);
	nettle_mpz_get_str_256(r->coordinate, secret, x);
	ecc_point_clear(&q);
	ecc_scalar_clear(&d);
	mpz_clears(x, y, NULL);
}

void cms_shared_info(struct buf *out, struct slice algorithm, const struct slice *ukm, size_t n)
{
	unsigned char bits[4] = { 0, 0, (unsigned char)(n * 8 >> 8), (unsigned char)(n * 8) };
	size_t whole = der_open(out, DER_SEQUENCE), explicit;

	buf_adds(out, algorithm);
	if (ukm) {
		explicit = der_open(out, DER_CONTEXT_CONSTRUCTED | 0);
		der_put(out, DER_OCTETS, *ukm);
		der_close(out, explicit);
	}
	explicit = der_open(out, DER_CONTEXT_CONSTRUCTED | 2);
	der_put(out, DER_OCTETS, slice_of(bits, sizeof(bits)));
	der_close(out, explicit);
	der_close(out, whole);
}

static void put_wrap_algorithm(struct buf *out)
{
	size_t mark = der_open(out, DER_SEQUENCE);

	der_oid(out, CMS_OID_AES_256_WRAP);
	der_close(out, mark);
}

/* RFC 3394, under a key derived from the shared secret. */
static int wrap(struct slice secret, const unsigned char key[CMS_KEY],
    unsigned char wrapped[WRAPPED], struct err *err)
{
	static const uint8_t iv[8] = { 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6 };
	struct buf algorithm = { 0 }, info = { 0 };
	unsigned char kek[CMS_KEY];
	struct aes256_ctx aes;

	put_wrap_algorithm(&algorithm);
	cms_shared_info(&info, buf_slice(&algorithm), NULL, sizeof(kek));
	int rc = wc_X963_KDF(WC_HASH_TYPE_SHA256, (const byte *)secret.p, (word32)secret.n,
	    (const byte *)info.p, (word32)info.n, kek, sizeof(kek));
	buf_done(&algorithm);
	buf_done(&info);
	if (rc != 0)
		return err_set(err, ERR_TEMP, "deriving a key failed");
	aes256_set_encrypt_key(&aes, kek);
	aes256_keywrap(&aes, iv, WRAPPED, wrapped, key);
	bytes_wipe(kek, sizeof(kek));
	bytes_wipe(&aes, sizeof(aes));
	return 0;
}

static void put_originator(struct buf *out, struct slice point)
{
	size_t explicit = der_open(out, DER_CONTEXT_CONSTRUCTED | 0);
	size_t public = der_open(out, DER_CONTEXT_CONSTRUCTED | 1);
	size_t algorithm = der_open(out, DER_SEQUENCE);

	der_oid(out, CMS_OID_EC);
	der_close(out, algorithm);
	der_bits(out, point);
	der_close(out, public);
	der_close(out, explicit);
}

static void put_agreed(
    const struct cms_recipient *r, struct slice point, struct slice wrapped, struct buf *out)
{
	size_t whole = der_open(out, DER_CONTEXT_CONSTRUCTED | 1);

	der_number(out, 3);
	put_originator(out, point);
	size_t algorithm = der_open(out, DER_SEQUENCE);
	der_oid(out, CMS_OID_ECDH_SHA256);
	put_wrap_algorithm(out);
	der_close(out, algorithm);
	size_t list = der_open(out, DER_SEQUENCE), one = der_open(out, DER_SEQUENCE);
	buf_adds(out, buf_slice(&r->id));
	der_put(out, DER_OCTETS, wrapped);
	der_close(out, one);
	der_close(out, list);
	der_close(out, whole);
}

static int put_agreement(const struct cms_recipient *r, const unsigned char key[CMS_KEY],
    struct buf *out, struct err *err)
{
	unsigned char point[1 + 2 * COORDINATE_MAX], secret[COORDINATE_MAX], wrapped[WRAPPED];

	agree(r, point, secret);
	int rc = wrap(slice_of(secret, r->coordinate), key, wrapped, err);
	bytes_wipe(secret, sizeof(secret));
	if (rc == 0)
		put_agreed(r, slice_of(point, 1 + 2 * r->coordinate),
		    slice_of(wrapped, sizeof(wrapped)), out);
	return rc;
}

int cms_recipient_put(const struct cms_recipient *r, const unsigned char key[CMS_KEY],
    struct buf *out, struct err *err)
{
	return (r->curve ? put_agreement : put_transport)(r, key, out, err);
}
