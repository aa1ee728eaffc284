/* ahead.h - the next messages, read before they are asked for
 *
 * Most clients take one message after the other. A worker that has read one for
 * a client that does so reads some more, and the loop then answers by itself:
 * to pass a session to a worker and back costs more than a small message does. */
#ifndef PROTOCOLS_POP_AHEAD_H
#define PROTOCOLS_POP_AHEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"

struct pop;

enum { POP_AHEAD = 8 };

/* Zero-initialised: nothing. */
struct pop_ahead {
	uint32_t last;	/* message that RETR gave last, or 0 */
	uint32_t first; /* message whose text comes first in text */
	unsigned n;
	struct buf text; /* as POP3 sends them, each with its final dot */
	size_t end[POP_AHEAD];
	uint64_t size[POP_AHEAD];
};

/* RETR gave this one. On a worker: read those behind it, if they come in turn. */
void pop_ahead_fill(struct pop *pop, uint32_t seq);

/* Is that one there? */
bool pop_ahead_has(const struct pop_ahead *ahead, uint32_t seq);

/* Of one that is there: its size as it is stored; append its text to out. They wait for nothing. */
uint64_t pop_ahead_size(const struct pop_ahead *ahead, uint32_t seq);
void pop_ahead_take(struct pop_ahead *ahead, uint32_t seq, struct buf *out);

void pop_ahead_drop(struct pop_ahead *ahead);

#endif
