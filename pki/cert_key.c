/* cert_key.c - what kind of key a certificate is about */
#include "pki/cert.h"
#include "pki/der.h"

const char *cert_key_type(const struct cert *cert)
{
	struct slice rest = cert->public_info, info, algorithm, oid, curve;

	if (!der_want(&rest, DER_SEQUENCE, &info) || !der_want(&info, DER_SEQUENCE, &algorithm) ||
	    !der_want(&algorithm, DER_OID, &oid))
		return "";
	if (der_oid_is(oid, "1.2.840.113549.1.1.1"))
		return "RSA";
	if (!der_oid_is(oid, "1.2.840.10045.2.1") || !der_want(&algorithm, DER_OID, &curve))
		return "";
	if (der_oid_is(curve, "1.2.840.10045.3.1.7"))
		return "P-256";
	return der_oid_is(curve, "1.3.132.0.34") ? "P-384" : "";
}
