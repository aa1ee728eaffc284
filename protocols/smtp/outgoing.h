/* outgoing.h - how much accounts and domains may send */
#ifndef PROTOCOLS_SMTP_OUTGOING_H
#define PROTOCOLS_SMTP_OUTGOING_H

#include "core/rate.h"

enum outgoing_what { OUTGOING_MESSAGES, OUTGOING_RECIPIENTS };

struct outgoing {
	const struct conf_key *key;
	enum outgoing_what what;
	bool of_domain; /* counted for all accounts of a domain together */
	uint64_t span_ms;
};

enum { OUTGOING_LIMITS = 8 };
extern const struct outgoing outgoing_limits[OUTGOING_LIMITS];

/* The limit of an account, its domain's where it is of the domain; 0: there is none. */
struct rate outgoing_rate(const struct outgoing *limit, const char *account);
/* The counter in facts_outgoing; appended. */
void outgoing_key(const struct outgoing *limit, const char *account, struct buf *out);

extern const struct facts facts_outgoing;

#endif
