/* staple_private.h - what the files of staples share; no one else includes it */
#ifndef PKI_STAPLE_PRIVATE_H
#define PKI_STAPLE_PRIVATE_H

#include "core/digest.h"
#include "pki/pki_private.h"
#include "pki/staple.h"

extern const struct conf_key conf_key_pki_ocsp;

/* What is stored of a domain: the last answer, and the response if it is one to be
   stapled. */
struct staple_record {
	unsigned char leaf[DIGEST_SIZE]; /* SHA-256 of the certificate that it is about */
	struct ocsp_answer answer;
	int64_t fetched;
	struct slice response;
};

/* --- staple_record.c --- */

/* Slices point into *bytes. 1, 0, -1. */
int staple_record_get(struct slice domain, struct buf *bytes, struct staple_record *out);
int staple_record_put(struct slice domain, const struct staple_record *record, struct err *err);
/* True: there was one. */
bool staple_record_drop(struct slice domain);

/* --- staple_fetch.c --- */

/* A domain's certificate and who issued it, from its chain or from who is trusted. */
struct staple_subject {
	struct buf leaf, issuer; /* DER */
	struct slice url;	 /* inside leaf */
};
/* 1; 0: there is nothing to be asked; -1. Release it in any case. */
int staple_subject_get(struct slice domain, struct staple_subject *out);
void staple_subject_done(struct staple_subject *subject);

/* Ask, judge, store, and have contexts made anew. 0, or -1 with the reason. */
int staple_fetch(struct slice domain, struct ocsp_answer *answer, struct err *err);

#endif
