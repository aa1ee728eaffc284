/* tls_cache.c - the tables of sessions, and what has changed in them */
#include "core/tls_cache.h"

#include <pthread.h>

#include "core/lru.h"
#include "core/tls_private.h"

/* A session takes 250 bytes, one with another server 2 to 16 KB: it has a chain. */
enum { SERVER_MAX = 20000, CLIENT_MAX = 1000, SWEEP_LOOK = 100 };

struct kept {
	struct buf value;
	int64_t used;
	bool changed, on_disk;
};

static struct table {
	pthread_mutex_t lock;
	struct lru *kept;   /* of struct kept */
	struct buf changed; /* keys, one behind another */
	struct buf gone;    /* keys that lie on disk still */
} tables[TLS_CACHE_SIDES] = {
	[TLS_CACHE_SERVER] = { .lock = PTHREAD_MUTEX_INITIALIZER },
	[TLS_CACHE_CLIENT] = { .lock = PTHREAD_MUTEX_INITIALIZER },
};

/* lru_drop calls it, with the table locked. */
static void drop_from(struct table *t, struct kept *kept)
{
	if (kept->on_disk)
		buf_adds(&t->gone, lru_key(kept));
	buf_wipe(&kept->value);
}

static void drop_server(void *payload)
{
	drop_from(&tables[TLS_CACHE_SERVER], payload);
}

static void drop_client(void *payload)
{
	drop_from(&tables[TLS_CACHE_CLIENT], payload);
}

static struct table *lock(enum tls_cache_side side)
{
	struct table *t = &tables[side];

	pthread_mutex_lock(&t->lock);
	if (!t->kept)
		t->kept = side == TLS_CACHE_SERVER
		    ? lru_new(SERVER_MAX, sizeof(struct kept), drop_server)
		    : lru_new(CLIENT_MAX, sizeof(struct kept), drop_client);
	return t;
}

static void unlock(struct table *t)
{
	pthread_mutex_unlock(&t->lock);
}

static struct slice slice_key(const unsigned char key[TLS_CACHE_KEY])
{
	return slice_of(key, TLS_CACHE_KEY);
}

static void note_change(struct table *t, struct kept *kept)
{
	if (!kept->changed)
		buf_adds(&t->changed, lru_key(kept));
	kept->changed = true;
}

static struct kept *set(struct table *t, const unsigned char *key, struct slice value, int64_t used)
{
	struct kept *kept = lru_put(t->kept, slice_key(key));

	buf_wipe(&kept->value);
	buf_room(&kept->value, value.n);
	buf_adds(&kept->value, value);
	kept->used = used;
	return kept;
}

/* --- the face --- */

void tls_cache_put(enum tls_cache_side side, const unsigned char key[TLS_CACHE_KEY],
    struct slice value, int64_t used)
{
	struct table *t = lock(side);

	note_change(t, set(t, key, value, used));
	unlock(t);
}

void tls_cache_load(enum tls_cache_side side, const unsigned char key[TLS_CACHE_KEY],
    struct slice value, int64_t used)
{
	struct table *t = lock(side);

	set(t, key, value, used)->on_disk = true;
	unlock(t);
}

void tls_cache_drop(enum tls_cache_side side, const unsigned char key[TLS_CACHE_KEY])
{
	struct table *t = lock(side);

	lru_drop(t->kept, slice_key(key));
	unlock(t);
}

bool tls_cache_get(enum tls_cache_side side, const unsigned char key[TLS_CACHE_KEY],
    struct buf *value, int64_t *used)
{
	struct table *t = lock(side);
	struct kept *kept = lru_find(t->kept, slice_key(key));

	if (kept) {
		buf_adds(value, buf_slice(&kept->value));
		*used = kept->used;
	}
	unlock(t);
	return kept != NULL;
}

void tls_cache_use(enum tls_cache_side side, const unsigned char key[TLS_CACHE_KEY], int64_t used)
{
	struct table *t = lock(side);
	struct kept *kept = lru_find(t->kept, slice_key(key));

	if (kept) {
		kept->used = used;
		note_change(t, kept);
	}
	unlock(t);
}

size_t tls_cache_count(enum tls_cache_side side)
{
	struct table *t = lock(side);
	size_t n = lru_count(t->kept);

	unlock(t);
	return n;
}

void tls_cache_clear(void)
{
	for (unsigned side = 0; side < TLS_CACHE_SIDES; side++) {
		struct table *t = lock(side);
		lru_clear(t->kept);
		buf_done(&t->changed);
		buf_done(&t->gone);
		unlock(t);
	}
}

/* The longest unused come first, so a few that still live end the search; the
   rest is looked at when it is older. */
void tls_cache_sweep(
    enum tls_cache_side side, bool (*over)(void *arg, struct slice value, int64_t used), void *arg)
{
	struct table *t = lock(side);
	unsigned alive = 0;

	for (struct kept *kept = lru_oldest(t->kept), *next; kept && alive < SWEEP_LOOK;
	     kept = next) {
		next = lru_younger(t->kept, kept);
		if (over(arg, buf_slice(&kept->value), kept->used))
			lru_drop(t->kept, lru_key(kept));
		else
			alive++;
	}
	unlock(t);
}

/* A key that was dropped and put again since is both gone and there: the second
   word counts. */
void tls_cache_changes(enum tls_cache_side side,
    void (*visit)(
	void *arg, const unsigned char key[TLS_CACHE_KEY], struct slice value, int64_t used),
    void *arg)
{
	struct table *t = lock(side);

	for (size_t i = 0; i < t->gone.n; i += TLS_CACHE_KEY)
		visit(arg, (unsigned char *)t->gone.p + i, (struct slice){ 0 }, 0);
	for (size_t i = 0; i < t->changed.n; i += TLS_CACHE_KEY) {
		const unsigned char *key = (unsigned char *)t->changed.p + i;
		struct kept *kept = lru_find(t->kept, slice_key(key));
		if (!kept)
			continue;
		visit(arg, key, buf_slice(&kept->value), kept->used);
		kept->changed = false;
		kept->on_disk = true;
	}
	buf_done(&t->gone);
	buf_done(&t->changed);
	unlock(t);
}
