/* find_gap.h - private to find_*.c: what stands between two words
 *
 * One byte says it: ASCII signs stand for themselves, a table has what is frequent
 * besides; all else is FIND_GAP_OTHER, and who wants to know reads the message. */
#ifndef STORAGE_FIND_GAP_H
#define STORAGE_FIND_GAP_H

#include <stdbool.h>

#include "core/buf.h"

enum {
	FIND_GAP_OTHER = 0, /* or there is no word before it */
	FIND_GAP_NONE = 1,  /* as between signs of Chinese */
	FIND_GAP_BLANK = ' ',
};

unsigned char find_gap_of(struct slice gap);

/* Does what it stands for end so? Not of FIND_GAP_OTHER. */
bool find_gap_ends(unsigned char gap, struct slice end);

#endif
