/* find_build.h - private to find_*.c: who builds the index, and what is to be done */
#ifndef STORAGE_FIND_BUILD_H
#define STORAGE_FIND_BUILD_H

#include "storage/shard.h"

/* --- what is to be done (find_todo.c) --- */

/* An account's messages should be in an index, also these, whatever their ids. Waits for
   nothing. */
void find_want(struct shard *shard, uint64_t account, const uint64_t *ids, size_t n);

struct find_todo {
	struct shard *shard;
	uint64_t account;
	uint64_t first, last; /* milliseconds: when it was marked */
	bool adds;	      /* else messages are only gone */
	bool wanted;	      /* at once */
	struct buf ids;
};
/* One account whose time has come; *out is the caller's, its ids with buf_done. */
bool find_todo_take(struct find_todo *out, uint64_t now);
void find_todo_drop(struct shard *shard, uint64_t account);
void find_todo_forget_all(void);
size_t find_todo_count(void);

/* --- doing it (find_build.c) --- */

struct find_work {
	struct shard *shard;
	uint64_t account;
	struct buf ids; /* of messages that were missed; or empty */
	bool adds;	/* else messages that are gone are forgotten, no more */
};
/* One batch: 1 there is more, 0 that was all, -1. */
int find_build_batch(struct find_work *work, struct err *err);

#endif
