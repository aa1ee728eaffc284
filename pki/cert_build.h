/* cert_build.h - writing certificates of any kind (RFC 5280)
 *
 * cert.h has what most callers want; here is what they are made of. */
#ifndef PKI_CERT_BUILD_H
#define PKI_CERT_BUILD_H

#include "pki/cert.h"

/* Bits of KeyUsage (RFC 5280 4.2.1.3). */
enum cert_usage {
	CERT_DIGITAL_SIGNATURE = 1 << 0,
	CERT_NON_REPUDIATION = 1 << 1,
	CERT_KEY_ENCIPHERMENT = 1 << 2,
	CERT_KEY_AGREEMENT = 1 << 4,
	CERT_CERT_SIGN = 1 << 5,
	CERT_CRL_SIGN = 1 << 6,
};

enum { CERT_KEY_ID = 20 };

#define CERT_FOR_SERVERS "1.3.6.1.5.5.7.3.1"
#define CERT_FOR_CLIENTS "1.3.6.1.5.5.7.3.2"
#define CERT_FOR_EMAIL "1.3.6.1.5.5.7.3.4"

/* What a certificate shall say. */
struct cert_plan {
	struct slice subject;	  /* Name, DER */
	struct slice public_info; /* SubjectPublicKeyInfo, DER */
	int64_t not_before, not_after;
	bool is_ca;
	int path_length;		  /* of one: authorities that may follow, or
					     CERT_PATH_UNLIMITED */
	unsigned usage;			  /* enum cert_usage, or-ed */
	const char *const *purposes;	  /* OIDs of extended key usage, NULL-ended; NULL: any */
	struct slice alt_names;		  /* contents of GeneralNames, DER; empty: none */
	struct slice name_constraints;	  /* contents of NameConstraints, DER; empty: none */
	struct slice crl_url, issuer_url; /* where both are to be had; empty: not said */
	struct slice serial;		  /* INTEGER's contents; empty: a new one */
};

/* Append the certificate, signed by the
   issuer's key. issuer NULL: the key signs itself. */
int cert_build(const struct cert_plan *plan, const struct cert *issuer, const struct sign_key *key,
    struct buf *out, struct err *err);

/* Append one RelativeDistinguishedName with that attribute. */
void cert_put_attribute(struct buf *out, const char *oid, unsigned tag, struct slice value);

/* The beginning of a UTF-8 text that is no longer than max bytes; a cut falls between
   two characters. */
struct slice cert_text_cut(struct slice text, size_t max);

/* Append a domain as one attribute a label, the last label first (RFC 2247). */
void cert_put_components(struct buf *out, struct slice domain);

/* Append a Name that says which domain this is. */
void cert_put_domain(struct buf *out, struct slice domain);

/* RFC 7093 2, method 1: the first 160 bits of SHA-256 of the public key. */
bool cert_key_id(struct slice public_info, unsigned char out[CERT_KEY_ID]);

/* The id that a certificate says its key has, else one made as above in memory. */
struct slice cert_own_key_id(const struct cert *cert, unsigned char memory[CERT_KEY_ID]);

#endif
