/* tls_alloc.c - memory of the TLS library, so that idle connections are small
 *
 * The library keeps 37 KB for each connection's session, nearly all of it room
 * for chains of certificates that no client sends. Large blocks therefore
 * begin at a page, and when the handshake is over their pages that hold only
 * zeros are given back; the system shows zeros there again when asked. */
#include "core/tls_private.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LARGE = 32 * 1024 };

static size_t page_bytes;

static size_t whole_pages(size_t n)
{
	return n & ~(page_bytes - 1);
}

static _Thread_local struct {
	size_t n; /* 0: no block is waited for */
	void *block;
} watch;

static void *get(size_t n)
{
	void *p =
	    n >= LARGE ? aligned_alloc(page_bytes, whole_pages(n + page_bytes - 1)) : malloc(n);

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
