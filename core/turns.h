/* turns.h - whose turn it is, of work that takes many turns
 *
 * Tasks wait in lanes, and the lanes take turns: who puts a hundred tasks into
 * his lane gets no more than who has one in another. A lane is a number that is
 * made of an account or an address; two of them may share one. No locks. */
#ifndef CORE_TURNS_H
#define CORE_TURNS_H

#include <stdint.h>

#include "core/loop.h"

enum { TURNS_LANES = 64 };

struct turns {
	struct {
		struct task *first, *last;
	} lanes[TURNS_LANES];
	uint64_t waiting; /* bit by lane */
	unsigned next;
};

/* At the end of its lane, which is taken modulo TURNS_LANES. */
void turns_add(struct turns *turns, struct task *task, uint64_t lane);

/* The first of the lane whose turn it is; NULL: nothing waits. */
struct task *turns_take(struct turns *turns);

#endif
