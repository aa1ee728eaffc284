/* rate.h - how often: at most so many in a span of time
 *
 * One counter for all: messages of an account an hour, connections of an address a
 * minute, failed logins. The window slides: what was counted in the span before
 * counts in part, so nobody has twice as much at the turn of an hour. */
#ifndef CORE_RATE_H
#define CORE_RATE_H

#include <stdint.h>

#include "core/facts.h"

/* Counters that nobody needs after a restart: of addresses. Begin a key with a word of
   your own: "login", NUL, the address. */
extern const struct facts facts_rate;

struct rate {
	unsigned max;	  /* so many, 0: none at all */
	uint64_t span_ms; /* in such a time; over 0 */
};

/* May n more be counted for this key? Counts them then, and returns 0; else counts
   nothing, and returns the milliseconds, at least 1, after which it could be. Any
   thread; waits for nothing. */
uint64_t rate_take(
    const struct facts *facts, struct slice key, unsigned n, const struct rate *rate);

/* What rate_take would return; counts nothing. */
uint64_t rate_look(
    const struct facts *facts, struct slice key, unsigned n, const struct rate *rate);

/* How many were counted in the last span of time, about. */
uint64_t rate_count(const struct facts *facts, struct slice key, uint64_t span_ms);

#endif
