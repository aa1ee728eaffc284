/* cms_signed.c - SignedData taken apart, and its signatures checked (RFC 5652 5) */
#include "smime/cms_signed.h"

#include <nettle/sha2.h>

#include "pki/ber.h"
#include "pki/der.h"
#include "pki/pkcs7.h"
#include "pki/signature.h"
#include "smime/cms_private.h"

#define OID_SIGNED "1.2.840.113549.1.7.2"
#define OID_CONTENT_TYPE "1.2.840.113549.1.9.3"
#define OID_MESSAGE_DIGEST "1.2.840.113549.1.9.4"
#define OID_SIGNING_TIME "1.2.840.113549.1.9.5"

static int malformed(struct err *err)
{
	return err_set(err, ERR_INPUT, "the signature is malformed");
}

/* --- structure --- */

/* IssuerAndSerialNumber, or [0] of a SubjectKeyIdentifier (RFC 5652 5.3) */
static bool read_sid(struct slice *info, struct cms_signer *out)
{
	struct slice sid;
	struct der issuer;

	if (der_want(info, DER_CONTEXT | 0, &out->key_id))
		return out->key_id.n > 0;
	if (!der_want(info, DER_SEQUENCE, &sid) || !der_next(&sid, &issuer) ||
	    issuer.tag != DER_SEQUENCE)
		return false;
	out->issuer = issuer.whole;
	return der_want(&sid, DER_INTEGER, &out->serial);
}

static bool read_signer(struct slice info, struct cms_signer *out)
{
	struct slice version, algorithm;
	struct der next;

	if (!der_want(&info, DER_INTEGER, &version) || !read_sid(&info, out) ||
	    !der_want(&info, DER_SEQUENCE, &algorithm) ||
	    !der_want(&algorithm, DER_OID, &out->digest) || !der_next(&info, &next))
		return false;
	if (next.tag == (DER_CONTEXT_CONSTRUCTED | 0)) {
		out->attributes = next.whole;
		if (!der_next(&info, &next))
			return false;
	}
	out->algorithm = next.whole;
	return next.tag == DER_SEQUENCE && der_want(&info, DER_OCTETS, &out->signature);
}

static int read_signers(struct slice set, struct cms_signed *out, struct err *err)
{
	struct slice info;

	while (set.n > 0) {
		if (out->n == CMS_SIGNERS_MAX)
			return err_set(
			    err, ERR_INPUT, "more than %d have signed it", CMS_SIGNERS_MAX);
		if (!der_want(&set, DER_SEQUENCE, &info) ||
		    !read_signer(info, &out->signer[out->n++]))
			return malformed(err);
	}
	return out->n > 0 ? 0 : err_set(err, ERR_INPUT, "nobody has signed it");
}

static bool read_content(struct slice info, struct cms_signed *out)
{
	struct slice explicit;

	if (!der_want(&info, DER_OID, &out->type))
		return false;
	out->has_content = der_want(&info, DER_CONTEXT_CONSTRUCTED | 0, &explicit);
	return !out->has_content || der_want(&explicit, DER_OCTETS, &out->content);
}

static int read_der(struct slice der, struct cms_signed *out, struct err *err)
{
	struct slice info, type, explicit, body, version, digests, content, rest, signers;

	if (!pkcs7_certs(der, &out->certs))
		return malformed(err);
	if (!der_want(&der, DER_SEQUENCE, &info) || !der_want(&info, DER_OID, &type) ||
	    !der_oid_is(type, OID_SIGNED) ||
	    !der_want(&info, DER_CONTEXT_CONSTRUCTED | 0, &explicit) ||
	    !der_want(&explicit, DER_SEQUENCE, &body) || !der_want(&body, DER_INTEGER, &version) ||
	    !der_want(&body, DER_SET, &digests) || !der_want(&body, DER_SEQUENCE, &content) ||
	    !read_content(content, out))
		return malformed(err);
	der_want(&body, DER_CONTEXT_CONSTRUCTED | 0, &rest); /* certificates */
	der_want(&body, DER_CONTEXT_CONSTRUCTED | 1, &rest); /* lists of revoked ones */
	if (!der_want(&body, DER_SET, &signers))
		return malformed(err);
	return read_signers(signers, out, err);
}

int cms_signed_read(struct slice cms, struct cms_signed *out, struct err *err)
{
	return ber_to_der(cms, &out->der) ? read_der(buf_slice(&out->der), out, err)
					  : malformed(err);
}

void cms_signed_done(struct cms_signed *s)
{
	buf_done(&s->der);
	buf_done(&s->certs);
	*s = (struct cms_signed){ 0 };
}

int cms_signer_cert(
    const struct cms_signed *s, const struct cms_signer *signer, struct cert *out, struct err *err)
{
	struct slice rest = buf_slice(&s->certs);

	while (rest.n > 0 && cert_next(&rest, out))
		if (signer->key_id.n > 0 ? slice_eq(out->subject_key_id, signer->key_id)
					 : slice_eq(out->issuer, signer->issuer) &&
			    slice_eq(out->serial, signer->serial))
			return 0;
	return err_set(err, ERR_ABSENT, "it does not come with the certificate of who signed it");
}

/* --- digests --- */

static void sha256(struct slice data, unsigned char *out)
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, data.n, (const uint8_t *)data.p);
	sha256_digest(&ctx, SHA256_DIGEST_SIZE, out);
}

static void sha384(struct slice data, unsigned char *out)
{
	struct sha512_ctx ctx;

	sha384_init(&ctx);
	sha512_update(&ctx, data.n, (const uint8_t *)data.p);
	sha384_digest(&ctx, SHA384_DIGEST_SIZE, out);
}

static void sha512(struct slice data, unsigned char *out)
{
	struct sha512_ctx ctx;

	sha512_init(&ctx);
	sha512_update(&ctx, data.n, (const uint8_t *)data.p);
	sha512_digest(&ctx, SHA512_DIGEST_SIZE, out);
}

struct digest {
	const char *oid;
	void (*run)(struct slice data, unsigned char *out);
	size_t n;
	/* AlgorithmIdentifier of RSA with it (RFC 4055 5): some say rsaEncryption alone, and
	   mean this (RFC 3370 3.2). */
	struct slice rsa;
};

#define RSA_WITH(last)                                                                             \
	{                                                                                          \
		"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01" last "\x05\x00", 15             \
	}

static const struct digest digests[] = {
	{ "2.16.840.1.101.3.4.2.1", sha256, SHA256_DIGEST_SIZE, RSA_WITH("\x0b") },
	{ "2.16.840.1.101.3.4.2.2", sha384, SHA384_DIGEST_SIZE, RSA_WITH("\x0c") },
	{ "2.16.840.1.101.3.4.2.3", sha512, SHA512_DIGEST_SIZE, RSA_WITH("\x0d") },
};

static const struct digest *find_digest(struct slice oid, struct err *err)
{
	for (size_t i = 0; i < sizeof(digests) / sizeof(*digests); i++)
		if (der_oid_is(oid, digests[i].oid))
			return &digests[i];
	/* RFC 8551 2.1: MD5 and SHA-1 are of the past */
	err_set(err, ERR_INPUT, "it is signed by means of a digest that is weak, or not known");
	return NULL;
}

/* --- attributes (RFC 5652 5.4, 11) --- */

struct attributes {
	struct slice type, digest; /* OID; bytes */
	int64_t when;
	unsigned types, digests; /* how many there were */
};

static bool take_attribute(struct slice attribute, struct attributes *out)
{
	struct slice oid, values;

	if (!der_want(&attribute, DER_OID, &oid) || !der_want(&attribute, DER_SET, &values))
		return false;
	if (der_oid_is(oid, OID_CONTENT_TYPE)) {
		out->types++;
		return der_want(&values, DER_OID, &out->type) && values.n == 0;
	}
	if (der_oid_is(oid, OID_MESSAGE_DIGEST)) {
		out->digests++;
		return der_want(&values, DER_OCTETS, &out->digest) && values.n == 0;
	}
	if (der_oid_is(oid, OID_SIGNING_TIME))
		der_time_get(&values, &out->when);
	return true;
}

/* Of type and digest there is one each. */
static bool read_attributes(struct slice all, struct attributes *out)
{
	struct slice attribute;

	while (all.n > 0)
		if (!der_want(&all, DER_SEQUENCE, &attribute) || !take_attribute(attribute, out))
			return false;
	return out->types == 1 && out->digests == 1;
}

/* What was signed, appended: the attributes as a SET OF. */
static int signed_attributes(const struct cms_signed *s, const struct cms_signer *signer,
    const struct digest *digest, struct slice content, struct buf *data, int64_t *when,
    struct err *err)
{
	struct attributes said = { 0 };
	unsigned char own[SHA512_DIGEST_SIZE];

	struct slice rest = signer->attributes, all;

	if (!der_want(&rest, DER_CONTEXT_CONSTRUCTED | 0, &all) || !read_attributes(all, &said) ||
	    !slice_eq(said.type, s->type))
		return malformed(err);
	digest->run(content, own);
	if (!slice_eq(said.digest, slice_of(own, digest->n)))
		return err_set(err, ERR_INPUT, "the message was changed after it was signed");
	buf_adds(data, signer->attributes);
	data->p[0] = DER_SET;
	*when = said.when;
	return 0;
}

static struct slice algorithm_of(const struct cms_signer *signer, const struct digest *digest)
{
	struct slice rest = signer->algorithm, algorithm, oid;

	if (der_want(&rest, DER_SEQUENCE, &algorithm) && der_want(&algorithm, DER_OID, &oid) &&
	    der_oid_is(oid, CMS_OID_RSA))
		return digest->rsa;
	return signer->algorithm;
}

/* Attributes that were signed elsewhere, shown as a content of their own, would bear the
   same signature. */
static bool is_attributes(struct slice content)
{
	struct attributes said = { 0 };
	struct slice all;

	return der_want(&content, DER_SET, &all) && read_attributes(all, &said);
}

/* RFC 5652 5.3: without attributes the content itself is signed, if it is plain data. */
int cms_signer_check(const struct cms_signed *s, const struct cms_signer *signer,
    const struct cert *cert, struct slice content, int64_t *when, struct err *err)
{
	const struct digest *digest = find_digest(signer->digest, err);
	struct buf data = { 0 };
	int rc = digest ? 0 : -1;

	*when = 0;
	if (rc == 0 && signer->attributes.n > 0)
		rc = signed_attributes(s, signer, digest, content, &data, when, err);
	else if (rc == 0 && (!der_oid_is(s->type, CMS_OID_DATA) || is_attributes(content)))
		rc = malformed(err);
	if (rc == 0)
		rc = signature_check(algorithm_of(signer, digest), cert->public_info,
		    signer->attributes.n > 0 ? buf_slice(&data) : content, signer->signature, err);
	buf_done(&data);
	return rc;
}
