/* pool.h - memory that dies together: a session's, a transaction's, a command's
 *
 * Memory belongs to a lifetime. What is allocated here is never freed alone;
 * pool_reset or pool_done ends all of it. Not thread-safe: a pool belongs to
 * whoever runs its session. */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

/* Zero-initialised is empty and valid. */
struct pool {
	struct pool_block *block;
	size_t used; /* bytes given out since the last reset */
	bool wipe;   /* holds secrets: zero blocks before they are freed */
};

void *pool_get(struct pool *pool, size_t n);	     /* zeroed, aligned for any type, never NULL */
char *pool_str(struct pool *pool, struct slice s);   /* copy with a terminator */
char *pool_lower(struct pool *pool, struct slice s); /* its ASCII letters in lower case */
struct slice pool_slice(struct pool *pool, struct slice s); /* copy */
char *pool_printf(struct pool *pool, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Forget everything and give all memory back: an idle session's pool costs
   nothing. */
void pool_reset(struct pool *pool);
void pool_done(struct pool *pool);

#endif
