/* crl.h - lists of revoked certificates (RFC 5280 5) */
#ifndef PKI_CRL_H
#define PKI_CRL_H

#include "pki/cert.h"

/* What a list says; slices point into its DER. */
struct crl {
	struct slice der;
	struct slice tbs, inner_algorithm, signature_algorithm, signature;
	struct slice issuer;		  /* a whole Name */
	struct slice revoked;		  /* contents of revokedCertificates */
	int64_t this_update, next_update; /* the second 0: not said */
	bool unknown_critical;		  /* it lists something else, or less */
};

/* Take the first list off *rest (DER one behind another). */
bool crl_next(struct slice *rest, struct crl *out);

/* serial: an INTEGER's contents. */
bool crl_revokes(const struct crl *crl, struct slice serial);
size_t crl_count(const struct crl *crl);

/* Did that authority sign it, and may it? */
bool crl_is_of(const struct crl *crl, const struct cert *ca);

/* All lists of a PEM text as DER one behind another; at least one, and each can be
   read and says what we know. */
int crl_from_pem(struct slice pem, struct buf *der, struct err *err);

#endif
