/* cert.h - certificates: built by us, and read */
#ifndef PKI_CERT_H
#define PKI_CERT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"
#include "pki/pem.h"
#include "pki/sign.h"

/* --- building --- */

struct cert_spec {
	struct slice name;	/* subject: a domain in A-labels */
	struct slice subject;	/* or a whole Name, DER */
	struct slice names;	/* DNS names it is good for, parted by blanks */
	struct slice alt_names; /* or GeneralNames' contents, DER */
	struct slice serial;	/* INTEGER's contents; empty: a new one */
	int64_t not_before, not_after;
};

/* A certificate of the key for itself, for servers and their clients; no CA.
   Appends DER to *out. */
int cert_self_signed(
    const struct cert_spec *spec, const struct sign_key *key, struct buf *out, struct err *err);

/* --- reading --- */

/* What a certificate says; slices point into its DER. */
struct cert {
	struct slice der;
	struct slice tbs, signature_algorithm, signature;
	struct slice serial, issuer, subject, public_info; /* issuer, subject: whole Names */
	int64_t not_before, not_after;
	struct slice alt_names; /* GeneralNames' contents; empty when there are none */
	struct slice subject_key_id, authority_key_id;
	bool authority_named;	      /* authorityKeyIdentifier names a certificate, too */
	struct slice inner_algorithm; /* as the signed part names it */
	int version;		      /* 1 to 3 */
	bool is_ca;
	int path_length; /* authorities that may follow, or CERT_PATH_UNLIMITED */
	bool has_usage;
	unsigned usage; /* enum cert_usage, or-ed */
	bool has_purposes;
	struct slice purposes;	       /* OIDs of extended key usage, DER one behind another */
	struct slice name_constraints; /* contents of NameConstraints; empty: none */
	struct slice policies;	       /* PolicyInformation, one behind another */
	struct slice mappings;	       /* of policies: pairs of OIDs, one behind another */
	int explicit_policy, inhibit_mapping, inhibit_any; /* certificates to skip; -1: not said */
	struct slice crl_points; /* DistributionPoint, one behind another */
	bool unknown_critical;	 /* an extension that we do not know forbids its use */
	unsigned present;	 /* enum cert_extension, 1 << each */
	unsigned critical;	 /* likewise those that are marked so */
	struct slice extensions; /* all, one behind another */
};

/* Those that are read. */
enum cert_extension {
	CERT_SUBJECT_KEY,
	CERT_USAGE,
	CERT_ALT_NAMES,
	CERT_CONSTRAINTS,
	CERT_NAME_CONSTRAINTS,
	CERT_CRL_POINTS,
	CERT_POLICIES,
	CERT_MAPPINGS,
	CERT_AUTHORITY_KEY,
	CERT_POLICY_CONSTRAINTS,
	CERT_PURPOSES,
	CERT_INHIBIT_ANY,
};

static inline bool cert_has(const struct cert *cert, enum cert_extension extension)
{
	return (cert->present & 1u << extension) != 0;
}

static inline bool cert_critical(const struct cert *cert, enum cert_extension extension)
{
	return (cert->critical & 1u << extension) != 0;
}

enum { CERT_PATH_UNLIMITED = 255 };

/* Take the first certificate off *rest (DER one behind another). */
bool cert_next(struct slice *rest, struct cert *out);

/* Take the next extension off *list. False: malformed, or the end. */
bool cert_next_extension(
    struct slice *list, struct slice *oid, bool *critical, struct slice *value);

/* Is that SubjectPublicKeyInfo its key? How the kind is written may differ. */
bool cert_has_key(const struct cert *cert, struct slice public_info);

/* "P-256", "P-384", "RSA"; "" for another kind. */
const char *cert_key_type(const struct cert *cert);

/* Append its SHA-256 in hex. */
void cert_fingerprint(const struct cert *cert, struct buf *hex);

/* A Name for people: "O=Example\\, Inc., CN=alpha.test"; UTF-8, without control
   characters, and no value can look like another attribute (RFC 4514 2.4). */
void cert_name_text(struct slice name, struct buf *out);
const char *cert_name_string(struct pool *pool, struct slice name); /* the same, from pool */

/* The values of one of its attributes ("O"), as they are but for control characters,
   parted by "; " where there are several. */
void cert_name_part(struct slice name, const char *word, struct buf *out);

/* Append a form of a Name that is the same for all names that count as equal
   (RFC 5280 7.1); that of a subtree begins those of all names in it. */
void cert_name_canonical(struct slice name, struct buf *out);
bool cert_name_same(struct slice a, struct slice b);

/* Visit its DNS names, lower case, until visit returns false. */
void cert_names(const struct cert *cert, bool (*visit)(void *arg, struct slice name), void *arg);

/* Is it good for that host name? RFC 6125: whole names, or a wildcard in
   place of one leftmost label. */
bool cert_covers(const struct cert *cert, struct slice host);

/* --- PEM --- */

/* All certificates of a PEM text as DER one behind another. Each must be
   readable; at least one. */
int cert_from_pem(struct slice pem, struct buf *der, struct err *err);
/* The same, but what cannot be read is passed over. */
void cert_readable_from_pem(struct slice pem, struct buf *der);
void cert_to_pem(struct slice der, struct buf *pem);

#endif
