/* ctx_cache.h - TLS contexts by name: bounded, the longest unused goes first */
#ifndef PKI_CTX_CACHE_H
#define PKI_CTX_CACHE_H

#include "core/buf.h"
#include "core/tls.h"

struct ctx_cache;

struct ctx_cache *ctx_cache_new(size_t max);
void ctx_cache_free(struct ctx_cache **cache);

/* A reference, or NULL. */
struct tls_ctx *ctx_cache_get(struct ctx_cache *cache, struct slice key);

/* Keep a reference of its own, in place of what it had under that key. */
void ctx_cache_put(struct ctx_cache *cache, struct slice key, struct tls_ctx *ctx);

void ctx_cache_drop(struct ctx_cache *cache, struct slice key);
void ctx_cache_clear(struct ctx_cache *cache);
size_t ctx_cache_count(struct ctx_cache *cache);

#endif
