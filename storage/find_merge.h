/* find_merge.h - private to find_*.c: several segments become one */
#ifndef STORAGE_FIND_MERGE_H
#define STORAGE_FIND_MERGE_H

#include "storage/find_index.h"

/* What is in the pieces, without messages that `keep` does not want. 0; -1: one of
   them is damaged. Memory: about that of their files. */
int find_merge(struct find_piece *const *pieces, size_t n, bool (*keep)(void *arg, uint64_t id),
    void *arg, struct find_write *out);

/* From which piece on they are to be merged, so that their number stays small and each
   message is copied a few times at most; n: none. */
size_t find_merge_from(struct find_piece *const *pieces, size_t n);

#endif
