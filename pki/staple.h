/* staple.h - what issuers say of our certificates, fetched in time and kept
 *
 * For each domain whose certificate names a responder, and whose issuer is known: fetched
 * in the background, kept in the store, fetched anew at half of its life. Nobody ever
 * waits for it. What says anything but good is never stapled. */
#ifndef PKI_STAPLE_H
#define PKI_STAPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "pki/cert.h"
#include "pki/ocsp.h"

int staple_start(struct err *err); /* its thread */
void staple_stop(void);

/* A domain's certificate may have changed, or the domain is gone. Any thread but a
   loop's. */
void staple_look(struct slice domain);

/* Many may have, or other issuers are known: soon. */
void staple_look_at_all(void);

/* What is to be stapled to that leaf of the domain; release it. With an empty response:
   nothing. */
struct staple {
	struct buf response, issuer; /* the second the issuer's certificate; both DER */
	int64_t until;		     /* unix seconds */
};
void staple_get(const char *domain, const struct cert *leaf, struct staple *out);
void staple_done(struct staple *staple);

/* Fetch it now. 0, or -1 with the reason. */
int staple_refresh(struct slice domain, struct err *err);

struct staple_state {
	struct slice url;	   /* of the responder; empty: none is named */
	bool must_staple;	   /* the certificate is no good without */
	bool known;		   /* answer holds */
	struct ocsp_answer answer; /* the last one */
	int64_t fetched, due;	   /* unix seconds; the second 0: not in the background */
	char reason[256];	   /* why the last try failed, or "" */
};
/* 1 (texts from pool), 0: the domain has no certificate, -1. */
int staple_state(struct slice domain, struct pool *pool, struct staple_state *out);

/* Sentences for whoever looks at the domain's certificate: revoked, no staple though
   it must have one. */
void staple_advice(struct slice domain, void (*tell)(void *arg, const char *sentence), void *arg);

#endif
