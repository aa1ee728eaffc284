/* dkim.h - DKIM: is a message signed by a domain, and signing it (RFC 6376, 8301, 8463)
 *
 * Everything from outside is bounded: DKIM_SIGNATURES_MAX signatures are looked at,
 * DKIM_FIELDS_MAX header fields, DKIM_NAMES_MAX names in h=. */
#ifndef MAILAUTH_DKIM_H
#define MAILAUTH_DKIM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/msg.h"
#include "mailauth/canon.h"
#include "mailauth/keysig.h"

struct asker;

enum { DKIM_SIGNATURES_MAX = 6, DKIM_FIELDS_MAX = 2000, DKIM_NAMES_MAX = 200 };

/* --- a message, read once for all that is asked about it --- */

struct dkim_mail {
	struct msg_field *fields;
	size_t n;
	bool too_many; /* there are more fields than these */
	struct slice body;
	/* Hashes of the body that were made before. */
	struct dkim_body {
		enum canon how;
		uint64_t most, all;
		unsigned char digest[DIGEST_SIZE];
		bool made;
	} bodies[4];
};

/* before: header fields that were put in front of it, or empty. Slices point into both;
   lines end in CRLF. */
void dkim_mail_read(
    struct slice before, struct slice message, struct pool *pool, struct dkim_mail *out);

/* --- verifying --- */

/* RFC 8601 2.7.1 */
enum dkim_result {
	DKIM_NONE,
	DKIM_PASS,
	DKIM_FAIL,
	DKIM_POLICY, /* signed in a way that is not taken here */
	DKIM_NEUTRAL,
	DKIM_TEMPERROR,
	DKIM_PERMERROR,
};
extern const char *const dkim_result_names[];

struct dkim_verdict {
	enum dkim_result result;
	struct slice domain;	/* d=, in lower case */
	struct slice selector;	/* s= */
	struct slice identity;	/* i= */
	struct slice algorithm; /* a= */
	struct slice mark;	/* how b= begins, RFC 6008 */
	bool testing;		/* the domain says t=y */
	const char *why;	/* static; NULL when it passed */
};

struct dkim_verdicts {
	struct dkim_verdict verdict[DKIM_SIGNATURES_MAX];
	size_t n;
};

/* A verdict for each signature, from the top. Waits for the network: not on a loop. */
void dkim_verify(const struct asker *asker, struct dkim_mail *mail, int64_t now, struct pool *pool,
    struct dkim_verdicts *out);

/* --- keys --- */

/* What a TXT record at SELECTOR._domainkey.DOMAIN says (RFC 6376 3.6.1). */
struct dkim_key {
	enum keysig_algorithm algorithm;
	struct slice bytes;
	bool testing; /* t=y */
	bool strict;  /* t=s */
};
/* NULL, or what is wrong with it. */
const char *dkim_key_read(struct slice text, struct pool *pool, struct dkim_key *out);

/* --- signing --- */

struct dkim_signing {
	struct slice domain, selector;
	const char *algorithm; /* "rsa-sha256", "ed25519-sha256" */
	int64_t now;
	unsigned instance; /* of an ARC-Message-Signature (RFC 8617 4.1.2); 0: DKIM */
};

/* Append the header field up to "b=" and, to *data, what is to be signed: with RSA the
   SHA-256 of it, with Ed25519 as RFC 8463 3 says. Relaxed in both parts. False: it has no
   From, or too many header fields. */
bool dkim_sign_begin(struct dkim_mail *mail, const struct dkim_signing *signing, struct buf *field,
    struct buf *data);
/* Append the signature and the end of the line. */
void dkim_sign_end(struct slice signature, struct buf *field);

/* Who claims to have written it. */
enum { DKIM_AUTHORS_MAX = 8 };
struct dkim_authors {
	struct slice domain[DKIM_AUTHORS_MAX]; /* of all From fields, in A-labels, each once */
	size_t n;
	bool regular; /* one field, and no address in it that is none; not too many */
};
void dkim_authors_read(const struct dkim_mail *mail, struct pool *pool, struct dkim_authors *out);

/* The domain of the only address in the only From field, in A-labels; empty: there is
   none such. */
struct slice dkim_from_domain(const struct dkim_mail *mail, struct pool *pool);

#endif
