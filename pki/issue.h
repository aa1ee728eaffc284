/* issue.h - authorities of our own: a domain's, the server's; what they issue and revoke
 *
 * A scope is a domain, or with an empty name the server. Each may have one authority
 * that signs: a key and certificate of its own, made by an admin or when a user
 * first asks for an S/MIME certificate; an admin may bring another, or remove it:
 * then a domain's own key and certificate sign those of its users. Authorities
 * that were before, with other keys, sign nothing but their lists of revoked
 * certificates. Whatever was issued, to whomever, is in one register.
 *
 * Any thread but a loop's. */
#ifndef PKI_ISSUE_H
#define PKI_ISSUE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"
#include "pki/cert.h"
#include "pki/key.h"
#include "pki/subject.h"

/* Forget what a domain had when it is removed. Once, at start. */
void issue_start(void);

/* --- the authority --- */

/* What a scope signs with; from pool. */
struct issue_authority {
	bool special;	    /* an authority's certificate; else that of the domain itself */
	bool made;	    /* by the server; else an admin brought it */
	const char *owner;  /* whom the key was sealed for */
	struct slice key;   /* sealed */
	struct slice chain; /* DER, its own certificate first; empty: none yet */
};

/* What the scope has; nothing is made. 1, 0 it has nothing, -1. */
int issue_authority(
    struct slice scope, struct pool *pool, struct issue_authority *out, struct err *err);

/* May it issue with that (NULL: with what would be made)? ERR_DENIED, as below. */
int issue_check(struct slice scope, const struct issue_authority *authority, struct err *err);

/* What it signs with; a domain's is made when it must be. ERR_DENIED: the scope is no
   authority now; the text says why (PKI services off, no key, no certificate in
   force). */
int issue_ready(
    struct slice scope, struct pool *pool, struct issue_authority *out, struct err *err);

struct issue_plan {
	enum key_kind kind;
	struct subject subject; /* of the names none is used; all empty: one is made up */
	int64_t days;		/* 0: as the setting says */
	int path_length;	/* authorities that may follow, or CERT_PATH_UNLIMITED */
	bool by_server;		/* signed by the server's authority, for names of the domain
				   alone; else by itself */
};

/* A new authority. ERR_EXISTS: there is one. */
int issue_create(struct slice scope, const struct issue_plan *plan, struct err *err);

/* A new certificate for the same key and the same time again; or with a new key of
   that kind (NULL: as before), and the old one is kept for its list. */
int issue_renew(
    struct slice scope, bool new_key, const enum key_kind *kind, int64_t days, struct err *err);

/* A new special key and a certificate that it signs itself. */
int issue_self_signed(struct slice scope, struct err *err);

/* Append a request (PEM) for a certificate of the special key, which is made, with a
   certificate for the time being, when there is none. Of the subject the names are
   not used. */
int issue_csr(struct slice scope, struct subject *subject, struct buf *pem, struct err *err);

/* A special certificate with those above it, PEM; for the special key that is
   there, or for one in the same text. */
int issue_install(struct slice scope, struct slice pem, struct err *err);

/* No special certificate from now on. with_keys: nor its key and those before it; no
   list of revoked ones is signed any more. */
int issue_remove(struct slice scope, bool with_keys, struct err *err);

/* --- certificates --- */

enum issue_profile { ISSUE_SERVER, ISSUE_CLIENT, ISSUE_EMAIL, ISSUE_AUTHORITY };
extern const char *const issue_profile_names[]; /* "server", ..., NULL */

struct issue_user {
	const char *address;
	const char *key_type;	  /* "P-256" */
	struct slice public_info; /* SubjectPublicKeyInfo, DER */
	int64_t days;		  /* 0: as the domain's setting says */
};

/* For a user. Append the certificate and those above it, DER. */
int issue_user(
    struct slice domain, const struct issue_user *user, struct buf *chain, struct err *err);

struct issue_request {
	enum issue_profile profile;
	struct slice text;   /* PKCS#10, PEM or DER */
	const char *names;   /* instead of those that it asks for; NULL: those */
	bool any_names;	     /* also those that are not the scope's */
	const char *subject; /* "name": the first name alone; else what it asks for */
	int64_t days;	     /* 0: as the setting says */
};

/* For whoever signed a request. Append as above, and to *notes, a line each, what was
   asked for and is not in it. ERR_INPUT, ERR_DENIED. */
int issue_request(struct slice scope, const struct issue_request *request, struct buf *chain,
    struct buf *notes, struct err *err);

struct issue_certify {
	bool by_server; /* else by the domain's own authority */
	bool any_names; /* also those that are not the domain's */
	int64_t days;	/* 0: as the setting says */
};

/* For a domain's own key and the names of its requests; shown at once. */
int issue_domain(struct slice domain, const struct issue_certify *how, struct err *err);

/* --- the register --- */

/* RFC 5280 5.3.1; the numbers are those of CRLReason. */
enum issue_reason { ISSUE_UNSPECIFIED, ISSUE_HOLD = 6, ISSUE_RELEASED = 8 };
extern const char *const issue_reason_names[]; /* by number; NULL where there is none */
enum { ISSUE_REASONS = 11 };

struct issue_entry {
	const char *serial;  /* hex */
	const char *address; /* whom it was issued to: an address, or names parted by blanks */
	const char *issuer, *subject; /* for people */
	enum issue_profile profile;
	int64_t issued, not_after;
	int64_t revoked; /* when; 0: it was not */
	enum issue_reason reason;
	struct slice der; /* empty: of a time when it was not kept */
};

/* "valid", "revoked", "expired" */
const char *issue_state(const struct issue_entry *entry);

/* In order of serial number, from behind that one (hex, or empty); the entry is valid
   during the call. */
int issue_each(struct slice scope, struct slice after,
    bool (*visit)(void *arg, const struct issue_entry *entry), void *arg, struct err *err);

/* Call visit for that one. ERR_ABSENT. */
int issue_find(struct slice scope, struct slice serial,
    bool (*visit)(void *arg, const struct issue_entry *entry), void *arg, struct err *err);

/* From now on it is on the list, and ours to refuse. ERR_ABSENT, ERR_EXISTS: it was
   revoked. ISSUE_RELEASED: one on hold is good again; ERR_INPUT when it is not. */
int issue_revoke(
    struct slice scope, struct slice serial, enum issue_reason reason, struct err *err);

/* Did one of our authorities issue it, and revoke it? *when may be NULL. */
bool issue_was_revoked(const struct cert *cert, int64_t *when);
/* The same for each of a chain (DER): 0, or -1 with the reason. */
int issue_check_revoked(struct slice chain, struct err *err);

/* Did one of our authorities issue it, and not revoke it? *by_server: the server's. */
bool issue_wrote(const struct cert *cert, bool *by_server);

/* Changes whenever something was revoked or released; any thread. */
uint64_t issue_revocations(void);

/* --- the list of revoked certificates (RFC 5280 5) --- */

struct issue_crl {
	int64_t this_update, next_update;
	uint64_t number;
	size_t revoked;
};

/* Append the list of a scope's authority, DER, made anew when something was revoked or
   its time is half over. ERR_ABSENT: the scope has no authority. *out may be NULL. */
int issue_crl(struct slice scope, struct buf *der, struct issue_crl *out, struct err *err);

/* What is had at /ca/NAME: NAME is the id of an authority's key in hex with .crl or .crt;
   earlier ones are there, too. Appends DER and gives the content type. ERR_ABSENT. */
int issue_file(struct slice name, struct buf *der, const char **type, struct err *err);

/* Where that is for an authority: http://..., as the setting ca.url says; NULL: not set.
   From pool. suffix: "crl" or "crt". */
const char *issue_url(struct slice scope, const struct issue_authority *authority,
    const char *suffix, struct pool *pool);
/* The same without the host: /ca/..., or NULL. */
const char *issue_path(
    const struct issue_authority *authority, const char *suffix, struct pool *pool);

#endif
