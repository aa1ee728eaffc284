/* ocsp_ask.c - whom to ask about a certificate, and the question (RFC 6960 4.1) */
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/hash.h>

#include "pki/der.h"
#include "pki/ocsp_private.h"
#include "pki/signature.h"

#define OID_INFO_ACCESS "1.3.6.1.5.5.7.1.1"
#define OID_OCSP "1.3.6.1.5.5.7.48.1"
#define OID_TLS_FEATURE "1.3.6.1.5.5.7.1.24"
#define OID_SHA1 "1.3.14.3.2.26"

enum { EXTENSIONS = DER_CONTEXT_CONSTRUCTED | 3, URI = DER_CONTEXT | 6, STATUS_REQUEST = 5 };

/* --- extensions --- */

static bool find_list(const struct cert *cert, struct slice *list)
{
	struct slice rest = cert->tbs, tbs;
	struct der value;

	if (!der_want(&rest, DER_SEQUENCE, &tbs))
		return false;
	while (der_next(&tbs, &value))
		if (value.tag == EXTENSIONS)
			return der_want(&value.value, DER_SEQUENCE, list);
	return false;
}

bool cert_extension(const struct cert *cert, const char *oid, struct slice *value)
{
	struct slice list, one, name, critical;

	if (!find_list(cert, &list))
		return false;
	while (der_want(&list, DER_SEQUENCE, &one)) {
		if (!der_want(&one, DER_OID, &name))
			return false;
		der_want(&one, DER_BOOLEAN, &critical);
		if (der_oid_is(name, oid))
			return der_want(&one, DER_OCTETS, value);
	}
	return false;
}

bool ocsp_url(const struct cert *cert, struct slice *url)
{
	struct slice value, list, one, method;

	if (!cert_extension(cert, OID_INFO_ACCESS, &value) ||
	    !der_want(&value, DER_SEQUENCE, &list))
		return false;
	while (der_want(&list, DER_SEQUENCE, &one))
		if (der_want(&one, DER_OID, &method) && der_oid_is(method, OID_OCSP) &&
		    der_want(&one, URI, url) &&
		    (slice_istarts(*url, SLICE("http://")) ||
			slice_istarts(*url, SLICE("https://"))))
			return true;
	return false;
}

bool ocsp_must_staple(const struct cert *cert)
{
	struct slice value, list, number;

	if (!cert_extension(cert, OID_TLS_FEATURE, &value) ||
	    !der_want(&value, DER_SEQUENCE, &list))
		return false;
	while (der_want(&list, DER_INTEGER, &number))
		if (number.n == 1 && number.p[0] == STATUS_REQUEST)
			return true;
	return false;
}

bool ocsp_is_issuer(const struct cert *cert, const struct cert *issuer)
{
	return cert_name_same(cert->issuer, issuer->subject) &&
	    slice_eq(cert->signature_algorithm, cert->inner_algorithm) && cert->signature.n > 1 &&
	    cert->signature.p[0] == 0 &&
	    signature_check(cert->signature_algorithm, issuer->public_info, cert->tbs,
		slice_from(cert->signature, 1), NULL) == 0;
}

/* --- hashes --- */

struct slice ocsp_key_bytes(struct slice public_info)
{
	struct slice info, bits = { 0 };
	struct der algorithm;

	if (!der_want(&public_info, DER_SEQUENCE, &info) || !der_next(&info, &algorithm) ||
	    !der_want(&info, DER_BITS, &bits))
		return (struct slice){ 0 };
	return slice_from(bits, 1);
}

bool ocsp_hash(struct slice oid, struct slice data, struct buf *out)
{
	static const struct {
		const char *oid;
		enum wc_HashType type;
	} known[] = {
		{ OID_SHA1, WC_HASH_TYPE_SHA },
		{ "2.16.840.1.101.3.4.2.1", WC_HASH_TYPE_SHA256 },
		{ "2.16.840.1.101.3.4.2.2", WC_HASH_TYPE_SHA384 },
	};
	unsigned char hash[WC_MAX_DIGEST_SIZE];

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		int n = wc_HashGetDigestSize(known[i].type);
		if (!der_oid_is(oid, known[i].oid))
			continue;
		if (wc_Hash(known[i].type, (const unsigned char *)data.p, (word32)data.n, hash,
			(word32)n) != 0)
			return false;
		buf_add(out, hash, (size_t)n);
		return true;
	}
	return false;
}

/* --- the question --- */

static void put_hash(struct buf *out, struct slice oid, struct slice data)
{
	struct buf hash = { 0 };

	ocsp_hash(oid, data, &hash);
	der_put(out, DER_OCTETS, buf_slice(&hash));
	buf_done(&hash);
}

/* RFC 5019 2.1.1: SHA-1, which here proves nothing, but is known to all. */
static void put_id(struct buf *out, const struct cert *cert, const struct cert *issuer)
{
	struct buf algorithm = { 0 };
	struct slice rest, oid = { 0 };
	size_t id = der_open(out, DER_SEQUENCE), list = der_open(out, DER_SEQUENCE);

	der_oid(out, OID_SHA1);
	der_null(out);
	der_close(out, list);
	der_oid(&algorithm, OID_SHA1);
	rest = buf_slice(&algorithm);
	der_want(&rest, DER_OID, &oid);
	put_hash(out, oid, cert->issuer);
	put_hash(out, oid, ocsp_key_bytes(issuer->public_info));
	der_put(out, DER_INTEGER, cert->serial);
	der_close(out, id);
	buf_done(&algorithm);
}

void ocsp_request(const struct cert *cert, const struct cert *issuer, struct buf *out)
{
	size_t request = der_open(out, DER_SEQUENCE), tbs = der_open(out, DER_SEQUENCE);
	size_t list = der_open(out, DER_SEQUENCE), one = der_open(out, DER_SEQUENCE);

	put_id(out, cert, issuer);
	der_close(out, one);
	der_close(out, list);
	der_close(out, tbs);
	der_close(out, request);
}
