/* pool.c - memory that dies together, in blocks that grow
 *
 * The first block is small, because most commands need little. A request that
 * does not fit gets a block of twice the last one's size, or, when it is
 * large, one of its own behind the newest, whose rest is still used. */
#include "core/pool.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/err.h"

enum { FIRST_BLOCK = 1024, LARGEST_BLOCK = 64 * 1024 };

struct pool_block {
	struct pool_block *next;
	size_t size, used; /* of data */
	alignas(max_align_t) char data[];
};

static struct pool_block *block_new(size_t size)
{
	struct pool_block *block = mem_get(sizeof *block + size);

	block->size = size;
	return block;
}

/* Where n bytes will be: in the newest block, in a new one, or in one of their own. */
static struct pool_block *block_for(struct pool *pool, size_t n)
{
	struct pool_block *newest = pool->block;
	size_t size = FIRST_BLOCK - sizeof *newest;

	if (newest && newest->size - newest->used >= n)
		return newest;
	if (newest)
		size = newest->size < LARGEST_BLOCK / 2 ? newest->size * 2 : LARGEST_BLOCK;
	if (n > size / 4 && newest) {
		struct pool_block *own = block_new(n);
		own->next = newest->next;
		newest->next = own;
		return own;
	}
	struct pool_block *block = block_new(n > size ? n : size);
	block->next = newest;
	pool->block = block;
	return block;
}

void *pool_get(struct pool *pool, size_t n)
{
	const size_t align = alignof(max_align_t);

	if (n > SIZE_MAX / 4)
		bug("%zu bytes wanted of a pool", n);
	n = (n + align - 1) / align * align;
	struct pool_block *block = block_for(pool, n);
	void *p = block->data + block->used;
	block->used += n;
	pool->used += n;
	return p;
}

char *pool_str(struct pool *pool, struct slice s)
{
	char *p = pool_get(pool, s.n + 1);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return p;
}

char *pool_lower(struct pool *pool, struct slice s)
{
	char *copy = pool_str(pool, s);

	for (size_t i = 0; i < s.n; i++)
		copy[i] = char_lower(copy[i]);
	return copy;
}

struct slice pool_slice(struct pool *pool, struct slice s)
{
	return (struct slice){ pool_str(pool, s), s.n };
}

char *pool_printf(struct pool *pool, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		bug("cannot format '%s'", fmt);
	char *p = pool_get(pool, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}

void pool_reset(struct pool *pool)
{
	struct pool_block *next;

	for (struct pool_block *block = pool->block; block; block = next) {
		next = block->next;
		if (pool->wipe)
			bytes_wipe(block->data, block->used);
		free(block);
	}
	pool->block = NULL;
	pool->used = 0;
}

void pool_done(struct pool *pool)
{
	pool_reset(pool);
	pool->wipe = false;
}
