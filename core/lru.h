/* lru.h - a bounded table in memory: what was not used for longest goes first
 *
 * It holds payloads of one size under keys of any. It takes no lock: its owner does.
 * Memory that it needs and does not get ends the process, as everywhere. */
#ifndef CORE_LRU_H
#define CORE_LRU_H

#include "core/buf.h"

struct lru;

/* max: of entries, the oldest making room. drop, which may be NULL, is told of each
   payload before its memory goes. */
struct lru *lru_new(size_t max, size_t payload_n, void (*drop)(void *payload));
void lru_free(struct lru **lru);

/* The payload of that key, which is now the youngest, or NULL. It stays where it is
   until it is dropped. */
void *lru_find(struct lru *lru, struct slice key);

/* The same, made (all zero) when there is none. Another may be dropped for it. */
void *lru_put(struct lru *lru, struct slice key);

void lru_drop(struct lru *lru, struct slice key);
void lru_clear(struct lru *lru);
size_t lru_count(const struct lru *lru);

/* The key of a payload; and the oldest payload, and the next younger, or NULL. */
struct slice lru_key(const void *payload);
void *lru_oldest(struct lru *lru);
void *lru_younger(struct lru *lru, const void *payload);

#endif
