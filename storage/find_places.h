/* find_places.h - private to find_*.c: which words of a text one word is
 *
 * The words of a text are counted; between two texts of a message (of one kind: two
 * fields, say) a number is left out, so that words beside each other have numbers
 * beside each other, and no others have. Of a message the places of a word are, one
 * behind another: (step << 2 | blank << 1 | more), step from the place before, as
 * numbers of 7 bits a byte; when there is no blank before it, find_gap.h's byte. */
#ifndef STORAGE_FIND_PLACES_H
#define STORAGE_FIND_PLACES_H

#include "storage/find_gap.h"
#include "storage/find_number.h"

struct find_place {
	uint32_t nth;
	unsigned char gap; /* before it */
};

enum { FIND_PLACE_MAX = FIND_NUMBER_MAX + 1 }; /* bytes */

/* Returns what is behind it. before: of the place before, or 0. */
static inline char *find_place_put(char *to, uint32_t before, struct find_place place, bool more)
{
	bool blank = place.gap == FIND_GAP_BLANK;

	to = find_number_put(
	    to, (uint64_t)(place.nth - before) << 2 | (uint64_t)blank << 1 | (uint64_t)more);
	if (!blank)
		*to++ = (char)place.gap;
	return to;
}

/* Those of a message one by one, off the front of what several have: first `more` is true
   and `place` zero. False: they are damaged. */
static inline bool find_place_take(struct slice *rest, struct find_place *place, bool *more)
{
	uint64_t v;

	if (!find_number_take(rest, &v))
		return false;
	*more = v & 1;
	place->nth += (uint32_t)(v >> 2);
	place->gap = FIND_GAP_BLANK;
	if (v & 2)
		return true;
	if (rest->n == 0)
		return false;
	place->gap = (unsigned char)*rest->p;
	*rest = slice_of(rest->p + 1, rest->n - 1);
	return true;
}

/* All of a message, as they are. */
static inline struct slice find_places_take(struct slice *rest)
{
	struct find_place place = { 0 };
	const char *begin = rest->p;
	bool more = true;

	while (more && find_place_take(rest, &place, &more))
		;
	return slice_of(begin, (size_t)(rest->p - begin));
}

#endif
