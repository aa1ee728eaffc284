/* csr_read.c - requests that others bring (PKCS#10, RFC 2986) */
#include "pki/cert_private.h"
#include "pki/csr.h"
#include "pki/der.h"
#include "pki/signature.h"

enum { ATTRIBUTES_MAX = 50 };

/* --- one text --- */

/* RFC 7468 7; the second is what old programs write. */
static const char *const kinds[] = { "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST" };

static unsigned blocks(struct slice text, struct buf *der)
{
	struct buf one = { 0 };
	unsigned n = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		for (struct slice rest = text; n < 2 && pem_next(&rest, kinds[i], &one); n++)
			buf_adds(der, buf_slice(&one));
	buf_done(&one);
	return n;
}

int csr_take(struct slice text, struct buf *der, struct err *err)
{
	struct slice rest = text;
	struct der whole;

	if (text.n > CSR_MAX)
		return err_set(err, ERR_LIMIT, "the request is longer than %d bytes", CSR_MAX);
	if (der_next(&rest, &whole) && whole.tag == DER_SEQUENCE && rest.n == 0) {
		buf_adds(der, text);
		return 0;
	}
	switch (blocks(text, der)) {
	case 0:
		return err_set(err, ERR_INPUT,
		    slice_find(text, SLICE("BEGIN CERTIFICATE-----")) >= 0
			? "that is a certificate: a request begins with BEGIN CERTIFICATE REQUEST"
			: "there is no request in PEM or DER form");
	case 1:
		return 0;
	default:
		return err_set(err, ERR_INPUT, "more than one request: give one at a time");
	}
}

/* --- attributes --- */

static bool asks_for_extensions(struct slice oid)
{
	return der_oid_is(oid, "1.2.840.113549.1.9.14") || /* RFC 2985 5.4.2 */
	    der_oid_is(oid, "1.3.6.1.4.1.311.2.1.14");	   /* COMPAT Windows before 2000 */
}

static bool read_attribute(struct slice *list, struct csr *out, bool *asked)
{
	struct slice attribute, oid, values, extensions;

	if (!der_want(list, DER_SEQUENCE, &attribute) || !der_want(&attribute, DER_OID, &oid) ||
	    !der_want(&attribute, DER_SET, &values) || attribute.n > 0)
		return false;
	if (!asks_for_extensions(oid))
		return true; /* a challenge password and the like */
	if (*asked || !der_want(&values, DER_SEQUENCE, &extensions) || values.n > 0)
		return false;
	*asked = true;
	return cert_read_extensions(extensions, &out->asks);
}

static bool read_attributes(struct slice list, struct csr *out)
{
	bool asked = false;

	out->asks.path_length = CERT_PATH_UNLIMITED;
	for (unsigned n = 0; list.n > 0; n++)
		if (n == ATTRIBUTES_MAX || !read_attribute(&list, out, &asked))
			return false;
	return true;
}

/* --- structure --- */

static bool want_whole(struct slice *rest, struct slice *whole)
{
	struct der value;

	if (!der_next(rest, &value) || value.tag != DER_SEQUENCE)
		return false;
	*whole = value.whole;
	return true;
}

static bool read_info(struct slice info, struct csr *out)
{
	struct slice version, attributes = { 0 };

	if (!der_want(&info, DER_INTEGER, &version) || version.n != 1 || version.p[0] != 0 ||
	    !want_whole(&info, &out->subject) || !want_whole(&info, &out->public_info))
		return false;
	/* COMPAT: some leave out what may be empty, but not absent */
	der_want(&info, DER_CONTEXT_CONSTRUCTED | 0, &attributes);
	return info.n == 0 && read_attributes(attributes, out);
}

static bool read_all(struct slice der, struct csr *out)
{
	struct slice body, rest;

	*out = (struct csr){ 0 };
	if (!der_want(&der, DER_SEQUENCE, &body) || der.n > 0 || !want_whole(&body, &out->info) ||
	    !want_whole(&body, &out->algorithm) || !der_want(&body, DER_BITS, &out->signature) ||
	    body.n > 0 || out->signature.n < 2 || out->signature.p[0] != 0)
		return false;
	rest = out->info;
	return der_want(&rest, DER_SEQUENCE, &body) && read_info(body, out);
}

int csr_read(struct slice der, struct csr *out, struct err *err)
{
	struct err why = { 0 };

	if (!read_all(der, out))
		return err_set(err, ERR_INPUT, "the request cannot be read");
	out->asks.public_info = out->public_info;
	if (public_key_check(out->public_info, &why) != 0 ||
	    signature_check(out->algorithm, out->public_info, out->info,
		slice_from(out->signature, 1), &why) != 0)
		return err_set(err, ERR_INPUT, "the request is not good: %s", why.text);
	return 0;
}
