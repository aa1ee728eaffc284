/* find_make.h - private to find_*.c: messages gathered in memory, to become a segment */
#ifndef STORAGE_FIND_MAKE_H
#define STORAGE_FIND_MAKE_H

#include "storage/find_segment.h"

struct find_make;

/* text_max: bytes of the text of one message; what is longer is known in part. */
struct find_make *find_make_new(size_t text_max);
void find_make_free(struct find_make **make);

/* Ids rising. */
void find_make_message(struct find_make *make, uint64_t id, struct slice whole);
size_t find_make_memory(const struct find_make *make); /* about */
uint32_t find_make_count(const struct find_make *make);

/* All of it, and forget it. */
void find_make_finish(struct find_make *make, struct find_write *out);

#endif
