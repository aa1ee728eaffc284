/* tally_private.h - private to storage/tally*.c */
#ifndef STORAGE_TALLY_PRIVATE_H
#define STORAGE_TALLY_PRIVATE_H

#include "core/pool.h"
#include "storage/store.h"
#include "storage/tally.h"

/* Write what was counted. */
void tally_write(void);

/* Append "20260301". */
void tally_put_day(int64_t when, struct buf *out);

/* --- tally_merge.c: what was counted into what is stored --- */

enum { MERGE_RECORDS_MAX = 500 };

struct merging {
	struct pool pool;
	const char *room;
	struct slice key;
	struct slice lines[TALLY_LINES_MAX];
	uint64_t counts[TALLY_LINES_MAX];
	size_t n;
	struct slice note;
	struct store_record records[MERGE_RECORDS_MAX]; /* of that room, to be put */
	size_t n_records;
};

/* False: it is new and there are too many. */
bool merge_begin(struct merging *m, const char *room, struct slice key);
void merge_line(struct merging *m, struct slice line, uint64_t n, struct slice note);
void merge_end(struct merging *m);
void merge_put(struct merging *m);

/* A thread: sends what is over. */
void tally_send_run(void *arg);

#endif
