/* find_number.h - private to find_*.c: numbers of 7 bits a byte, the lowest first */
#ifndef STORAGE_FIND_NUMBER_H
#define STORAGE_FIND_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"

enum { FIND_NUMBER_MAX = 10 }; /* bytes */

/* Returns what is behind it. */
static inline char *find_number_put(char *to, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*to++ = (char)(v | 0x80);
	*to++ = (char)v;
	return to;
}

/* Off the front. False: there is none. */
static inline bool find_number_take(struct slice *rest, uint64_t *v)
{
	unsigned shift = 0;

	*v = 0;
	for (size_t i = 0; i < rest->n && shift < 63; shift += 7) {
		unsigned char c = (unsigned char)rest->p[i++];
		*v |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80) {
			*rest = slice_of(rest->p + i, rest->n - i);
			return true;
		}
	}
	return false;
}

#endif
