/* results.h - Authentication-Results: what was found out, and who says so (RFC 8601) */
#ifndef MAILAUTH_RESULTS_H
#define MAILAUTH_RESULTS_H

#include "mailauth/arc.h"
#include "mailauth/dmarc.h"

/* What was found out; NULL: was not asked. */
struct results {
	struct slice id; /* authserv-id: who says so */
	const struct spf_answer *spf;
	struct slice mailfrom; /* the address; empty: SPF was asked for the HELO name */
	const struct dkim_verdicts *dkim;
	const struct arc_verdict *arc;
	const struct dmarc_answer *dmarc;
	struct slice from; /* domain in From */
	bool overridden;   /* DMARC's fail does not count: who sealed it is trusted */
};

/* Append the value of the field, folded. */
void results_write(const struct results *results, struct buf *out);

/* Does the value of such a field say that it comes from that id? In any case of its
   letters (RFC 8601 2.5). */
bool results_is_from(struct slice value, struct slice id);

/* Append the message without the fields that say so (RFC 8601 5). False, and nothing is
   appended: there are none. */
bool results_remove(struct slice message, struct slice id, struct buf *out);

#endif
