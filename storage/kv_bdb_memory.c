/* kv_bdb_memory.c - Berkeley DB: memory for its pages
 *
 * An environment of one process has each page of its cache from malloc. That is
 * a mailbox of 100,000 messages 460 times a little more heap, and 1,900 pages of
 * the system's asked for by touching them. So what has the size of a page with
 * its head is taken from a slab. */
#include "storage/kv_bdb.h"

#include <stdlib.h>
#include <string.h>

#include "core/slab.h"

enum { HEAD = 512 }; /* room for what the library keeps beside a page */

static struct slab pages = SLAB(KV_PAGE_SIZE + HEAD);

static void *get(size_t n)
{
	return n >= KV_PAGE_SIZE && n <= KV_PAGE_SIZE + HEAD ? slab_get(&pages) : malloc(n);
}

static void put(void *p)
{
	if (!slab_put(&pages, p))
		free(p);
}

static void *resize(void *p, size_t n)
{
	if (!slab_has(&pages, p))
		return realloc(p, n);
	void *to = malloc(n);
	if (to) {
		memcpy(to, p, n < pages.block ? n : pages.block);
		slab_put(&pages, p);
	}
	return to;
}

int kv_bdb_memory(void)
{
	int ret = db_env_set_func_malloc(get);

	if (!ret)
		ret = db_env_set_func_realloc(resize);
	return ret ? ret : db_env_set_func_free(put);
}
