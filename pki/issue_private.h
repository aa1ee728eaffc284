/* issue_private.h - what pki/issue*.c share; no one else includes it */
#ifndef PKI_ISSUE_PRIVATE_H
#define PKI_ISSUE_PRIVATE_H

#include "pki/cert.h"
#include "pki/issue.h"

/* What is stored of a domain's special key and certificate. */
struct issue_record {
	bool removed; /* by an admin, on purpose: none is made */
	bool made;    /* by the server */
	struct slice key, chain;
};

/* Slices point into *bytes, which the caller frees. 1, 0 absent, -1 (logged). */
int issue_record_get(struct slice domain, struct buf *bytes, struct issue_record *out);
int issue_record_put(struct slice domain, const struct issue_record *record, struct err *err);

/* Write down a certificate that was issued. ERR_EXISTS: that serial number was. */
int issue_register(
    struct slice domain, const char *address, const struct cert *cert, struct err *err);

/* Drop all of a domain. */
void issue_forget(struct slice domain);

#endif
