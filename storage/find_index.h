/* find_index.h - private to find_*.c: the index of one account as it is at a moment
 *
 * DATA/shards/0000/find/ACCOUNT/ holds segments and `list`, which names those that
 * count; it is replaced by renaming, so it is always whole. The folder can be
 * removed at any time: it is only faster with it, and it is made again. Message ids
 * are never given twice, so what the index says about a message never gets wrong. */
#ifndef STORAGE_FIND_INDEX_H
#define STORAGE_FIND_INDEX_H

#include "core/num.h"
#include "storage/find_segment.h"
#include "storage/shard.h"

/* An account in a table. */
struct find_key {
	unsigned char bytes[12];
};

static inline struct slice find_key_of(
    struct find_key *key, const struct shard *shard, uint64_t account)
{
	num_put32(key->bytes, shard->id);
	num_put64(key->bytes + 4, account);
	return slice_of(key->bytes, sizeof(key->bytes));
}

/* Immutable but for references. */
struct find_piece {
	atomic_uint refs;
	struct find_segment *segment;
};

struct find_index {
	atomic_uint refs;
	struct shard *shard;
	uint64_t account;
	uint64_t highest; /* all messages were looked at up to this id */
	uint32_t next;	  /* number of the next file */
	size_t n;
	struct find_piece **pieces; /* large ones first */
	bool changed;		    /* while a batch makes it: from what is on the disk */
};

/* A reference, from memory or the disk. 1, 0 there is none, -1 it is damaged or
   cannot be read. */
int find_index_get(
    struct shard *shard, uint64_t account, struct find_index **index, struct err *err);
void find_index_free(struct find_index **index);

/* An empty one, not on the disk; and the same with other pieces (which it then
   has). */
struct find_index *find_index_new(struct shard *shard, uint64_t account);
struct find_index *find_index_with(
    const struct find_index *old, struct find_piece *const *pieces, size_t n);
void find_piece_free(struct find_piece **piece);

/* A new segment's file, opened. */
struct find_piece *find_index_write(
    struct find_index *index, const struct find_write *write, struct err *err);
/* From now on that is the index; files that it does not name are removed. */
int find_index_put(struct find_index *index, struct err *err);
/* Remove it from the disk. */
void find_index_remove(struct shard *shard, uint64_t account);

/* Is the message in it? */
bool find_index_has(const struct find_index *index, uint64_t id);
uint64_t find_index_messages(const struct find_index *index);

void find_index_forget_all(void); /* what is kept in memory */

#endif
