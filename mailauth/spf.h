/* spf.h - SPF: may a host send mail in the name of a domain? (RFC 7208)
 *
 * The DNS is asked ten times at most for what a record names (RFC 7208 4.6.4), plus
 * ten addresses for each list of hosts; nothing is asked after SPF_TIME_MS. */
#ifndef MAILAUTH_SPF_H
#define MAILAUTH_SPF_H

#include "core/buf.h"
#include "core/pool.h"

struct asker;

/* RFC 7208 2.6 */
enum spf_result {
	SPF_NONE,
	SPF_NEUTRAL,
	SPF_PASS,
	SPF_FAIL,
	SPF_SOFTFAIL,
	SPF_TEMPERROR,
	SPF_PERMERROR,
};
extern const char *const spf_result_names[]; /* "none", "neutral", ... */

enum { SPF_TIME_MS = 25000 }; /* RFC 7208 4.6.4: 20 seconds at least */

struct spf_question {
	const struct asker *asker; /* NULL: the server's resolver */
	struct slice address;	   /* of the client: "192.0.2.1", "2001:db8::1" */
	struct slice helo;	   /* what it called itself */
	struct slice sender;	   /* local-part@domain in A-labels; empty: postmaster@helo */
	struct slice receiver;	   /* this host, for explanations */
};

struct spf_answer {
	enum spf_result result;
	struct slice domain;	  /* that was asked for */
	struct slice mechanism;	  /* that matched, as it stands in the record; or empty */
	struct slice explanation; /* the domain's words for a fail (ASCII); or empty */
	const char *why;	  /* of an error, static; or NULL */
};

/* check_host() of RFC 7208 4. Waits for the network: not on a loop. The answer lives in
   the pool or the question. */
void spf_check(const struct spf_question *question, struct pool *pool, struct spf_answer *out);

#endif
