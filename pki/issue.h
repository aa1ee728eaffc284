/* issue.h - a domain as the authority over its users' S/MIME certificates
 *
 * Users' certificates are signed with the domain's special S/MIME key and
 * certificate, which is made when it is first needed; an admin may bring another,
 * or remove it: then the domain's own key and certificate sign. Every certificate
 * that was issued is in a register.
 *
 * Any thread but a loop's. */
#ifndef PKI_ISSUE_H
#define PKI_ISSUE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"
#include "pki/subject.h"

/* Forget what a domain had when it is removed. Once, at start. */
void issue_start(void);

/* --- the authority --- */

/* What a domain signs with; from pool. */
struct issue_authority {
	bool special;	    /* its S/MIME certificate; else that of the domain itself */
	bool made;	    /* by the server; else an admin brought it */
	const char *owner;  /* whom the key was sealed for */
	struct slice key;   /* sealed */
	struct slice chain; /* DER, its own certificate first; empty: none yet */
};

/* What the domain has; nothing is made. 1, 0 it has nothing, -1. */
int issue_authority(
    struct slice domain, struct pool *pool, struct issue_authority *out, struct err *err);

/* May it issue with that (NULL: with what would be made)? ERR_DENIED, as below. */
int issue_check(struct slice domain, const struct issue_authority *authority, struct err *err);

/* What it signs with, made when it must be. ERR_DENIED: the domain is no
   authority now; the text says why (PKI services off, no key, no certificate in
   force). */
int issue_ready(
    struct slice domain, struct pool *pool, struct issue_authority *out, struct err *err);

/* A new special key and a certificate that it signs itself. */
int issue_self_signed(struct slice domain, struct err *err);

/* Append a request (PEM) for a certificate of the special key, which is made, with a
   certificate for the time being, when there is none. Of the subject the names are
   not used. */
int issue_csr(struct slice domain, struct subject *subject, struct buf *pem, struct err *err);

/* A special certificate with those above it, PEM; for the special key that is
   there, or for one in the same text. */
int issue_install(struct slice domain, struct slice pem, struct err *err);

/* No special certificate from now on. */
int issue_remove(struct slice domain, struct err *err);

/* --- certificates of users --- */

struct issue_user {
	const char *address;
	const char *key_type;	  /* "P-256" */
	struct slice public_info; /* SubjectPublicKeyInfo, DER */
	int64_t days;		  /* 0: as the domain's setting says */
};

/* Append the certificate and those above it, DER. */
int issue_user(
    struct slice domain, const struct issue_user *user, struct buf *chain, struct err *err);

/* --- the register --- */

struct issue_entry {
	const char *serial; /* hex */
	const char *address;
	const char *issuer; /* for people */
	int64_t issued, not_after;
};

/* In order of serial number; the entry is valid during the call. */
int issue_each(struct slice domain, bool (*visit)(void *arg, const struct issue_entry *entry),
    void *arg, struct err *err);

#endif
