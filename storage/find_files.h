/* find_files.h - private to find_index.c and find_files.c: an account's index on the disk */
#ifndef STORAGE_FIND_FILES_H
#define STORAGE_FIND_FILES_H

#include "storage/find_index.h"

/* 1, 0 there is none, -1 damaged. */
int find_files_read(
    struct shard *shard, uint64_t account, struct find_index **index, struct err *err);
/* Name its segments in the list; durable on return. */
int find_files_list(const struct find_index *index, struct err *err);
/* Remove segments that are not in it. */
void find_files_tidy(const struct find_index *index);
/* Remove all. */
void find_files_remove(struct shard *shard, uint64_t account);

#endif
