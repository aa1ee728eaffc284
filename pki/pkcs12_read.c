/* pkcs12_read.c - a file with a key and certificates is taken apart
 *
 * Whatever is inside a string is a value of its own, which may be BER again: so
 * it is made DER at each level. */
#include "pki/ber.h"
#include "pki/cert.h"
#include "pki/der.h"
#include "pki/key.h"
#include "pki/pbe.h"
#include "pki/pkcs12_private.h"
#include "pki/pkcs8.h"

enum { SAFES_MAX = 4 /* each may ask for a second of work */, BAGS_MAX = 200, FILE_MAX = 1 << 20 };

struct reading {
	struct slice password;
	struct buf key;	  /* the first that was found */
	struct buf certs; /* DER, as they come */
	unsigned bags;
	struct err *err;
};

static int malformed(struct err *err)
{
	return err_set(err, ERR_INPUT, "this is no PKCS#12 file, or it is malformed");
}

/* --- bags --- */

static int take_key(struct reading *r, struct slice der)
{
	if (r->key.n == 0)
		buf_adds(&r->key, der);
	return 0;
}

static int take_locked(struct reading *r, struct slice der)
{
	return r->key.n == 0 ? pkcs8_unlock(der, r->password, &r->key, r->err) : 0;
}

/* One that cannot be read is of no use, and no reason to refuse the others. */
static int take_cert(struct reading *r, struct slice der)
{
	struct slice bag, oid, explicit, value;
	struct cert cert;

	if (!der_want(&der, DER_SEQUENCE, &bag) || !der_want(&bag, DER_OID, &oid) ||
	    !der_want(&bag, DER_CONTEXT_CONSTRUCTED | 0, &explicit) ||
	    !der_want(&explicit, DER_OCTETS, &value))
		return malformed(r->err);
	if (der_oid_is(oid, PKCS12_X509) && cert_next(&value, &cert))
		buf_adds(&r->certs, cert.der);
	return 0;
}

static int take_bag(struct reading *r, struct slice bag)
{
	struct slice oid, value;

	if (++r->bags > BAGS_MAX || !der_want(&bag, DER_OID, &oid) ||
	    !der_want(&bag, DER_CONTEXT_CONSTRUCTED | 0, &value))
		return malformed(r->err);
	if (der_oid_is(oid, PKCS12_KEY_BAG))
		return take_key(r, value);
	if (der_oid_is(oid, PKCS12_LOCKED_KEY_BAG))
		return take_locked(r, value);
	return der_oid_is(oid, PKCS12_CERT_BAG) ? take_cert(r, value) : 0;
}

static int take_bags(struct reading *r, struct slice contents)
{
	struct buf der = { 0 };
	struct slice rest, list, bag;
	int rc = 0;

	if (ber_to_der(contents, &der))
		rest = buf_slice(&der);
	else
		rest = (struct slice){ 0 };
	if (!der_want(&rest, DER_SEQUENCE, &list))
		rc = malformed(r->err);
	while (rc == 0 && list.n > 0)
		rc = der_want(&list, DER_SEQUENCE, &bag) ? take_bag(r, bag) : malformed(r->err);
	buf_wipe(&der);
	return rc;
}

/* --- safes --- */

/* EncryptedData (RFC 5652 8): decrypted into *plain. */
static int decrypt(struct reading *r, struct slice data, struct buf *plain)
{
	struct slice whole, version, info, type;
	struct buf joined = { 0 };
	struct der algorithm, cipher;

	if (!der_want(&data, DER_SEQUENCE, &whole) || !der_want(&whole, DER_INTEGER, &version) ||
	    !der_want(&whole, DER_SEQUENCE, &info) || !der_want(&info, DER_OID, &type) ||
	    !der_next(&info, &algorithm) || !der_next(&info, &cipher))
		return malformed(r->err);
	if (cipher.tag == (DER_CONTEXT | 0))
		buf_adds(&joined, cipher.value);
	else if (cipher.tag != (DER_CONTEXT_CONSTRUCTED | 0) || !ber_join(cipher.value, &joined))
		buf_clear(&joined);
	int rc = pbe_unlock(r->password, algorithm.whole, buf_slice(&joined), plain, r->err);
	buf_done(&joined);
	return rc;
}

static int take_safe(struct reading *r, struct slice info)
{
	struct slice oid, explicit, bytes;
	struct buf plain = { 0 };

	if (!der_want(&info, DER_OID, &oid) ||
	    !der_want(&info, DER_CONTEXT_CONSTRUCTED | 0, &explicit))
		return malformed(r->err);
	if (der_oid_is(oid, PKCS12_DATA))
		return der_want(&explicit, DER_OCTETS, &bytes) ? take_bags(r, bytes)
							       : malformed(r->err);
	if (!der_oid_is(oid, PKCS12_ENCRYPTED))
		return err_set(r->err, ERR_INPUT, "the file is encrypted in a way not known here");
	int rc = decrypt(r, explicit, &plain);
	if (rc == 0)
		rc = take_bags(r, buf_slice(&plain));
	buf_wipe(&plain);
	return rc;
}

static int take_safes(struct reading *r, struct slice contents)
{
	struct buf der = { 0 };
	struct slice rest = { 0 }, list, info;
	int rc = 0;

	if (ber_to_der(contents, &der))
		rest = buf_slice(&der);
	if (!der_want(&rest, DER_SEQUENCE, &list))
		rc = malformed(r->err);
	for (unsigned i = 0; rc == 0 && list.n > 0; i++)
		rc = i < SAFES_MAX && der_want(&list, DER_SEQUENCE, &info) ? take_safe(r, info)
									   : malformed(r->err);
	buf_wipe(&der);
	return rc;
}

/* --- the file --- */

static int read_file(struct reading *r, struct slice der)
{
	struct slice whole, version, safe, type, explicit, bytes, mac;

	if (!der_want(&der, DER_SEQUENCE, &whole) || !der_want(&whole, DER_INTEGER, &version) ||
	    !der_want(&whole, DER_SEQUENCE, &safe) || !der_want(&safe, DER_OID, &type) ||
	    !der_oid_is(type, PKCS12_DATA) ||
	    !der_want(&safe, DER_CONTEXT_CONSTRUCTED | 0, &explicit) ||
	    !der_want(&explicit, DER_OCTETS, &bytes))
		return malformed(r->err);
	if (der_want(&whole, DER_SEQUENCE, &mac) &&
	    pkcs12_check_mac(mac, bytes, r->password, r->err) != 0)
		return -1;
	return take_safes(r, bytes);
}

/* The key's own certificate first, then all others. */
static int put_chain(struct reading *r, struct buf *chain)
{
	struct slice rest = buf_slice(&r->certs), own = { 0 };
	struct key_info info;
	struct cert cert;

	if (key_look(buf_slice(&r->key), &info, r->err) != 0)
		return -1;
	while (own.n == 0 && cert_next(&rest, &cert))
		if (cert_has_key(&cert, buf_slice(&info.public_info)))
			own = cert.der;
	key_info_done(&info);
	if (own.n == 0)
		return err_set(r->err, ERR_INPUT, "the file has no certificate of its key");
	buf_adds(chain, own);
	rest = buf_slice(&r->certs);
	while (cert_next(&rest, &cert))
		if (!slice_eq(cert.der, own))
			buf_adds(chain, cert.der);
	return 0;
}

int pkcs12_read(
    struct slice file, struct slice password, struct buf *key, struct buf *chain, struct err *err)
{
	struct reading r = { .password = password, .err = err };
	struct buf der = { 0 };
	int rc;

	if (file.n > FILE_MAX || !ber_to_der(file, &der))
		rc = malformed(err);
	else
		rc = read_file(&r, buf_slice(&der));
	if (rc == 0 && r.key.n == 0)
		rc = err_set(err, ERR_INPUT, "the file has no private key");
	if (rc == 0)
		rc = put_chain(&r, chain);
	if (rc == 0)
		buf_adds(key, buf_slice(&r.key));
	buf_wipe(&r.key);
	buf_done(&r.certs);
	buf_wipe(&der);
	return rc;
}
