/* shape.c - what is it? And what is in it */
#include "pki/shape.h"

#include "core/text.h"
#include "pki/ber.h"
#include "pki/cert.h"
#include "pki/der.h"
#include "pki/key.h"
#include "pki/pem.h"
#include "pki/pkcs12.h"
#include "pki/pkcs7.h"
#include "pki/pkcs8.h"

/* --- the parts --- */

int shape_take_key(struct slice der, struct shape *out, struct err *err)
{
	struct key_info info;

	if (out->key.n > 0)
		return err_set(err, ERR_INPUT, "there are two private keys: give one");
	if (key_look(der, &info, err) != 0)
		return -1;
	key_info_done(&info);
	return pkcs8_wrap(der, &out->key, err);
}

int shape_take_locked(struct slice der, struct slice password, struct shape *out, struct err *err)
{
	struct buf key = { 0 };

	if (password.n == 0)
		return err_set(err, ERR_DENIED,
		    "the private key is encrypted: give its password, or take it away: "
		    "openssl pkey -in KEY -out NEW");
	int rc = pkcs8_unlock(der, password, &key, err);
	if (rc == 0)
		rc = shape_take_key(buf_slice(&key), out, err);
	buf_wipe(&key);
	return rc;
}

int shape_take_cert(struct slice der, struct shape *out, struct err *err)
{
	struct cert cert;

	if (!cert_next(&der, &cert))
		return err_set(err, ERR_INPUT,
		    "certificate %zu cannot be read: it was damaged on its way, or is none",
		    out->n_certs + 1);
	if (++out->n_certs > SHAPE_CERTS_MAX)
		return err_set(
		    err, ERR_LIMIT, "there are more than %d certificates", SHAPE_CERTS_MAX);
	buf_adds(&out->certs, cert.der);
	return 0;
}

static int take_certs(struct slice certs, struct shape *out, struct err *err)
{
	struct cert cert;

	while (cert_next(&certs, &cert))
		if (shape_take_cert(cert.der, out, err) != 0)
			return -1;
	return 0;
}

static int shape_take_pkcs7(struct slice der, struct shape *out, struct err *err)
{
	struct buf certs = { 0 };
	int rc;

	if (!pkcs7_certs(der, &certs))
		rc = err_set(err, ERR_INPUT, "the PKCS#7 file is malformed");
	else if (certs.n == 0)
		rc = err_set(err, ERR_INPUT, "the PKCS#7 file has no certificates");
	else
		rc = take_certs(buf_slice(&certs), out, err);
	buf_done(&certs);
	return rc;
}

static int take_pkcs12(struct slice der, struct slice password, struct shape *out, struct err *err)
{
	struct buf key = { 0 }, certs = { 0 };
	int rc = pkcs12_read(der, password, &key, &certs, err);

	if (rc != 0 && password.n == 0 && err && err->kind == ERR_DENIED)
		err_set(err, ERR_DENIED, "the PKCS#12 file is encrypted: give its password");
	if (rc == 0)
		rc = shape_take_key(buf_slice(&key), out, err);
	if (rc == 0)
		rc = take_certs(buf_slice(&certs), out, err);
	buf_wipe(&key);
	buf_done(&certs);
	return rc;
}

/* --- DER, by what stands first in it --- */

static int unknown(struct err *err)
{
	return err_set(err, ERR_INPUT,
	    "this is no key and no certificate: neither PEM nor DER, nor PKCS#7, nor PKCS#12");
}

static int take_request(struct err *err)
{
	return err_set(err, ERR_INPUT,
	    "this is a signing request: send it to the authority, and bring the certificate that "
	    "comes back");
}

/* RFC 7292 4: version 3, then a ContentInfo; RFC 5958 2: version and algorithm; PKCS#1
   and SEC 1: version and a number, or octets. */
static int take_numbered(struct slice der, struct slice inside, struct slice password,
    struct shape *out, struct err *err)
{
	struct slice number, content, oid;

	if (!der_want(&inside, DER_INTEGER, &number))
		return unknown(err);
	if (slice_eq(number, SLICE("\x03")) && der_want(&inside, DER_SEQUENCE, &content) &&
	    der_want(&content, DER_OID, &oid)) {
		out->form = "PKCS#12";
		return take_pkcs12(der, password, out, err);
	}
	out->form = "a private key in DER";
	return shape_take_key(der, out, err);
}

/* A certificate; a request: numbers first; or an encrypted key: algorithm and octets. */
static int take_sequence(struct slice der, struct slice inside, struct slice password,
    struct shape *out, struct err *err)
{
	struct slice first, rest = der, number, octets, oid;
	struct cert cert;

	if (cert_next(&rest, &cert) && rest.n == 0) {
		out->form = "a certificate in DER";
		return shape_take_cert(der, out, err);
	}
	if (!der_want(&inside, DER_SEQUENCE, &first))
		return unknown(err);
	if (der_want(&first, DER_OID, &oid) && der_want(&inside, DER_OCTETS, &octets)) {
		out->form = "an encrypted private key in DER";
		return shape_take_locked(der, password, out, err);
	}
	return der_want(&first, DER_INTEGER, &number) && slice_eq(number, SLICE("\0"))
	    ? take_request(err)
	    : unknown(err);
}

int shape_take_der(struct slice bytes, struct slice password, struct shape *out, struct err *err)
{
	struct buf der = { 0 };
	struct slice rest, inside;
	struct der first = { 0 };
	int rc;

	if (ber_to_der(bytes, &der)) {
		rest = buf_slice(&der);
		struct slice peek = der_want(&rest, DER_SEQUENCE, &inside) ? inside : SLICE("");
		der_next(&peek, &first);
	}
	if (first.tag == DER_OID) {
		out->form = "PKCS#7";
		rc = shape_take_pkcs7(buf_slice(&der), out, err);
	} else if (first.tag == DER_INTEGER) {
		rc = take_numbered(buf_slice(&der), inside, password, out, err);
	} else if (first.tag == DER_SEQUENCE) {
		rc = take_sequence(bytes, inside, password, out, err);
	} else {
		rc = unknown(err);
	}
	buf_wipe(&der);
	return rc;
}

/* --- any --- */

/* Some authorities send the base64 without its marks. */
static bool decode_bare(struct slice bytes, struct buf *der)
{
	struct buf base64 = { 0 };
	bool good = bytes.n > 0;

	for (size_t i = 0; good && i < bytes.n; i++) {
		if (bytes.p[i] == '\0' || (unsigned char)bytes.p[i] >= 0x80)
			good = false;
		else if (!strchr(" \t\r\n", bytes.p[i]))
			buf_addc(&base64, bytes.p[i]);
	}
	good = good && base64.n > 0 && base64_get(der, buf_slice(&base64));
	buf_wipe(&base64);
	return good;
}

static int take_bare(struct slice bytes, struct slice password, struct shape *out, struct err *err)
{
	struct buf der = { 0 };
	int rc;

	if (decode_bare(bytes, &der))
		rc = shape_take_der(buf_slice(&der), password, out, err);
	else if (slice_starts(bytes, SLICE("\x30")))
		rc = shape_take_der(bytes, password, out, err);
	else
		rc = pem_missing(bytes, "key and no certificate", err);
	buf_wipe(&der);
	return rc;
}

int shape_add(struct slice bytes, struct slice password, struct shape *out, struct err *err)
{
	if (bytes.n > SHAPE_BYTES_MAX)
		return err_set(err, ERR_LIMIT,
		    "this is longer than keys and certificates are: %d bytes", SHAPE_BYTES_MAX);
	return slice_find(bytes, SLICE("-----BEGIN ")) >= 0
	    ? shape_take_pem(bytes, password, out, err)
	    : take_bare(bytes, password, out, err);
}

int shape_read(struct slice bytes, struct slice password, struct shape *out, struct err *err)
{
	*out = (struct shape){ 0 };
	return shape_add(bytes, password, out, err);
}

void shape_done(struct shape *shape)
{
	buf_wipe(&shape->key);
	buf_done(&shape->certs);
}
