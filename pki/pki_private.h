/* pki_private.h - what the files of pki/ share; no one else includes it */
#ifndef PKI_PKI_PRIVATE_H
#define PKI_PKI_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/conf.h"
#include "core/tls.h"
#include "pki/pki.h"
#include "pki/sign.h"

#define PKI_ROOM "pki" /* of store_record_* */

extern const struct conf_key conf_key_tls_ticket_ttl;
extern const struct conf_key conf_key_tls_oldest_version;
extern const struct conf_key conf_key_tls_sni;

/* --- record.c: what is stored of a domain --- */

struct domain_record {
	int64_t made;	    /* when the key came, unix seconds */
	bool installed;	    /* by an admin: never replaced by itself */
	struct slice key;   /* sealed */
	struct slice chain; /* DER, leaf first */
};

/* Slices point into *bytes, which the caller frees. 1, 0 absent, -1 (logged). */
int record_get(struct slice domain, struct buf *bytes, struct domain_record *out);
int record_put(struct slice domain, const struct domain_record *record, struct err *err);
int record_drop(struct slice domain, struct err *err);
int record_each(
    bool (*visit)(void *arg, struct slice domain, const struct domain_record *record), void *arg);

/* The domain whose certificate has that name among others; names that follow
   from the domain's own are not kept. 1 (from pool), 0, -1. */
int record_named(struct slice host, struct pool *pool, const char **domain);

/* --- domain.c: keys and certificates made and kept --- */

/* The hosted domain that a name or an alias stands for, from pool. */
int domain_hosted(struct slice name, struct pool *pool, struct slice *domain, struct err *err);

/* Keep it, and show it from the next handshake on. */
int domain_store(struct slice domain, const struct domain_record *record, struct err *err);

int domain_make(struct slice domain, struct err *err);
/* The same unless it has one already. */
int domain_ensure(struct slice domain, struct err *err);
/* Make anew those of our own that end soon. */
void domain_renew_old(void);

/* --- find.c: whose certificate? All may wait for the disk --- */

const char *find_by_name(struct slice host, struct pool *pool);
const char *find_by_address(const struct sockaddr *local, struct pool *pool);

/* Append a host name with its ASCII letters in lower case. */
void host_lower(struct buf *out, struct slice host);

/* The bytes of an IP address, without port; empty for another family. */
struct slice address_bytes(const struct sockaddr *address);

/* --- choose.c: TLS contexts in memory --- */

/* Register with the TLS layer, or end: contexts are freed. */
void choose_start(void);
void choose_stop(void);

/* The directory or a setting changed: whom a name leads to is looked up anew.
   With a domain, its context is made anew, too; with drop_all each one. */
void choose_forget(struct slice domain, bool drop_all);

/* A context as connections would be given; to see whether one can be made. */
struct tls_ctx *choose_make(
    struct slice domain, const struct domain_record *record, struct err *err);

/* --- judge.c: certificates that peers show --- */

void judge_start(void);
void judge_stop(void);

/* --- ticket.c --- */

/* Read the ticket keys, make a new one when it is time, and hand them to the
   TLS layer. */
int ticket_turn(struct err *err);

#endif
