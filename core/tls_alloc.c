/* tls_alloc.c - memory of the TLS library, so that idle connections are small
 *
 * The library keeps 37 KB for each connection's session, nearly all of it room
 * for chains of certificates that no client sends. Large blocks therefore
 * begin at a page, and when the handshake is over their pages that hold only
 * zeros are given back; the system shows zeros there again when asked.
 *
 * Every handshake asks for the same dozen of blocks that are too large for the
 * C library's own cache of a thread, and cutting them out of its heap anew is a
 * good part of what a handshake costs: each thread keeps some that were freed. */
#include "core/tls_private.h"

#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/watched.h"

enum {
	LARGE = 32 * 1024,
	KEPT_LEAST = 1025,	/* smaller ones the C library keeps */
	KEPT_MOST = 48 * 1024,	/* larger ones are seldom */
	KEPT_BLOCKS = 32,	/* of a thread, */
	KEPT_BYTES = 192 * 1024 /* all of them together */
};

static size_t page_bytes;

static size_t whole_pages(size_t n)
{
	return n & ~(page_bytes - 1);
}

static _Thread_local struct {
	size_t n; /* 0: no block is waited for */
	void *block;
} watch;

/* What a thread keeps, the block freed last at the end. */
struct kept {
	size_t n, bytes;
	struct {
		void *p;
		size_t n;
	} block[KEPT_BLOCKS];
};

static _Thread_local struct kept *kept;
static pthread_key_t kept_key;

static void kept_free(void *p)
{
	struct kept *all = p;

	for (size_t i = 0; i < all->n; i++)
		free(all->block[i].p);
	free(all);
	kept = NULL;
}

/* A block of at least n bytes that isn't much larger, or NULL. */
static void *kept_get(size_t n)
{
	for (size_t i = kept ? kept->n : 0; i-- > 0;) {
		void *p = kept->block[i].p;
		size_t has = kept->block[i].n;

		if (has < n || has > n + n / 4 || (n >= LARGE && (uintptr_t)p % page_bytes != 0))
			continue;
		kept->bytes -= has;
		kept->block[i] = kept->block[--kept->n];
		return p;
	}
	return NULL;
}

static bool kept_put(void *p, size_t n)
{
	if (WATCHED_ADDRESSES || n < KEPT_LEAST || n > KEPT_MOST)
		return false;
	if (!kept) {
		kept = mem_get(sizeof *kept);
		pthread_setspecific(kept_key, kept);
	}
	if (kept->n == KEPT_BLOCKS || kept->bytes + n > KEPT_BYTES)
		return false;
	kept->block[kept->n].p = p;
	kept->block[kept->n++].n = n;
	kept->bytes += n;
	return true;
}

static void *fresh(size_t n)
{
	void *p = n >= KEPT_LEAST ? kept_get(n) : NULL;

	if (p)
		return p;
	return n >= LARGE ? aligned_alloc(page_bytes, whole_pages(n + page_bytes - 1)) : malloc(n);
}

static void *get(size_t n)
{
	void *p = fresh(n);

	if (n == watch.n && n > 0) {
		watch.block = p;
		watch.n = 0;
	}
	return p;
}

void tls_alloc_watch(size_t n)
{
	watch.n = n;
	watch.block = NULL;
}

void *tls_alloc_watched(void)
{
	void *block = watch.block;

	watch.n = 0;
	watch.block = NULL;
	return block;
}

/* The library wipes what it knows to be secret. Small blocks are wiped all,
   which costs next to nothing; wiping a large one would bring back its pages. */
static void put(void *p)
{
	size_t n = p ? malloc_usable_size(p) : 0;

	if (p && p == watch.block)
		watch.block = NULL;
	if (n < LARGE)
		bytes_wipe(p, n);
	if (!kept_put(p, n))
		free(p);
}

static void *resize(void *p, size_t n)
{
	void *to = get(n);
	size_t old = p ? malloc_usable_size(p) : 0;

	if (!to)
		return NULL;
	if (p)
		memcpy(to, p, old < n ? old : n);
	put(p);
	return to;
}

void tls_alloc_start(void)
{
	page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	pthread_key_create(&kept_key, kept_free);
	wolfSSL_SetAllocators(get, put, resize);
}

static bool is_zero(const char *page)
{
	return page[0] == 0 && memcmp(page, page + 1, page_bytes - 1) == 0;
}

void tls_alloc_trim(void *block)
{
	char *p = block;
	size_t n = p ? whole_pages(malloc_usable_size(p)) : 0;

	if (n < LARGE || (uintptr_t)p % page_bytes != 0)
		return;
	for (char *end = p + n; p < end;) {
		char *from = p;
		while (p < end && is_zero(p))
			p += page_bytes;
		if (p > from)
			madvise(from, (size_t)(p - from), MADV_DONTNEED);
		else
			p += page_bytes;
	}
}
