/* ctx_cache.c - TLS contexts by name */
#include "pki/ctx_cache.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/hash.h"

/* A ring through the cache's head, by use. */
struct use {
	struct use *newer, *older;
};

struct entry {
	struct use use; /* first: the ring leads back to the entry */
	struct entry *next_in_chain;
	struct tls_ctx *ctx;
	size_t key_n;
	char key[];
};

struct ctx_cache {
	pthread_mutex_t lock;
	size_t n, max, mask;
	struct use ring; /* its newer is the oldest, its older the newest */
	struct entry **chains;
};

struct ctx_cache *ctx_cache_new(size_t max)
{
	struct ctx_cache *c = mem_get(sizeof(*c));
	size_t chains = 16;

	while (chains < max)
		chains *= 2;
	pthread_mutex_init(&c->lock, NULL);
	c->max = max;
	c->mask = chains - 1;
	c->chains = mem_get(chains * sizeof(struct entry *));
	c->ring.newer = c->ring.older = &c->ring;
	return c;
}

void ctx_cache_free(struct ctx_cache **p)
{
	struct ctx_cache *c = *p;

	*p = NULL;
	if (!c)
		return;
	ctx_cache_clear(c);
	pthread_mutex_destroy(&c->lock);
	free(c->chains);
	free(c);
}

/* --- with the lock held --- */

/* Where the chain points to the entry of that key, or to its end. */
static struct entry **place_of(struct ctx_cache *c, struct slice key)
{
	struct entry **at = &c->chains[hash_bytes(key) & c->mask];

	while (*at && !slice_eq(slice_of((*at)->key, (*at)->key_n), key))
		at = &(*at)->next_in_chain;
	return at;
}

static void unlink_use(struct use *use)
{
	use->newer->older = use->older;
	use->older->newer = use->newer;
}

static void link_newest(struct ctx_cache *c, struct use *use)
{
	use->newer = &c->ring;
	use->older = c->ring.older;
	c->ring.older->newer = use;
	c->ring.older = use;
}

static void remove_at(struct ctx_cache *c, struct entry **at)
{
	struct entry *e = *at;

	if (!e)
		return;
	*at = e->next_in_chain;
	unlink_use(&e->use);
	tls_ctx_unref(&e->ctx);
	free(e);
	c->n--;
}

static void remove_oldest(struct ctx_cache *c)
{
	struct entry *e = (struct entry *)c->ring.newer;

	remove_at(c, place_of(c, slice_of(e->key, e->key_n)));
}

/* --- the face --- */

struct tls_ctx *ctx_cache_get(struct ctx_cache *c, struct slice key)
{
	struct tls_ctx *ctx = NULL;

	pthread_mutex_lock(&c->lock);
	struct entry *e = *place_of(c, key);
	if (e) {
		unlink_use(&e->use);
		link_newest(c, &e->use);
		ctx = tls_ctx_ref(e->ctx);
	}
	pthread_mutex_unlock(&c->lock);
	return ctx;
}

void ctx_cache_put(struct ctx_cache *c, struct slice key, struct tls_ctx *ctx)
{
	struct entry *e = mem_get(sizeof(*e) + key.n);

	e->ctx = tls_ctx_ref(ctx);
	e->key_n = key.n;
	if (key.n > 0)
		memcpy(e->key, key.p, key.n);
	pthread_mutex_lock(&c->lock);
	remove_at(c, place_of(c, key));
	if (c->n == c->max)
		remove_oldest(c);
	struct entry **at = place_of(c, key);
	*at = e;
	link_newest(c, &e->use);
	c->n++;
	pthread_mutex_unlock(&c->lock);
}

void ctx_cache_drop(struct ctx_cache *c, struct slice key)
{
	pthread_mutex_lock(&c->lock);
	remove_at(c, place_of(c, key));
	pthread_mutex_unlock(&c->lock);
}

void ctx_cache_clear(struct ctx_cache *c)
{
	pthread_mutex_lock(&c->lock);
	while (c->n > 0)
		remove_oldest(c);
	pthread_mutex_unlock(&c->lock);
}

size_t ctx_cache_count(struct ctx_cache *c)
{
	pthread_mutex_lock(&c->lock);
	size_t n = c->n;
	pthread_mutex_unlock(&c->lock);
	return n;
}
