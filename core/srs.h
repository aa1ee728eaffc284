/* srs.h - senders rewritten, so that a forwarded message is sent by who forwards it
 *
 * The Sender Rewriting Scheme: a message of user@origin.test that forward.test hands on
 * leaves with the reverse-path SRS0=HASH=DAY=origin.test=user@forward.test. SPF is then
 * asked of forward.test, and what bounces comes back there, where it is taken apart and
 * sent on to user@origin.test. What was rewritten elsewhere before becomes
 * SRS1=HASH=first.test==HASH=DAY=...@forward.test, and never grows longer.
 *
 * The hash is an HMAC (SHA-256, 40 bits of it), so that nobody can make such addresses and
 * have mail sent anywhere. Letters may change their case on the way. Any thread. */
#ifndef CORE_SRS_H
#define CORE_SRS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"

struct srs_key {
	unsigned char bytes[32];
};

/* Append the address that takes sender's place when domain forwards; day: days since 1970.
   False: sender is no address, or has what would not fit into one. */
bool srs_forward(const struct srs_key *key, int64_t day, struct slice sender, struct slice domain,
    struct buf *out);

enum srs_verdict {
	SRS_NONE,   /* it is no such address */
	SRS_GOOD,   /* where it leads was appended */
	SRS_FORGED, /* none of the keys made it */
	SRS_OLD,    /* days ago */
};

/* Take a local part (as it came, without quotes) apart. days: how long one is good. The
   time does not depend on how much of a hash is right. */
enum srs_verdict srs_reverse(const struct srs_key *keys, size_t n, int64_t day, unsigned days,
    struct slice local, struct buf *out);

/* Does it look like one? */
bool srs_is(struct slice local);

#endif
