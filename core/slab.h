/* slab.h - blocks of one size, cut from large pieces of memory
 *
 * What is read into memory for the first time needs pages for it, and a page
 * that is asked for by touching it costs more than what is then written there;
 * so does a heap that grows by one block at a time. Here the system is asked for
 * many pages at once: from a few on as there are blocks, and from the first two
 * megabytes on for a huge page each time, where it has them. What is empty is
 * given back, but for one piece. Any thread. */
#ifndef CORE_SLAB_H
#define CORE_SLAB_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct slab_piece;

struct slab {
	pthread_mutex_t lock;
	size_t block;
	struct slab_piece *room; /* those that have some; what was used last first */
	struct slab_piece **all; /* rising addresses */
	size_t n, empty;
};

/* static struct slab slab = SLAB(bytes of a block, at most 64 KB); */
#define SLAB(bytes)                                                                                \
	{                                                                                          \
		.lock = PTHREAD_MUTEX_INITIALIZER, .block = ((bytes) + 63) / 64 * 64               \
	}
/* Gives back all memory, whoever has blocks of it. */
void slab_done(struct slab *slab);

/* A block, which begins at a multiple of 64; what it holds is anything. */
void *slab_get(struct slab *slab);
/* Is this a block of it? p may be any address. */
bool slab_has(struct slab *slab, const void *p);
/* Give it back. False: it is no block of this slab and nothing was done. (Where
   faults are looked for all blocks are malloc's, so who is told false calls free.) */
bool slab_put(struct slab *slab, void *p);

#endif
