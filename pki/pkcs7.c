/* pkcs7.c - certificates in a SignedData */
#include "pki/pkcs7.h"

#include "pki/cert.h"
#include "pki/der.h"

static const char signed_data[] = "1.2.840.113549.1.7.2";

/* CertificateSet: others than X.509 certificates have tags of their own. */
static bool take_all(struct slice set, struct buf *certs)
{
	struct der one;
	struct cert cert;

	while (set.n > 0) {
		if (!der_next(&set, &one))
			return false;
		struct slice rest = one.whole;
		if (one.tag != DER_SEQUENCE)
			continue;
		if (!cert_next(&rest, &cert))
			return false;
		buf_adds(certs, cert.der);
	}
	return true;
}

bool pkcs7_certs(struct slice der, struct buf *certs)
{
	struct slice info, type, explicit, body, version, algorithms, content, set;

	if (!der_want(&der, DER_SEQUENCE, &info) || !der_want(&info, DER_OID, &type) ||
	    !der_oid_is(type, signed_data) ||
	    !der_want(&info, DER_CONTEXT_CONSTRUCTED | 0, &explicit) ||
	    !der_want(&explicit, DER_SEQUENCE, &body) || !der_want(&body, DER_INTEGER, &version) ||
	    !der_want(&body, DER_SET, &algorithms) || !der_want(&body, DER_SEQUENCE, &content))
		return false;
	return !der_want(&body, DER_CONTEXT_CONSTRUCTED | 0, &set) || take_all(set, certs);
}
