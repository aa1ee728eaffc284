/* dir_cache.c - records of the directory that were read lately
 *
 * Sets of a few slots each; a record may lie in any slot of its set, and the
 * one that was used longest ago gives way. So memory is bounded whatever peers
 * ask for; what is absent is not kept at all. */
#include <pthread.h>
#include <stdlib.h>

#include "core/hash.h"
#include "core/metric.h"
#include "storage/dir_private.h"

enum { SETS = 4096, SLOTS = 8, LOCKS = 64, BYTES_MAX = 1024 };

enum { CACHE_HIT, CACHE_MISS };

METRIC(directory_cache) = {
	.name = "signet_directory_cache_total",
	.type = METRIC_COUNTER,
	.help = "records of the directory that were asked for",
	.label = "result",
	.values = METRIC_VALUES("hit", "miss"),
	.cells = METRIC_CELLS(2),
};

struct cached {
	uint64_t hash;
	enum dir_tree tree;
	uint32_t used; /* turn of its set when it was used last */
	size_t key_n, value_n;
	char bytes[]; /* key, value */
};

struct set {
	struct cached *slots[SLOTS];
	uint32_t turn;
	uint32_t changes;
};

static struct set sets[SETS];
static pthread_mutex_t locks[LOCKS] = { [0 ... LOCKS - 1] = PTHREAD_MUTEX_INITIALIZER };

static uint64_t hash_of(enum dir_tree tree, struct slice key)
{
	return hash_bytes(key) ^ (uint64_t)tree * UINT64_C(0x9e3779b97f4a7c15);
}

static struct set *lock_set(uint64_t hash)
{
	pthread_mutex_lock(&locks[hash % LOCKS]);
	return &sets[hash % SETS];
}

static void unlock_set(uint64_t hash)
{
	pthread_mutex_unlock(&locks[hash % LOCKS]);
}

static struct cached **find(struct set *set, enum dir_tree tree, struct slice key, uint64_t hash)
{
	for (int i = 0; i < SLOTS; i++) {
		const struct cached *c = set->slots[i];
		if (c && c->hash == hash && c->tree == tree &&
		    slice_eq(slice_of(c->bytes, c->key_n), key))
			return &set->slots[i];
	}
	return NULL;
}

static struct cached **oldest(struct set *set)
{
	struct cached **old = &set->slots[0];

	for (int i = 0; i < SLOTS && *old; i++)
		if (!set->slots[i] || set->turn - set->slots[i]->used > set->turn - (*old)->used)
			old = &set->slots[i];
	return old;
}

uint64_t dir_cache_ticket(enum dir_tree tree, struct slice key)
{
	uint64_t hash = hash_of(tree, key);
	uint64_t changes = lock_set(hash)->changes;

	unlock_set(hash);
	return changes;
}

bool dir_cache_get(enum dir_tree tree, struct slice key, struct buf *value)
{
	uint64_t hash = hash_of(tree, key);
	struct set *set = lock_set(hash);
	struct cached **slot = find(set, tree, key, hash);

	metric_add(&metric_directory_cache, slot ? CACHE_HIT : CACHE_MISS, 1);
	if (slot) {
		buf_clear(value);
		buf_add(value, (*slot)->bytes + (*slot)->key_n, (*slot)->value_n);
		(*slot)->used = ++set->turn;
	}
	unlock_set(hash);
	return slot != NULL;
}

void dir_cache_put(enum dir_tree tree, struct slice key, struct slice value, uint64_t ticket)
{
	uint64_t hash = hash_of(tree, key);

	if (key.n + value.n > BYTES_MAX)
		return;
	struct set *set = lock_set(hash);
	if (set->changes == ticket && !find(set, tree, key, hash)) {
		struct cached **slot = oldest(set);
		free(*slot);
		*slot = mem_get(sizeof(**slot) + key.n + value.n);
		**slot = (struct cached){ .hash = hash,
			.tree = tree,
			.used = ++set->turn,
			.key_n = key.n,
			.value_n = value.n };
		memcpy((*slot)->bytes, key.p, key.n);
		memcpy((*slot)->bytes + key.n, value.p, value.n);
	}
	unlock_set(hash);
}

void dir_cache_drop(enum dir_tree tree, struct slice key)
{
	uint64_t hash = hash_of(tree, key);
	struct set *set = lock_set(hash);
	struct cached **slot = find(set, tree, key, hash);

	set->changes++;
	if (slot) {
		free(*slot);
		*slot = NULL;
	}
	unlock_set(hash);
}

void dir_cache_clear(void)
{
	for (uint64_t i = 0; i < SETS; i++) {
		struct set *set = lock_set(i);
		for (int k = 0; k < SLOTS; k++) {
			free(set->slots[k]);
			set->slots[k] = NULL;
		}
		set->changes++;
		unlock_set(i);
	}
}
