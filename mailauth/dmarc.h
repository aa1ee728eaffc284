/* dmarc.h - DMARC: does the domain in From stand behind a message, and what does it wish
 * for when not? (RFC 7489; np= and t= as RFC 9091 and its successor have them) */
#ifndef MAILAUTH_DMARC_H
#define MAILAUTH_DMARC_H

#include "mailauth/dkim.h"
#include "mailauth/spf.h"

struct asker;

enum dmarc_result { DMARC_NONE, DMARC_PASS, DMARC_FAIL, DMARC_TEMPERROR, DMARC_PERMERROR };
extern const char *const dmarc_result_names[];

/* From the mildest to the most severe. */
enum dmarc_policy { DMARC_LET, DMARC_QUARANTINE, DMARC_REJECT };
extern const char *const dmarc_policy_names[]; /* "none", "quarantine", "reject" */

/* What a TXT record at _dmarc.DOMAIN says (RFC 7489 6.3). */
struct dmarc_record {
	enum dmarc_policy p, sp, np; /* of the domain, those below, those that are not there */
	bool np_given;
	bool strict_dkim, strict_spf;
	bool testing; /* t=y */
	unsigned percent;
	struct slice rua; /* where reports go: URIs parted by commas; in the text */
};
/* False: it is none. */
bool dmarc_read(struct slice text, struct dmarc_record *out);

struct dmarc_question {
	const struct asker *asker;
	struct slice from;		  /* the domain in From; empty: there is none, or several */
	const struct spf_answer *spf;	  /* or NULL */
	const struct dkim_verdicts *dkim; /* or NULL */
};

struct dmarc_answer {
	enum dmarc_result result;
	enum dmarc_policy policy; /* as published, for this domain */
	enum dmarc_policy
	    wish;	     /* what is to be done with this message, of those that do not pass */
	struct slice domain; /* where the record was found; or empty */
	struct dmarc_record record;
	bool spf_aligns, dkim_aligns; /* with a pass */
	const char *why;	      /* static; or NULL */
};

/* Does the domain want its reports to be sent to that one (RFC 7489 7.1)? To another than
   its own only if that one says so in the DNS. Waits for the network. */
bool dmarc_may_report(
    const struct asker *asker, struct slice domain, struct slice to, struct pool *pool);

/* Ask for the record of that very domain. 1; 0: there is none, or several; -1: no answer.
   Waits for the network. */
int dmarc_find(
    const struct asker *asker, struct slice domain, struct pool *pool, struct dmarc_record *out);

/* Waits for the network: not on a loop. */
void dmarc_check(
    const struct dmarc_question *question, struct pool *pool, struct dmarc_answer *out);

/* The same for all who claim to have written it, in place of question->from: *out is what
   it comes to for the worst of them, and his domain is returned (empty: there is nobody).
   Waits for the network. */
struct slice dmarc_check_authors(const struct dmarc_question *question,
    const struct dkim_authors *authors, struct pool *pool, struct dmarc_answer *out);

#endif
