/* facts.h - small records about peers that end by themselves: bans, greylisting, rates
 *
 * A table is a row. It is in memory, so asking waits for nothing; it is bounded:
 * the record that nobody asked for longest makes room. What a row wants kept over
 * a restart is written behind, many in one go (storage/facts_keep.c): a crash may
 * lose the last seconds, which is no harm to facts of this kind.
 *
 *	FACTS(ban) = { .name = "ban", .max = &conf_key_ban_max, .kept = true,
 *		.state = FACTS_STATE };
 *
 * Times are milliseconds since 1970, as they must outlive the process. */
#ifndef CORE_FACTS_H
#define CORE_FACTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/conf.h"
#include "core/table.h"

struct lru;

enum { FACT_NUMBERS = 3 };

/* What the numbers mean the table's owner knows. */
struct fact {
	int64_t until; /* when it ends; 0: there is none */
	int64_t n[FACT_NUMBERS];
};

struct facts_state {
	pthread_mutex_t lock;
	struct lru *lru;
	_Atomic size_t count; /* for who asks without the lock */
	size_t changed;	      /* records that are not in the store as they are */
	struct buf gone;      /* keys to be removed from it */
};

#define FACTS_STATE (&(struct facts_state){ .lock = PTHREAD_MUTEX_INITIALIZER })

struct facts {
	const char *name;	    /* of its records in the store */
	const struct conf_key *max; /* how many, read when the first is put; or NULL: */
	size_t bound;		    /* so many */
	bool kept;
	struct facts_state *state;
	/* Its time is over: told once, with the table locked. May be NULL. */
	void (*over)(struct slice key, const struct fact *fact);
};

#define FACTS(id) TABLE_ROW(facts, id)
TABLE_DECLARE(facts);

int64_t facts_now(void);

/* Look at a record and change it, with the table locked: change() waits for nothing.
   It is zeroes when there is none, or when its time is over; it is forgotten when its
   `until` is not in the future afterwards. What change() returns. Any thread. */
int64_t facts_change(const struct facts *facts, struct slice key,
    int64_t (*change)(void *arg, struct fact *fact), void *arg);

/* A copy; false: there is none. Any thread. */
bool facts_get(const struct facts *facts, struct slice key, struct fact *out);
void facts_put(const struct facts *facts, struct slice key, const struct fact *fact);
void facts_forget(const struct facts *facts, struct slice key);

/* Is there any? Takes no lock. */
static inline bool facts_any(const struct facts *facts)
{
	return atomic_load_explicit(&facts->state->count, memory_order_relaxed) > 0;
}

/* Visit all whose time is not over, the one used longest ago first, with the table
   locked, until visit() returns false. */
void facts_each(const struct facts *facts,
    bool (*visit)(void *arg, struct slice key, const struct fact *fact), void *arg);

/* Forget those whose time is over. */
void facts_tidy(const struct facts *facts);

/* --- for storage --- */

enum { FACT_BYTES = 1 + 8 * (1 + FACT_NUMBERS) };

/* A record as the store has it; a malformed one, or one that is over, is passed over. */
void facts_load(const struct facts *facts, struct slice key, struct slice record);

/* Give away what the store has not yet, `most` records about; an empty one was
   forgotten. How many were given: fewer than `most` when that was all. */
size_t facts_give(const struct facts *facts, size_t most,
    void (*take)(void *arg, struct slice key, struct slice record), void *arg);

#endif
