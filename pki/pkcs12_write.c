/* pkcs12_write.c - a key and its certificates become one file */
#include "pki/cert_build.h"
#include "pki/der.h"
#include "pki/pbe.h"
#include "pki/pkcs12_private.h"

/* --- attributes: what binds the key to its certificate, and a name --- */

static void put_key_id(struct buf *out, struct slice id)
{
	size_t whole = der_open(out, DER_SEQUENCE);

	der_oid(out, PKCS12_KEY_ID);
	size_t set = der_open(out, DER_SET);
	der_put(out, DER_OCTETS, id);
	der_close(out, set);
	der_close(out, whole);
}

static void put_name(struct buf *out, struct slice name)
{
	struct buf bmp = { 0 };

	if (name.n > 0 && pbe_bmp(name, &bmp)) {
		size_t whole = der_open(out, DER_SEQUENCE);
		der_oid(out, PKCS12_NAME);
		size_t set = der_open(out, DER_SET);
		der_put(out, DER_BMP, slice_head(buf_slice(&bmp), bmp.n - 2)); /* no terminator */
		der_close(out, set);
		der_close(out, whole);
	}
	buf_done(&bmp);
}

/* A SET OF, in DER's order: both begin alike, and the shorter comes first. */
static void put_attributes(struct buf *out, struct slice id, struct slice name)
{
	struct buf a = { 0 }, b = { 0 };
	size_t set = der_open(out, DER_SET);

	put_key_id(&a, id);
	put_name(&b, name);
	bool swap = slice_cmp(buf_slice(&b), buf_slice(&a)) < 0;
	buf_adds(out, buf_slice(swap ? &b : &a));
	buf_adds(out, buf_slice(swap ? &a : &b));
	der_close(out, set);
	buf_done(&a);
	buf_done(&b);
}

/* --- bags --- */

static void put_cert_bag(struct buf *out, struct slice der)
{
	size_t explicit = der_open(out, DER_CONTEXT_CONSTRUCTED | 0);
	size_t bag = der_open(out, DER_SEQUENCE);

	der_oid(out, PKCS12_X509);
	size_t value = der_open(out, DER_CONTEXT_CONSTRUCTED | 0);
	der_put(out, DER_OCTETS, der);
	der_close(out, value);
	der_close(out, bag);
	der_close(out, explicit);
}

static void put_certs(struct buf *out, const struct pkcs12 *what, struct slice id)
{
	struct slice rest = what->chain;
	size_t list = der_open(out, DER_SEQUENCE);
	struct cert cert;

	for (bool first = true; cert_next(&rest, &cert); first = false) {
		size_t bag = der_open(out, DER_SEQUENCE);
		der_oid(out, PKCS12_CERT_BAG);
		put_cert_bag(out, cert.der);
		if (first)
			put_attributes(out, id, what->name);
		der_close(out, bag);
	}
	der_close(out, list);
}

static int lock(const struct pkcs12 *what, struct slice password, struct slice plain,
    struct buf *algorithm, struct buf *cipher, struct err *err)
{
	return (what->older ? pbe_lock_older : pbe_lock)(password, plain, algorithm, cipher, err);
}

/* EncryptedPrivateKeyInfo (RFC 5958 3) */
static int put_locked(
    struct buf *out, const struct pkcs12 *what, struct slice password, struct err *err)
{
	struct buf algorithm = { 0 }, cipher = { 0 };
	int rc = lock(what, password, what->key, &algorithm, &cipher, err);
	size_t mark = der_open(out, DER_SEQUENCE);

	buf_adds(out, buf_slice(&algorithm));
	der_put(out, DER_OCTETS, buf_slice(&cipher));
	der_close(out, mark);
	buf_done(&algorithm);
	buf_done(&cipher);
	return rc;
}

static int put_key(struct buf *out, const struct pkcs12 *what, struct slice id,
    struct slice password, struct err *err)
{
	size_t list = der_open(out, DER_SEQUENCE), bag = der_open(out, DER_SEQUENCE);

	der_oid(out, PKCS12_LOCKED_KEY_BAG);
	size_t explicit = der_open(out, DER_CONTEXT_CONSTRUCTED | 0);
	int rc = put_locked(out, what, password, err);
	der_close(out, explicit);
	put_attributes(out, id, what->name);
	der_close(out, bag);
	der_close(out, list);
	return rc;
}

/* --- safes --- */

/* ContentInfo: bytes as they are. */
static void put_data(struct buf *out, struct slice bytes)
{
	size_t whole = der_open(out, DER_SEQUENCE);

	der_oid(out, PKCS12_DATA);
	size_t explicit = der_open(out, DER_CONTEXT_CONSTRUCTED | 0);
	der_put(out, DER_OCTETS, bytes);
	der_close(out, explicit);
	der_close(out, whole);
}

/* ContentInfo: bytes under the password (RFC 5652 8). */
static int put_encrypted(struct buf *out, const struct pkcs12 *what, struct slice bytes,
    struct slice password, struct err *err)
{
	struct buf algorithm = { 0 }, cipher = { 0 };
	int rc = lock(what, password, bytes, &algorithm, &cipher, err);
	size_t whole = der_open(out, DER_SEQUENCE);

	der_oid(out, PKCS12_ENCRYPTED);
	size_t explicit = der_open(out, DER_CONTEXT_CONSTRUCTED | 0);
	size_t data = der_open(out, DER_SEQUENCE);
	der_number(out, 0);
	size_t info = der_open(out, DER_SEQUENCE);
	der_oid(out, PKCS12_DATA);
	buf_adds(out, buf_slice(&algorithm));
	der_put(out, DER_CONTEXT | 0, buf_slice(&cipher));
	der_close(out, info);
	der_close(out, data);
	der_close(out, explicit);
	der_close(out, whole);
	buf_done(&algorithm);
	buf_done(&cipher);
	return rc;
}

/* AuthenticatedSafe: certificates, then the key. */
static int put_safes(struct buf *out, const struct pkcs12 *what, struct slice id,
    struct slice password, struct err *err)
{
	struct buf certs = { 0 }, key = { 0 };
	size_t list = der_open(out, DER_SEQUENCE);

	put_certs(&certs, what, id);
	int rc = put_encrypted(out, what, buf_slice(&certs), password, err);
	if (rc == 0)
		rc = put_key(&key, what, id, password, err);
	if (rc == 0)
		put_data(out, buf_slice(&key));
	der_close(out, list);
	buf_done(&certs);
	buf_done(&key);
	return rc;
}

int pkcs12_write(const struct pkcs12 *what, struct slice password, struct buf *out, struct err *err)
{
	unsigned char id[CERT_KEY_ID];
	struct slice chain = what->chain;
	struct buf safes = { 0 }, mac = { 0 };
	struct cert cert;

	if (!cert_next(&chain, &cert) || !cert_key_id(cert.public_info, id))
		return err_set(err, ERR_INPUT, "the certificate cannot be read");
	int rc = put_safes(&safes, what, slice_of(id, sizeof(id)), password, err);
	if (rc == 0)
		rc = pkcs12_put_mac(buf_slice(&safes), password, what->older, &mac, err);
	if (rc == 0) {
		size_t whole = der_open(out, DER_SEQUENCE);
		der_number(out, 3);
		put_data(out, buf_slice(&safes));
		buf_adds(out, buf_slice(&mac));
		der_close(out, whole);
	}
	buf_done(&safes);
	buf_done(&mac);
	return rc;
}
