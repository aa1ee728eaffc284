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

/* --- issue_authority.c; domain: from domain_hosted, with a terminator --- */

/* Whom the special key is sealed for: another than the domain's own. */
const char *issue_owner(struct pool *pool, struct slice domain);

/* The special key and certificate: 1, 0 there is none, -1. */
int issue_special(struct slice domain, struct pool *pool, struct issue_authority *out);

/* The domain's own key must be there, whichever signs (SPEC C-114). */
int issue_check_domain(struct slice domain, struct err *err);

/* --- issue_make.c --- */

/* A new special key with a certificate that it signs itself. */
int issue_make(struct slice domain, struct pool *pool, struct err *err);

/* --- the register --- */

/* Write down a certificate that was issued. ERR_EXISTS: that serial number was. */
int issue_register(
    struct slice domain, const char *address, const struct cert *cert, struct err *err);

/* Drop all of a domain. */
void issue_forget(struct slice domain);

#endif
