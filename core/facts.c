/* facts.c - tables of records that end by themselves */
#include "core/facts.h"

#include <time.h>

#include "core/lru.h"
#include "core/num.h"

enum { VERSION = 1 };

/* What the table holds; its key is the table's. */
struct entry {
	const struct facts *owner;
	struct fact fact;
	bool stored;  /* there is a record of it in the store */
	bool changed; /* which is an old one, or none */
};

int64_t facts_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- with the lock held --- */

/* Told by the table before it frees one. */
static void dropped(void *payload)
{
	const struct entry *e = payload;
	struct facts_state *state = e->owner->state;

	atomic_fetch_sub(&state->count, 1);
	state->changed -= e->changed;
	if (e->stored)
		num_put_bytes(&state->gone, lru_key(e));
}

static struct entry *find(const struct facts *facts, struct slice key)
{
	return facts->state->lru ? lru_find(facts->state->lru, key) : NULL;
}

static size_t bound_of(const struct facts *facts)
{
	return facts->max ? (size_t)conf_num(facts->max) : facts->bound;
}

static struct entry *make(const struct facts *facts, struct slice key)
{
	struct facts_state *state = facts->state;
	struct entry *e = find(facts, key);

	if (e)
		return e;
	if (!state->lru)
		state->lru = lru_new(bound_of(facts), sizeof(struct entry), dropped);
	e = lru_put(state->lru, key);
	e->owner = facts;
	atomic_fetch_add(&state->count, 1);
	return e;
}

static void drop(const struct entry *e)
{
	lru_drop(e->owner->state->lru, lru_key(e));
}

static void mark_changed(struct entry *e)
{
	if (!e->owner->kept || e->changed)
		return;
	e->changed = true;
	e->owner->state->changed++;
}

/* Its time is over: say so, and forget it. */
static void end(const struct entry *e)
{
	if (e->owner->over)
		e->owner->over(lru_key(e), &e->fact);
	drop(e);
}

/* The entry of a record whose time is not over, or NULL. */
static struct entry *find_live(const struct facts *facts, struct slice key, int64_t now)
{
	struct entry *e = find(facts, key);

	if (e && e->fact.until <= now) {
		end(e);
		e = NULL;
	}
	return e;
}

static void keep(
    const struct facts *facts, struct entry *e, struct slice key, const struct fact *fact)
{
	if (e && memcmp(&e->fact, fact, sizeof(*fact)) == 0)
		return;
	if (!e)
		e = make(facts, key);
	e->fact = *fact;
	mark_changed(e);
}

/* --- the header's functions --- */

int64_t facts_change(const struct facts *facts, struct slice key,
    int64_t (*change)(void *arg, struct fact *fact), void *arg)
{
	struct fact fact = { 0 };
	int64_t now = facts_now();

	pthread_mutex_lock(&facts->state->lock);
	struct entry *e = find_live(facts, key, now);
	if (e)
		fact = e->fact;
	int64_t result = change(arg, &fact);
	if (fact.until > now)
		keep(facts, e, key, &fact);
	else if (e)
		drop(e);
	pthread_mutex_unlock(&facts->state->lock);
	return result;
}

static int64_t copy(void *arg, struct fact *fact)
{
	*(struct fact *)arg = *fact;
	return fact->until != 0;
}

bool facts_get(const struct facts *facts, struct slice key, struct fact *out)
{
	return facts_change(facts, key, copy, out) != 0;
}

static int64_t set(void *arg, struct fact *fact)
{
	*fact = *(const struct fact *)arg;
	return 0;
}

void facts_put(const struct facts *facts, struct slice key, const struct fact *fact)
{
	struct fact copied = *fact;

	facts_change(facts, key, set, &copied);
}

void facts_forget(const struct facts *facts, struct slice key)
{
	facts_put(facts, key, &(struct fact){ 0 });
}

void facts_each(const struct facts *facts,
    bool (*visit)(void *arg, struct slice key, const struct fact *fact), void *arg)
{
	struct facts_state *state = facts->state;
	int64_t now = facts_now();

	pthread_mutex_lock(&state->lock);
	const struct entry *e = state->lru ? lru_oldest(state->lru) : NULL;
	while (e && (e->fact.until <= now || visit(arg, lru_key(e), &e->fact)))
		e = lru_younger(state->lru, e);
	pthread_mutex_unlock(&state->lock);
}

void facts_tidy(const struct facts *facts)
{
	struct facts_state *state = facts->state;
	int64_t now = facts_now();

	pthread_mutex_lock(&state->lock);
	const struct entry *e = state->lru ? lru_oldest(state->lru) : NULL;
	while (e) {
		const struct entry *next = lru_younger(state->lru, e);
		if (e->fact.until <= now)
			end(e);
		e = next;
	}
	pthread_mutex_unlock(&state->lock);
}

/* --- for storage --- */

static void write_record(const struct fact *fact, unsigned char out[FACT_BYTES])
{
	out[0] = VERSION;
	num_put64(out + 1, (uint64_t)fact->until);
	for (unsigned i = 0; i < FACT_NUMBERS; i++)
		num_put64(out + 9 + 8 * i, (uint64_t)fact->n[i]);
}

void facts_load(const struct facts *facts, struct slice key, struct slice record)
{
	const unsigned char *p = (const unsigned char *)record.p;
	struct fact fact;

	if (record.n != FACT_BYTES || p[0] != VERSION)
		return;
	fact.until = (int64_t)num_get64(p + 1);
	for (unsigned i = 0; i < FACT_NUMBERS; i++)
		fact.n[i] = (int64_t)num_get64(p + 9 + 8 * i);
	pthread_mutex_lock(&facts->state->lock);
	struct entry *e = make(facts, key);
	e->fact = fact;
	e->stored = true;
	pthread_mutex_unlock(&facts->state->lock);
}

/* With the lock held: keys of records that were forgotten. */
static size_t give_gone(struct facts_state *state, size_t most,
    void (*take)(void *arg, struct slice key, struct slice record), void *arg)
{
	struct slice rest = buf_slice(&state->gone), key;
	size_t n = 0;

	for (; n < most && num_take_bytes(&rest, &key); n++)
		take(arg, key, (struct slice){ 0 });
	buf_drop(&state->gone, state->gone.n - rest.n);
	if (state->gone.n == 0)
		buf_done(&state->gone);
	return n;
}

size_t facts_give(const struct facts *facts, size_t most,
    void (*take)(void *arg, struct slice key, struct slice record), void *arg)
{
	struct facts_state *state = facts->state;
	unsigned char record[FACT_BYTES];

	pthread_mutex_lock(&state->lock);
	size_t n = give_gone(state, most, take, arg);
	struct entry *e = state->lru ? lru_oldest(state->lru) : NULL;
	for (; e && state->changed > 0 && n < most; e = lru_younger(state->lru, e)) {
		if (!e->changed)
			continue;
		write_record(&e->fact, record);
		take(arg, lru_key(e), slice_of(record, sizeof(record)));
		e->changed = false;
		e->stored = true;
		state->changed--;
		n++;
	}
	pthread_mutex_unlock(&state->lock);
	return n;
}
