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

#endif
