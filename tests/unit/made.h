/* made.h - certificates as tests want them, also such as nobody should issue */
#ifndef TESTS_UNIT_MADE_H
#define TESTS_UNIT_MADE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"

struct made {
	const char *subject; /* its CN, and the name of its key; NULL: an empty Name */
	const char *issuer;  /* likewise; NULL: itself */
	const char *key;     /* its key where that has another name */
	const char *signer;  /* likewise of the issuer's */
	int64_t from, till;  /* seconds from now; both 0: yesterday to tomorrow */
	bool ca;
	int path;	     /* 1 + pathLenConstraint; 0: none */
	unsigned usage;	     /* enum cert_usage; 0: none */
	const char *purpose; /* OID of extended key usage, or NULL */
	const char *names;   /* "DNS:a.test email:b@c.test IP:192.0.2.1 DN:x", or NULL */
	const char *permitted, *excluded; /* the same; addresses as "IP:192.0.2.0/24" */
	const char *critical;		  /* OID of a critical extension with nothing in it */
	bool version1, twice, two_algorithms, spoilt;
};

/* Append it. Keys are made when first named, P-256. After wire_start. */
void made_put(const struct made *made, struct buf *der);

#endif
