/* turns.c - lanes of tasks that take turns */
#include "core/turns.h"

#include <stddef.h>

void turns_add(struct turns *turns, struct task *task, uint64_t lane)
{
	unsigned i = (unsigned)(lane % TURNS_LANES);

	task->next = NULL;
	if (turns->waiting >> i & 1)
		turns->lanes[i].last->next = task;
	else
		turns->lanes[i].first = task;
	turns->lanes[i].last = task;
	turns->waiting |= (uint64_t)1 << i;
}

struct task *turns_take(struct turns *turns)
{
	if (turns->waiting == 0)
		return NULL;
	while (!(turns->waiting >> turns->next & 1))
		turns->next = (turns->next + 1) % TURNS_LANES;
	unsigned i = turns->next;
	struct task *task = turns->lanes[i].first;
	turns->lanes[i].first = task->next;
	if (!task->next)
		turns->waiting &= ~((uint64_t)1 << i);
	turns->next = (i + 1) % TURNS_LANES;
	return task;
}
