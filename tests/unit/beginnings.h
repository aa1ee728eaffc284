/* beginnings.h - a parser against input that ends anywhere
 *
 * Each beginning lies in memory of exactly its size, so that the address
 * sanitizer sees a byte read too many. */
#ifndef TESTS_UNIT_BEGINNINGS_H
#define TESTS_UNIT_BEGINNINGS_H

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"

static inline void each_beginning(const char *in, void (*run)(struct slice beginning))
{
	for (size_t n = 0; n <= strlen(in); n++) {
		char *exact = mem_get(n);

		memcpy(exact, in, n);
		run(slice_of(exact, n));
		free(exact);
	}
}

#endif
