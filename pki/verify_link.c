/* verify_link.c - what one certificate may be used for, and what it may sign */
#include "pki/cert_build.h"
#include "pki/der.h"
#include "pki/signature.h"
#include "pki/verify_private.h"

bool verify_self_issued(const struct cert *cert)
{
	return cert_name_same(cert->subject, cert->issuer);
}

/* --- what holds for both --- */

static int check_dates(const struct cert *cert, int64_t now, struct err *err)
{
	if (now < cert->not_before)
		return err_set(err, ERR_INPUT, "it is not valid yet");
	if (now > cert->not_after)
		return err_set(err, ERR_INPUT, "it has expired");
	return 0;
}

/* RFC 5280 4.2.1.12: any purpose is one, too. Who says nothing allows all. */
static bool has_purpose(const struct cert *cert, enum verify_purpose purpose)
{
	static const char *const oids[] = {
		[VERIFY_SERVER] = CERT_FOR_SERVERS,
		[VERIFY_CLIENT] = CERT_FOR_CLIENTS,
		[VERIFY_EMAIL] = CERT_FOR_EMAIL,
	};
	struct slice rest = cert->purposes, oid;

	if (!cert->has_purposes || purpose == VERIFY_ANY)
		return true;
	while (der_want(&rest, DER_OID, &oid))
		if (der_oid_is(oid, oids[purpose]) || der_oid_is(oid, "2.5.29.37.0"))
			return true;
	return false;
}

static int check_common(const struct verify_spec *spec, const struct cert *cert, struct err *err)
{
	struct slice issuer = cert->issuer, names;

	if (check_dates(cert, spec->now, err) != 0)
		return -1;
	if (cert->unknown_critical) /* RFC 5280 4.2 */
		return err_set(err, ERR_INPUT, "it has a critical extension that is not known");
	if (!has_purpose(cert, spec->purpose))
		return err_set(err, ERR_INPUT, "it is for another purpose");
	/* RFC 5280 4.1.2.4 */
	if (!der_want(&issuer, DER_SEQUENCE, &names) || names.n == 0)
		return err_set(err, ERR_INPUT, "it names no issuer");
	return 0;
}

/* --- at the end of a path --- */

/* RFC 5280 4.2.1.3, 4.2.1.12, RFC 8550 4.4.2 */
static unsigned usage_for(enum verify_purpose purpose)
{
	switch (purpose) {
	case VERIFY_SERVER:
		return CERT_DIGITAL_SIGNATURE | CERT_KEY_ENCIPHERMENT | CERT_KEY_AGREEMENT;
	case VERIFY_CLIENT:
		return CERT_DIGITAL_SIGNATURE | CERT_KEY_AGREEMENT;
	case VERIFY_EMAIL:
		return CERT_DIGITAL_SIGNATURE | CERT_NON_REPUDIATION | CERT_KEY_ENCIPHERMENT |
		    CERT_KEY_AGREEMENT;
	case VERIFY_ANY:
		break;
	}
	return ~0u;
}

/* RFC 5280 4.2.1.9: an authority may stand at the end, too. Where only the path is
   judged, what its key may do in TLS is left to the handshake (RFC 8446 4.4.2.2). */
static bool may_end(const struct verify_spec *spec, const struct cert *leaf)
{
	return (leaf->usage & usage_for(spec->purpose)) != 0 ||
	    (spec->profile && leaf->is_ca && (leaf->usage & CERT_CERT_SIGN));
}

int verify_leaf(const struct verify_spec *spec, const struct cert *leaf, struct err *err)
{
	if (check_common(spec, leaf, err) != 0)
		return -1;
	if (leaf->has_usage && spec->purpose != VERIFY_ANY && !may_end(spec, leaf))
		return err_set(err, ERR_INPUT, "its key is for another use");
	return public_key_check(leaf->public_info, err);
}

int verify_list_issuer(const struct verify_spec *spec, const struct cert *cert, struct err *err)
{
	if (check_dates(cert, spec->now, err) != 0)
		return -1;
	if (cert->unknown_critical)
		return err_set(err, ERR_INPUT, "it has a critical extension that is not known");
	if (cert->has_usage ? !(cert->usage & CERT_CRL_SIGN) : !cert->is_ca)
		return err_set(err, ERR_INPUT, "its key may not sign lists of revoked ones");
	return 0;
}

/* --- above it --- */

int verify_authority(
    const struct verify_spec *spec, const struct cert *ca, unsigned below, struct err *err)
{
	if (check_common(spec, ca, err) != 0)
		return -1;
	/* RFC 5280 6.1.4 k, l, n; version 1 cannot say that it is one */
	if (!ca->is_ca)
		return err_set(err, ERR_INPUT, "it may not issue certificates");
	if (ca->has_usage && !(ca->usage & CERT_CERT_SIGN))
		return err_set(err, ERR_INPUT, "its key may not sign certificates");
	if (ca->path_length != CERT_PATH_UNLIMITED && below > (unsigned)ca->path_length)
		return err_set(
		    err, ERR_INPUT, "there are more authorities below it than it allows");
	return 0;
}

int verify_signature(const struct cert *cert, const struct cert *ca, struct err *err)
{
	struct slice signature = cert->signature;

	/* RFC 5280 4.1.1.2 */
	if (!slice_eq(cert->signature_algorithm, cert->inner_algorithm))
		return err_set(err, ERR_INPUT, "it names two kinds of signature");
	if (signature.n < 2 || signature.p[0] != 0) /* whole bytes */
		return err_set(err, ERR_INPUT, "its signature is malformed");
	return signature_check(
	    cert->signature_algorithm, ca->public_info, cert->tbs, slice_from(signature, 1), err);
}
