/* crl.h - lists of revoked certificates (RFC 5280 5) */
#ifndef PKI_CRL_H
#define PKI_CRL_H

#include "pki/cert.h"

/* Bits of ReasonFlags, all but the unused first one. */
enum { CRL_ALL_REASONS = 0x1fe };

enum crl_reason { CRL_NO_REASON = 0, CRL_REMOVED = 8 /* it is taken off the list */ };

/* What a list says; slices point into its DER. */
struct crl {
	struct slice der;
	struct slice tbs, inner_algorithm, signature_algorithm, signature;
	struct slice issuer;  /* a whole Name */
	struct slice revoked; /* contents of revokedCertificates */
	int64_t this_update, next_update;
	struct slice authority_key_id;
	struct slice number; /* INTEGER's contents; empty: none */
	bool number_critical;
	struct slice base; /* of a list of changes: what it changes; empty: it is whole */
	/* What it is about (RFC 5280 5.2.5); all false: everything that its issuer issued. */
	struct slice point;	 /* the whole extension's value; empty: none */
	struct slice point_name; /* DistributionPointName with its tag; empty: none */
	bool only_users, only_authorities, only_attributes, indirect;
	unsigned reasons;	       /* of revocation; CRL_ALL_REASONS without a limit */
	bool unknown_critical;	       /* it lists something else, or less */
	const struct crl_index *index; /* of its entries; NULL: they are read through */
};

/* Take the first list off *rest (DER one behind another). False: it is malformed, or
   lacks what RFC 5280 5.1 asks of every list. */
bool crl_next(struct slice *rest, struct crl *out);

size_t crl_count(const struct crl *crl);

/* serial: an INTEGER's contents, of one that this issuer issued; *reason as in RFC 5280
   5.3.1. */
bool crl_find(const struct crl *crl, struct slice issuer, struct slice serial, unsigned *reason);

/* For a list that is asked often: put it into crl.index, and free() it after the last
   question. NULL: it would not help. */
struct crl_index *crl_index_new(const struct crl *crl);

/* Is a serial number listed twice? */
bool crl_repeats(const struct crl *crl);

/* Are they about the same certificates, from the same key? */
bool crl_same_scope(const struct crl *a, const struct crl *b);

/* Did that authority sign it, and may it? */
bool crl_is_of(const struct crl *crl, const struct cert *ca);

/* All lists of a PEM text as DER one behind another; at least one, and each can be
   read and says what we know. */
int crl_from_pem(struct slice pem, struct buf *der, struct err *err);
/* The same, but what cannot be read is passed over. */
void crl_readable_from_pem(struct slice pem, struct buf *der);

#endif
