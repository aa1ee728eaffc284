/* issue_crl.h - what issue_revoke.c and issue_crl*.c share; no one else includes it */
#ifndef PKI_ISSUE_CRL_H
#define PKI_ISSUE_CRL_H

#include "pki/issue_private.h"

enum { ISSUE_REVOKED = 8 + 8 + 1 }; /* a record of those revoked: when, until when, reason */

/* How often the list of that authority changed. */
uint64_t issue_changes(struct slice scope, const unsigned char id[CERT_KEY_ID]);

/* --- issue_crl_write.c --- */

/* Append an entry of revokedCertificates. */
void issue_crl_entry(struct buf *out, struct slice serial, int64_t when, unsigned reason);

/* Append the list with those entries, signed. */
int issue_crl_sign(const struct sign_key *key, const struct cert *ca, const struct issue_crl *says,
    struct slice entries, struct buf *out, struct err *err);

#endif
