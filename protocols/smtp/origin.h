/* origin.h - does a message come from whom it says? What the checks of SPF, DKIM and
 * DMARC found out, from one to the next
 *
 * They look at what strangers send, not at what users submit. */
#ifndef PROTOCOLS_SMTP_ORIGIN_H
#define PROTOCOLS_SMTP_ORIGIN_H

#include "mailauth/ask.h"
#include "mailauth/results.h"
#include "protocols/smtp/check.h"

struct smtp_origin {
	struct asker asker; /* the server's resolver, for a limited time */
	uint64_t until;
	bool has_spf, has_dkim, has_arc;
	struct spf_answer spf;
	struct dkim_mail mail;
	struct dkim_verdicts dkim;
	struct arc_verdict arc;
	struct slice said; /* the value of the field that tells all of it */
};

/* Of this transaction; made when there is none yet. */
struct smtp_origin *smtp_origin(struct smtp *smtp);
/* From now on the DNS is asked for ORIGIN_TIME_MS at most. */
void smtp_origin_hurry(struct smtp_origin *origin);

/* Is it a stranger who sends, and the switch, or that of DMARC, on? */
bool smtp_origin_wanted(const struct smtp *smtp, const struct conf_key *key);

/* What was found out of the chain of those who passed the message on, if it was asked for;
   and asking now: waits for the network. */
struct deliver;
void smtp_chain_known(const struct smtp *smtp, struct deliver *d);
void smtp_chain_find(struct smtp *smtp, struct deliver *d);

/* Who says so in Authentication-Results. Appended. */
void smtp_results_id(struct buf *out);

extern const struct conf_key conf_key_spf_check, conf_key_dkim_check, conf_key_arc_check,
    conf_key_dmarc_check;

#endif
