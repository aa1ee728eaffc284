/* ahead.c - the next messages, read before they are asked for */
#include "protocols/pop/ahead.h"

#include "core/loop.h"
#include "protocols/pop/pop.h"

enum { SMALL = 16 * 1024, ROOM = 64 * 1024 }; /* bytes: of a message, of all */

/* False: it is not worth it, or cannot be had; who asks for it will be told. */
static bool add(struct pop *pop, uint32_t seq)
{
	struct pop_ahead *ahead = &pop->ahead;
	const struct box_entry *entry = pop_drop_entry(&pop->drop, seq);
	struct pop_lines lines = { 0 };
	struct slice whole;
	struct body *body;

	if (entry->size > SMALL || ahead->text.n + entry->size > ROOM ||
	    pop_drop_marked(&pop->drop, seq) || box_body(pop->drop.box, entry, &body, NULL) != 1)
		return false;
	bool good = body_map(body, &whole, NULL) == 0;
	if (good) {
		pop_lines_add(&lines, whole, &ahead->text);
		pop_lines_end(&lines, &ahead->text);
		ahead->size[ahead->n] = whole.n;
		ahead->end[ahead->n++] = ahead->text.n;
	}
	body_close(&body);
	return good;
}

void pop_ahead_fill(struct pop *pop, uint32_t seq)
{
	struct pop_ahead *ahead = &pop->ahead;
	bool in_turn = seq == ahead->last + 1;

	ahead->last = seq;
	if (loop_thread() || !in_turn || pop_ahead_has(ahead, seq + 1))
		return;
	pop_ahead_drop(ahead);
	ahead->first = seq + 1;
	while (ahead->n < POP_AHEAD && seq < pop->drop.total && add(pop, ++seq))
		;
}

bool pop_ahead_has(const struct pop_ahead *ahead, uint32_t seq)
{
	return seq >= ahead->first && seq - ahead->first < ahead->n;
}

uint64_t pop_ahead_size(const struct pop_ahead *ahead, uint32_t seq)
{
	return ahead->size[seq - ahead->first];
}

void pop_ahead_take(struct pop_ahead *ahead, uint32_t seq, struct buf *out)
{
	unsigned i = seq - ahead->first;
	size_t begin = i > 0 ? ahead->end[i - 1] : 0;

	buf_add(out, ahead->text.p + begin, ahead->end[i] - begin);
	ahead->last = seq;
	if (i + 1 == ahead->n)
		pop_ahead_drop(ahead);
}

void pop_ahead_drop(struct pop_ahead *ahead)
{
	buf_done(&ahead->text);
	ahead->n = 0;
}
