/* csr.c - signing requests (PKCS#10, RFC 2986) */
#include "pki/csr.h"

#include "pki/der.h"

/* RFC 2985 5.4.2: extensionRequest, here of subjectAltName alone. What else the
   certificate says is the authority's business. */
static void put_attributes(const struct subject *subject, struct buf *der)
{
	size_t attributes = der_open(der, DER_CONTEXT_CONSTRUCTED | 0);

	if (subject->names && *subject->names) {
		size_t attribute = der_open(der, DER_SEQUENCE);
		der_oid(der, "1.2.840.113549.1.9.14");
		size_t values = der_open(der, DER_SET);
		size_t extensions = der_open(der, DER_SEQUENCE);
		size_t extension = der_open(der, DER_SEQUENCE);
		der_oid(der, "2.5.29.17");
		size_t octets = der_open(der, DER_OCTETS);
		size_t names = der_open(der, DER_SEQUENCE);
		subject_alt_names(subject, der);
		der_close(der, names);
		der_close(der, octets);
		der_close(der, extension);
		der_close(der, extensions);
		der_close(der, values);
		der_close(der, attribute);
	}
	der_close(der, attributes);
}

static void put_info(
    const struct subject *subject, struct slice domain, const struct key_info *key, struct buf *der)
{
	size_t mark = der_open(der, DER_SEQUENCE);

	der_number(der, 0); /* v1 */
	subject_name(subject, domain, der);
	buf_adds(der, buf_slice(&key->public_info));
	put_attributes(subject, der);
	der_close(der, mark);
}

int csr_make(const struct subject *subject, struct slice domain, const struct sign_key *key,
    struct buf *der, struct err *err)
{
	struct buf info = { 0 };
	struct key_info look;

	if (sign_look(key, &look, err) != 0)
		return -1;
	put_info(subject, domain, &look, &info);
	int rc = sign_structure(key, look.type, buf_slice(&info), der, err);
	key_info_done(&look);
	buf_done(&info);
	return rc;
}
