/* find_pieces.h - private to find_*.c: the pieces of an index added to, merged, purged
 *
 * Each puts another version in place of *index, not on the disk yet but for its
 * segments. 0, -1. */
#ifndef STORAGE_FIND_PIECES_H
#define STORAGE_FIND_PIECES_H

#include "storage/find_index.h"

int find_pieces_add(struct find_index **index, const struct find_write *write, struct err *err);

/* The last ones become one, when there are many small ones. */
int find_pieces_merge(struct find_index **index, struct err *err);

/* When many messages are gone, what they said goes as well. */
int find_pieces_purge(struct find_index **index, struct err *err);

#endif
