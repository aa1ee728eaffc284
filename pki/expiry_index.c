/* expiry_index.c - what expires when, in memory: by time, and by the record that says it */
#include <pthread.h>
#include <stdlib.h>

#include "core/hash.h"
#include "core/loop.h"
#include "pki/expiry_private.h"
#include "storage/store.h"

enum { CHAINS = 8192 };

/* What one record says. */
struct spoken {
	struct spoken *next;
	struct pool pool;
	struct slice id;
	struct expiry_item *items;
	size_t n, room;
};

static struct {
	pthread_mutex_t lock;
	struct spoken *chain[CHAINS];
	struct expiry_item **sorted;
	size_t n, room;
	bool sorting; /* sorted is in order; else it is being filled */
} all = { .lock = PTHREAD_MUTEX_INITIALIZER };

struct expiry_put {
	struct buf id;
	bool named;
	int64_t void_end; /* of the certificate that is not valid any more; 0: it is */
	struct spoken *said;
};

/* --- by time; with the lock held --- */

static int compare(const void *a, const void *b)
{
	const struct expiry_item *one = *(struct expiry_item *const *)a;
	const struct expiry_item *two = *(struct expiry_item *const *)b;

	return (one->not_after > two->not_after) - (one->not_after < two->not_after);
}

/* The first that ends at that time or later. */
static size_t first_at(int64_t time)
{
	size_t low = 0, high = all.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (all.sorted[middle]->not_after < time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void sorted_add(struct expiry_item *item)
{
	if (all.n == all.room) {
		all.room = all.room ? 2 * all.room : 256;
		all.sorted = mem_resize(all.sorted, all.room * sizeof(struct expiry_item *));
	}
	size_t at = all.sorting ? first_at(item->not_after) : all.n;
	memmove(&all.sorted[at + 1], &all.sorted[at], (all.n - at) * sizeof(struct expiry_item *));
	all.sorted[at] = item;
	all.n++;
}

static void sorted_drop(const struct expiry_item *item)
{
	size_t at = all.sorting ? first_at(item->not_after) : 0;

	while (at < all.n && all.sorted[at] != item)
		at++;
	if (at == all.n)
		return;
	all.n--;
	memmove(&all.sorted[at], &all.sorted[at + 1], (all.n - at) * sizeof(struct expiry_item *));
}

/* --- by record; with the lock held --- */

static struct spoken **place_of(struct slice id)
{
	struct spoken **at = &all.chain[hash_bytes(id) % CHAINS];

	while (*at && !slice_eq((*at)->id, id))
		at = &(*at)->next;
	return at;
}

static void spoken_free(struct spoken *said)
{
	free(said->items);
	pool_done(&said->pool);
	free(said);
}

static void drop_at(struct spoken **at)
{
	struct spoken *old = *at;

	if (!old)
		return;
	*at = old->next;
	for (size_t i = 0; i < old->n; i++)
		sorted_drop(&old->items[i]);
	spoken_free(old);
}

static bool ends_later(const struct spoken *old, const struct spoken *new)
{
	return old && new->n > 0 && old->n > 0 && old->items[0].not_after > new->items[0].not_after;
}

/* What stands under the name is another certificate than the one that is void. */
static bool stays(const struct spoken *old, const struct expiry_put *put)
{
	return put->void_end != 0 && old && old->items[0].not_after != put->void_end;
}

static void keep(struct expiry_put *put)
{
	struct spoken **at = place_of(buf_slice(&put->id)), *said = put->said;

	if ((put->named && ends_later(*at, said)) || stays(*at, put) || (said->n == 0 && !*at)) {
		spoken_free(said);
		return;
	}
	drop_at(at);
	if (said->n == 0) {
		spoken_free(said);
		return;
	}
	said->id = pool_slice(&said->pool, buf_slice(&put->id));
	at = place_of(said->id);
	*at = said;
	for (size_t i = 0; i < said->n; i++)
		sorted_add(&said->items[i]);
}

/* --- what rows say --- */

void expiry_add(struct expiry_put *put, const struct expiry_item *item)
{
	struct spoken *said = put->said;

	if (said->n == said->room) {
		said->room = said->room ? 2 * said->room : 4;
		said->items = mem_resize(said->items, said->room * sizeof(*said->items));
	}
	struct expiry_item *copy = &said->items[said->n++];
	*copy = *item;
	copy->owner = pool_str(&said->pool, slice_str(item->owner));
	copy->domain = item->domain ? pool_str(&said->pool, slice_str(item->domain)) : NULL;
	copy->subject = pool_str(&said->pool, slice_str(item->subject));
	copy->sha256 = pool_str(&said->pool, slice_str(item->sha256));
}

void expiry_name(struct expiry_put *put, const char *name)
{
	ptrdiff_t end = slice_chr(buf_slice(&put->id), '\0');

	put->named = true;
	put->id.n = (size_t)end + 1;
	buf_addz(&put->id, name);
}

void expiry_void(struct expiry_put *put, const char *name, int64_t not_after)
{
	expiry_name(put, name);
	put->void_end = not_after;
}

static void read_record(const struct expiry_source *source, struct slice key, struct slice value)
{
	struct expiry_put put = { .said = mem_get(sizeof(*put.said)) };

	buf_addz(&put.id, source->room);
	buf_addc(&put.id, '\0');
	buf_adds(&put.id, key);
	source->read(key, value, &put);
	pthread_mutex_lock(&all.lock);
	keep(&put);
	pthread_mutex_unlock(&all.lock);
	buf_done(&put.id);
}

void expiry_index_told(const char *room, struct slice key, struct slice value)
{
	for (size_t i = 0; i < expiry_source_table_n; i++)
		if (strcmp(expiry_source_table[i]->room, room) == 0)
			read_record(expiry_source_table[i], key, value);
}

/* --- all of them --- */

static bool see(void *arg, struct slice key, struct slice value)
{
	read_record(arg, key, value);
	return !threads_ending();
}

/* What changes meanwhile is told by its thread, and is younger or the same. */
void expiry_index_load(void)
{
	for (size_t i = 0; i < expiry_source_table_n; i++)
		store_record_each(expiry_source_table[i]->room, (struct slice){ 0 }, see,
		    (void *)(uintptr_t)expiry_source_table[i]);
	pthread_mutex_lock(&all.lock);
	if (all.n > 0)
		qsort(all.sorted, all.n, sizeof(struct expiry_item *), compare);
	all.sorting = true;
	pthread_mutex_unlock(&all.lock);
}

void expiry_index_done(void)
{
	pthread_mutex_lock(&all.lock);
	for (size_t i = 0; i < CHAINS; i++)
		while (all.chain[i]) {
			struct spoken *said = all.chain[i];
			all.chain[i] = said->next;
			spoken_free(said);
		}
	free(all.sorted);
	all.sorted = NULL;
	all.n = all.room = 0;
	all.sorting = false;
	pthread_mutex_unlock(&all.lock);
}

void expiry_reload(void)
{
	expiry_index_done();
	expiry_index_load();
}

static bool concerns(const struct expiry_item *item, const char *domain)
{
	return !domain || (item->domain && strcmp(item->domain, domain) == 0);
}

bool expiry_each(
    const char *domain, bool (*visit)(void *arg, const struct expiry_item *item), void *arg)
{
	bool more = true;

	pthread_mutex_lock(&all.lock);
	bool ready = all.sorting;
	for (size_t i = 0; ready && more && i < all.n; i++)
		if (concerns(all.sorted[i], domain))
			more = visit(arg, all.sorted[i]);
	pthread_mutex_unlock(&all.lock);
	return ready;
}
