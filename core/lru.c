/* lru.c - chains of a hash table, and a ring by use through all entries */
#include "core/lru.h"

#include <stddef.h>
#include <stdlib.h>

#include "core/hash.h"

enum { CHAINS_MIN = 16, CHAINS_MAX = 64 * 1024 };

struct use {
	struct use *younger, *older;
};

/* The key lies behind the payload. */
struct entry {
	struct use use; /* first: the ring leads back to the entry */
	struct entry *next_in_chain;
	const char *key;
	size_t key_n;
	_Alignas(max_align_t) char payload[];
};

struct lru {
	size_t n, max, mask, payload_n;
	void (*drop)(void *payload);
	struct use ring; /* its younger is the oldest, its older the youngest */
	struct entry **chains;
};

struct lru *lru_new(size_t max, size_t payload_n, void (*drop)(void *payload))
{
	struct lru *l = mem_get(sizeof(*l));
	size_t chains = CHAINS_MIN;

	while (chains < max && chains < CHAINS_MAX)
		chains *= 2;
	l->max = max;
	l->mask = chains - 1;
	l->payload_n = payload_n;
	l->drop = drop;
	l->chains = mem_get(chains * sizeof(struct entry *));
	l->ring.younger = l->ring.older = &l->ring;
	return l;
}

void lru_free(struct lru **p)
{
	struct lru *l = *p;

	*p = NULL;
	if (!l)
		return;
	lru_clear(l);
	free(l->chains);
	free(l);
}

/* --- entries --- */

/* Where the chain points to the entry of that key, or to its end. */
static struct entry **place_of(struct lru *l, struct slice key)
{
	struct entry **at = &l->chains[hash_bytes(key) & l->mask];

	while (*at && !slice_eq(slice_of((*at)->key, (*at)->key_n), key))
		at = &(*at)->next_in_chain;
	return at;
}

static void unlink_use(struct use *use)
{
	use->younger->older = use->older;
	use->older->younger = use->younger;
}

static void link_youngest(struct lru *l, struct use *use)
{
	use->younger = &l->ring;
	use->older = l->ring.older;
	l->ring.older->younger = use;
	l->ring.older = use;
}

static void remove_at(struct lru *l, struct entry **at)
{
	struct entry *e = *at;

	if (!e)
		return;
	*at = e->next_in_chain;
	unlink_use(&e->use);
	if (l->drop)
		l->drop(e->payload);
	free(e);
	l->n--;
}

static void remove_oldest(struct lru *l)
{
	struct entry *e = (struct entry *)l->ring.younger;

	remove_at(l, place_of(l, slice_of(e->key, e->key_n)));
}

static struct entry *entry_new(const struct lru *l, struct slice key)
{
	struct entry *e = mem_get(sizeof(*e) + l->payload_n + key.n);
	char *copy = e->payload + l->payload_n;

	if (key.n > 0)
		memcpy(copy, key.p, key.n);
	e->key = copy;
	e->key_n = key.n;
	return e;
}

static struct entry *entry_of(const void *payload)
{
	return (struct entry *)((uintptr_t)payload - offsetof(struct entry, payload));
}

/* --- the face --- */

void *lru_find(struct lru *l, struct slice key)
{
	struct entry *e = *place_of(l, key);

	if (!e)
		return NULL;
	unlink_use(&e->use);
	link_youngest(l, &e->use);
	return e->payload;
}

void *lru_put(struct lru *l, struct slice key)
{
	void *found = lru_find(l, key);

	if (found)
		return found;
	if (l->n == l->max)
		remove_oldest(l);
	struct entry *e = entry_new(l, key), **at = place_of(l, key);
	*at = e;
	link_youngest(l, &e->use);
	l->n++;
	return e->payload;
}

void lru_drop(struct lru *l, struct slice key)
{
	remove_at(l, place_of(l, key));
}

void lru_clear(struct lru *l)
{
	while (l->n > 0)
		remove_oldest(l);
}

size_t lru_count(const struct lru *l)
{
	return l->n;
}

struct slice lru_key(const void *payload)
{
	const struct entry *e = entry_of(payload);

	return slice_of(e->key, e->key_n);
}

static void *payload_at(struct lru *l, struct use *use)
{
	return use == &l->ring ? NULL : ((struct entry *)use)->payload;
}

void *lru_oldest(struct lru *l)
{
	return payload_at(l, l->ring.younger);
}

void *lru_younger(struct lru *l, const void *payload)
{
	return payload_at(l, entry_of(payload)->use.younger);
}
