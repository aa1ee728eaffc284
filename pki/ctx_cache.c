/* ctx_cache.c - TLS contexts by name */
#include "pki/ctx_cache.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/lru.h"

struct ctx_cache {
	pthread_mutex_t lock;
	struct lru *table; /* of struct tls_ctx * */
};

static void drop(void *payload)
{
	tls_ctx_unref(payload);
}

struct ctx_cache *ctx_cache_new(size_t max)
{
	struct ctx_cache *c = mem_get(sizeof(*c));

	pthread_mutex_init(&c->lock, NULL);
	c->table = lru_new(max, sizeof(struct tls_ctx *), drop);
	return c;
}

void ctx_cache_free(struct ctx_cache **p)
{
	struct ctx_cache *c = *p;

	*p = NULL;
	if (!c)
		return;
	lru_free(&c->table);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

struct tls_ctx *ctx_cache_get(struct ctx_cache *c, struct slice key)
{
	pthread_mutex_lock(&c->lock);
	struct tls_ctx **found = lru_find(c->table, key);
	struct tls_ctx *ctx = found ? tls_ctx_ref(*found) : NULL;
	pthread_mutex_unlock(&c->lock);
	return ctx;
}

void ctx_cache_put(struct ctx_cache *c, struct slice key, struct tls_ctx *ctx)
{
	struct tls_ctx *mine = tls_ctx_ref(ctx);

	pthread_mutex_lock(&c->lock);
	struct tls_ctx **place = lru_put(c->table, key), *before = *place;
	*place = mine;
	pthread_mutex_unlock(&c->lock);
	tls_ctx_unref(&before);
}

void ctx_cache_drop(struct ctx_cache *c, struct slice key)
{
	pthread_mutex_lock(&c->lock);
	lru_drop(c->table, key);
	pthread_mutex_unlock(&c->lock);
}

void ctx_cache_clear(struct ctx_cache *c)
{
	pthread_mutex_lock(&c->lock);
	lru_clear(c->table);
	pthread_mutex_unlock(&c->lock);
}

size_t ctx_cache_count(struct ctx_cache *c)
{
	pthread_mutex_lock(&c->lock);
	size_t n = lru_count(c->table);
	pthread_mutex_unlock(&c->lock);
	return n;
}
