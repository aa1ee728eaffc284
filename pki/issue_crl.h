/* issue_crl.h - what issue_revoke.c and issue_crl.c share; no one else includes it */
#ifndef PKI_ISSUE_CRL_H
#define PKI_ISSUE_CRL_H

#include "pki/issue_private.h"

enum { ISSUE_REVOKED = 8 + 8 + 1 }; /* a record of those revoked: when, until when, reason */

/* How often the list of that authority changed. */
uint64_t issue_changes(struct slice scope, const unsigned char id[CERT_KEY_ID]);

#endif
