/* find_index.c - the index of one account, in memory */
#include "storage/find_index.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/lru.h"
#include "storage/find_files.h"

enum { KEPT = 64 }; /* indexes open at a time; each is a few mappings */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct lru *kept;

/* --- references --- */

static struct find_piece *find_piece_ref(struct find_piece *piece)
{
	atomic_fetch_add(&piece->refs, 1);
	return piece;
}

void find_piece_free(struct find_piece **piece)
{
	if (*piece && atomic_fetch_sub(&(*piece)->refs, 1) == 1) {
		find_segment_close(&(*piece)->segment);
		free(*piece);
	}
	*piece = NULL;
}

static struct find_index *find_index_ref(struct find_index *index)
{
	atomic_fetch_add(&index->refs, 1);
	return index;
}

void find_index_free(struct find_index **index)
{
	struct find_index *it = *index;

	*index = NULL;
	if (!it || atomic_fetch_sub(&it->refs, 1) != 1)
		return;
	for (size_t i = 0; i < it->n; i++)
		find_piece_free(&it->pieces[i]);
	free(it->pieces);
	free(it);
}

struct find_index *find_index_new(struct shard *shard, uint64_t account)
{
	struct find_index *index = mem_get(sizeof(*index));

	*index = (struct find_index){ .refs = 1, .shard = shard, .account = account, .next = 1 };
	return index;
}

struct find_index *find_index_with(
    const struct find_index *old, struct find_piece *const *pieces, size_t n)
{
	struct find_index *index = find_index_new(old->shard, old->account);

	index->highest = old->highest;
	index->next = old->next;
	index->changed = old->changed;
	index->pieces = mem_get((n + 1) * sizeof(*index->pieces));
	index->n = n;
	for (size_t i = 0; i < n; i++)
		index->pieces[i] = find_piece_ref(pieces[i]);
	return index;
}

/* --- what is kept --- */

static void drop(void *payload)
{
	find_index_free(payload);
}

/* With the lock held. */
static void keep(struct find_index *index)
{
	struct find_key key;

	if (!kept)
		kept = lru_new(KEPT, sizeof(struct find_index *), drop);
	struct find_index **slot = lru_put(kept, find_key_of(&key, index->shard, index->account));
	find_index_free(slot);
	*slot = find_index_ref(index);
}

static struct find_index *find_kept(struct shard *shard, uint64_t account)
{
	struct find_key key;
	struct find_index **slot = kept ? lru_find(kept, find_key_of(&key, shard, account)) : NULL;

	return slot ? find_index_ref(*slot) : NULL;
}

int find_index_get(
    struct shard *shard, uint64_t account, struct find_index **index, struct err *err)
{
	int found = 1;

	pthread_mutex_lock(&lock);
	*index = find_kept(shard, account);
	if (!*index) {
		found = find_files_read(shard, account, index, err);
		if (found == 1)
			keep(*index);
	}
	pthread_mutex_unlock(&lock);
	return found;
}

int find_index_put(struct find_index *index, struct err *err)
{
	pthread_mutex_lock(&lock);
	int rc = find_files_list(index, err);
	if (rc == 0)
		keep(index);
	pthread_mutex_unlock(&lock);
	if (rc == 0)
		find_files_tidy(index);
	return rc;
}

void find_index_remove(struct shard *shard, uint64_t account)
{
	struct find_key key;

	pthread_mutex_lock(&lock);
	if (kept)
		lru_drop(kept, find_key_of(&key, shard, account));
	find_files_remove(shard, account);
	pthread_mutex_unlock(&lock);
}

void find_index_forget_all(void)
{
	pthread_mutex_lock(&lock);
	lru_free(&kept);
	pthread_mutex_unlock(&lock);
}

/* --- what is in it --- */

bool find_index_has(const struct find_index *index, uint64_t id)
{
	for (size_t i = 0; i < index->n; i++) {
		const struct find_segment *segment = index->pieces[i]->segment;
		uint32_t place = find_segment_place(segment, id);
		if (place < segment->n && find_segment_id(segment, place) == id)
			return true;
	}
	return false;
}

uint64_t find_index_messages(const struct find_index *index)
{
	uint64_t n = 0;

	for (size_t i = 0; i < index->n; i++)
		n += index->pieces[i]->segment->n;
	return n;
}
