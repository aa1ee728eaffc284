/* ocsp_judge.c - may that responder speak, and does it speak of this certificate? (RFC 6960 3.2) */
#include "pki/cert_build.h"
#include "pki/der.h"
#include "pki/ocsp_private.h"
#include "pki/signature.h"

#define OID_SIGNS_OCSP "1.3.6.1.5.5.7.3.9"
#define OID_SHA1 "\x2b\x0e\x03\x02\x1a"

enum {
	SKEW = 5 * 60, /* clocks differ */
	SIGNERS_MAX = 8,
	SINGLES_MAX = 100,
};

/* --- who signed --- */

/* RFC 6960 4.2.2.2.1 */
static bool is_named(const struct ocsp_basic *basic, const struct cert *cert)
{
	struct buf hash = { 0 };

	if (basic->by_name.n > 0)
		return cert_name_same(basic->by_name, cert->subject);
	ocsp_hash(SLICE(OID_SHA1), ocsp_key_bytes(cert->public_info), &hash);
	bool same = slice_eq(buf_slice(&hash), basic->by_key);
	buf_done(&hash);
	return same;
}

static bool is_for_ocsp(const struct cert *cert)
{
	struct slice rest = cert->purposes, oid;

	while (der_want(&rest, DER_OID, &oid))
		if (der_oid_is(oid, OID_SIGNS_OCSP))
			return true;
	return false;
}

/* RFC 6960 4.2.2.2: with the purpose said, and issued by the issuer himself. Whether it
   was revoked is not asked: the issuer says by the short life of such certificates, or
   by id-pkix-ocsp-nocheck, that nobody needs to. */
static bool is_delegate(const struct cert *cert, const struct cert *issuer, int64_t now)
{
	return is_for_ocsp(cert) && !cert->unknown_critical && now >= cert->not_before - SKEW &&
	    now <= cert->not_after && (!cert->has_usage || cert->usage & CERT_DIGITAL_SIGNATURE) &&
	    ocsp_is_issuer(cert, issuer);
}

static bool signed_by(const struct ocsp_basic *basic, const struct cert *cert)
{
	return signature_check(basic->algorithm, cert->public_info, basic->tbs,
		   slice_from(basic->signature, 1), NULL) == 0;
}

static int check_signer(
    const struct ocsp_basic *basic, const struct cert *issuer, int64_t now, struct err *err)
{
	struct slice rest = basic->certificates;
	struct cert cert;

	if (is_named(basic, issuer))
		return signed_by(basic, issuer) ? 0
						: err_set(err, ERR_DENIED,
						      "the response is not signed by the issuer, "
						      "as it claims to be");
	for (size_t i = 0; i < SIGNERS_MAX && cert_next(&rest, &cert); i++)
		if (is_named(basic, &cert))
			return is_delegate(&cert, issuer, now) && signed_by(basic, &cert)
			    ? 0
			    : err_set(err, ERR_DENIED,
				  "the response is signed by somebody whom the issuer did not "
				  "allow to");
	return err_set(err, ERR_DENIED, "the response does not come from the issuer");
}

/* --- what it says --- */

static bool is_about(
    const struct ocsp_single *single, const struct cert *cert, const struct cert *issuer)
{
	struct buf name = { 0 }, key = { 0 };

	bool same = slice_eq(single->serial, cert->serial) &&
	    ocsp_hash(single->algorithm, cert->issuer, &name) &&
	    ocsp_hash(single->algorithm, ocsp_key_bytes(issuer->public_info), &key) &&
	    slice_eq(single->name_hash, buf_slice(&name)) &&
	    slice_eq(single->key_hash, buf_slice(&key));
	buf_done(&name);
	buf_done(&key);
	return same;
}

/* RFC 6960 4.2.2.1 */
static int check_times(const struct ocsp_answer *answer, int64_t now, struct err *err)
{
	if (answer->this_update > now + SKEW)
		return err_set(err, ERR_INPUT, "the response is of the future: look at the clocks");
	if (answer->next_update && answer->next_update <= now)
		return err_set(err, ERR_INPUT, "the response is past its time");
	if (answer->next_update && answer->next_update < answer->this_update)
		return err_set(err, ERR_INPUT, "the response ends before it begins");
	return 0;
}

static int find_answer(const struct ocsp_basic *basic, const struct cert *cert,
    const struct cert *issuer, struct ocsp_answer *out, struct err *err)
{
	struct slice rest = basic->responses;
	struct ocsp_single single;

	for (size_t i = 0; i < SINGLES_MAX && rest.n > 0; i++) {
		if (!ocsp_single_next(&rest, &single))
			return err_set(err, ERR_INPUT, "the response cannot be read");
		if (is_about(&single, cert, issuer)) {
			*out = single.answer;
			return 0;
		}
	}
	return err_set(err, ERR_ABSENT, "the response is about another certificate");
}

int ocsp_read(struct slice response, const struct cert *cert, const struct cert *issuer,
    int64_t now, struct ocsp_answer *out, struct err *err)
{
	struct ocsp_basic basic;

	*out = (struct ocsp_answer){ .verdict = OCSP_SAYS_UNKNOWN };
	if (ocsp_basic_read(response, &basic, err) != 0 ||
	    find_answer(&basic, cert, issuer, out, err) != 0 || check_times(out, now, err) != 0)
		return -1;
	return check_signer(&basic, issuer, now, err);
}
