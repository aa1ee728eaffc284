/* arc.h - ARC: the chain of those who passed a message on, each with what he had found out
 * (RFC 8617) */
#ifndef MAILAUTH_ARC_H
#define MAILAUTH_ARC_H

#include "mailauth/dkim.h"

enum { ARC_SETS_MAX = 50 }; /* RFC 8617 4.2.1 */

enum arc_result { ARC_NONE, ARC_PASS, ARC_FAIL };
extern const char *const arc_result_names[];

struct arc_verdict {
	enum arc_result result;
	unsigned n;	      /* sets in the chain */
	struct slice domain;  /* who sealed last, in lower case; when it passed */
	struct slice results; /* what he had found out: the value of his field, behind i= */
	const char *why;      /* of a fail, static */
};

/* RFC 8617 5.2. Waits for the network: not on a loop. */
void arc_verify(
    const struct asker *asker, struct dkim_mail *mail, struct pool *pool, struct arc_verdict *out);

/* --- adding to it (RFC 8617 5.1) --- */

struct arc_sealing {
	struct dkim_signing how; /* with rsa-sha256: ARC knows no other */
	struct slice results;	 /* value of Authentication-Results of who seals */
	enum arc_result before;	 /* what arc_verify() says of the chain so far */
	/* Append the signature of data. 0 or -1. */
	int (*sign)(void *arg, struct slice data, struct buf *signature);
	void *arg;
};

/* Has it any field of a chain? */
bool arc_is_there(const struct dkim_mail *mail);

/* Append the fields of a new set, to be put before the message. 1; 0: who sealed last said
   that the chain was broken, or it is full, so that nobody adds to it; -1: it has no From,
   too many header fields, or cannot be signed. */
int arc_seal(struct dkim_mail *mail, const struct arc_sealing *sealing, struct pool *pool,
    struct buf *fields);

#endif
