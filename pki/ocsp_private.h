/* ocsp_private.h - what the files that read and write OCSP share; no one else includes it */
#ifndef PKI_OCSP_PRIVATE_H
#define PKI_OCSP_PRIVATE_H

#include "pki/ocsp.h"

/* A basic response (RFC 6960 4.2.1); slices point into it. */
struct ocsp_basic {
	struct slice tbs, algorithm, signature;
	struct slice by_name,
	    by_key;		   /* who signed: a whole Name, or SHA-1 of a key; one is empty */
	struct slice responses;	   /* SingleResponses, one behind another */
	struct slice certificates; /* DER one behind another */
};

/* One of its responses. */
struct ocsp_single {
	struct slice algorithm, name_hash, key_hash, serial; /* algorithm: an OID's contents */
	struct ocsp_answer answer;
};

int ocsp_basic_read(struct slice response, struct ocsp_basic *out, struct err *err);
/* Take the next one off *rest. */
bool ocsp_single_next(struct slice *rest, struct ocsp_single *out);

/* Append a hash by the algorithm with that OID (its contents); false: not known. */
bool ocsp_hash(struct slice oid, struct slice data, struct buf *out);

/* The bytes of a public key: its BIT STRING without the count of unused bits. */
struct slice ocsp_key_bytes(struct slice public_info);

#endif
