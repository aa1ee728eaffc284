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
	const char *purpose; /* OIDs of extended key usage, parted by blanks, or NULL */
	const char *names;   /* "DNS:a.test email:b@c.test IP:192.0.2.1 DN:x", or NULL */
	const char *permitted, *excluded; /* the same; addresses as "IP:192.0.2.0/24" */
	const char *critical;		  /* OID of a critical extension with nothing in it */
	bool version1, twice, two_algorithms, spoilt;
	bool proper;		 /* with the ids of keys, as good authorities make them */
	unsigned flaws;		 /* enum made_flaw, or-ed */
	const char *serial;	 /* in hex; NULL: a new one */
	const char *public_info; /* of another key, in hex */
	const char *organization;
	/* Extensions as "1.2.3=0500" (their values in hex), critical ones "!1.2.3=0500", parted
	   by blanks. */
	const char *more;
};

enum made_flaw {
	MADE_NO_SUBJECT_KEY = 1 << 0,
	MADE_NO_AUTHORITY_KEY = 1 << 1,
	MADE_SUBJECT_KEY_CRITICAL = 1 << 2,
	MADE_AUTHORITY_KEY_CRITICAL = 1 << 3,
	MADE_AUTHORITY_KEY_EMPTY = 1 << 4,
	MADE_AUTHORITY_KEY_NAMED = 1 << 5,
	MADE_AUTHORITY_KEY_OTHER = 1 << 6,
	MADE_OWN_AUTHORITY_KEY = 1 << 7, /* it is self-signed, and says which key signed it */
	MADE_NO_CONSTRAINTS = 1 << 8,
	MADE_CONSTRAINTS_SOFT = 1 << 9, /* not critical */
	MADE_SUBTREES_SOFT = 1 << 10,
	MADE_NAMES_CRITICAL = 1 << 11,
	MADE_PURPOSES_CRITICAL = 1 << 12,
	MADE_NO_AUTHORITY = 1 << 13, /* basicConstraints says that it is none */
};

/* A list of revoked certificates. */
struct made_list {
	const char *issuer;  /* its CN, and the name of its key */
	const char *signer;  /* the key where that has another name */
	const char *serials; /* in hex, parted by blanks, or NULL */
	int64_t from, till;  /* seconds from now; both 0: yesterday to tomorrow */
	bool no_number;
	const char *more; /* extensions as above */
	bool version3, no_end, general_time, spoilt;
};

/* Append it. Keys are made when first named, P-256. After wire_start. */
void made_put(const struct made *made, struct buf *der);
void made_put_list(const struct made_list *list, struct buf *der);

/* --- for made_list.c --- */

struct sign_key;
struct sign_key made_key(const char *name);
void made_put_name(struct buf *out, const char *cn, const char *organization);
void made_put_more(struct buf *out, const char *words);
void made_put_extension(struct buf *out, const char *oid, bool critical, struct slice value);
void made_put_signed(struct buf *out, struct slice tbs, const struct sign_key *key, bool spoilt);

#endif
