/* find_layout.h - private to find_write.c and find_segment.c: sizes in a segment's file */
#ifndef STORAGE_FIND_LAYOUT_H
#define STORAGE_FIND_LAYOUT_H

#include "storage/find_segment.h"

#define FIND_MAGIC "sgfind4\n"

enum {
	FIND_BLOCK = 16, /* words */
	FIND_BLOCK_BYTES = 12,
	FIND_KIND_HEAD = 6 * 4,
	FIND_HEAD = 8 + 4 + FIND_KINDS * FIND_KIND_HEAD + 4,
};

#endif
