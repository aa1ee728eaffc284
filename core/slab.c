/* slab.c - blocks of one size, cut from large pieces of memory
 *
 * A piece begins at a multiple of its size, so a block's address leads to it. */
#include "core/slab.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/watched.h"

enum {
	PIECE = 2 << 20, /* a huge page of most machines */
	ALIGN = 64,
	READY_FIRST = 64 << 10, /* bytes of the first piece; then as much again as there is */
};

struct slab_piece {
	struct slab_piece *prev, *next; /* of those with room */
	char *freed;			/* blocks; each begins with the address of the next */
	uint32_t used, cut;		/* blocks: given out; ever given out */
	size_t ready;			/* bytes that have their pages */
};

enum { HEAD = (sizeof(struct slab_piece) + ALIGN - 1) / ALIGN * ALIGN };

static uint32_t blocks_of_piece(const struct slab *slab)
{
	return (uint32_t)((PIECE - HEAD) / slab->block);
}

/* --- pieces --- */

/* The system gives it at any page: what is too much goes back. */
static char *map_aligned(void)
{
	char *p = mmap(NULL, 2 * (size_t)PIECE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		bug("out of memory: %d bytes wanted", PIECE);
	size_t before = (PIECE - (uintptr_t)p % PIECE) % PIECE;
	if (before > 0)
		munmap(p, before);
	munmap(p + before + PIECE, PIECE - before);
	return p + before;
}

/* Have pages up to there. Old systems know no such advice: then touching does it. */
static void make_ready(struct slab_piece *piece, size_t bytes)
{
	if (bytes <= piece->ready)
		return;
	size_t want = piece->ready ? 2 * piece->ready : READY_FIRST;
	while (want < bytes)
		want *= 2;
	madvise((char *)piece + piece->ready, want - piece->ready, MADV_POPULATE_WRITE);
	piece->ready = want;
}

/* Where the address is among the pieces, or would be. */
static size_t place_of(const struct slab *slab, const struct slab_piece *piece)
{
	size_t low = 0, high = slab->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if ((uintptr_t)slab->all[mid] < (uintptr_t)piece)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool is_piece(const struct slab *slab, const struct slab_piece *piece)
{
	size_t at = place_of(slab, piece);

	return at < slab->n && slab->all[at] == piece;
}

static void link_room(struct slab *slab, struct slab_piece *piece)
{
	piece->prev = NULL;
	piece->next = slab->room;
	if (piece->next)
		piece->next->prev = piece;
	slab->room = piece;
}

static void unlink_room(struct slab *slab, struct slab_piece *piece)
{
	*(piece->prev ? &piece->prev->next : &slab->room) = piece->next;
	if (piece->next)
		piece->next->prev = piece->prev;
}

static void add_piece(struct slab *slab)
{
	char *p = map_aligned();

	if (slab->n > 0) {
		madvise(p, PIECE, MADV_HUGEPAGE);
		madvise(p, PIECE, MADV_POPULATE_WRITE);
	}
	struct slab_piece *piece = (struct slab_piece *)(void *)p;
	piece->ready = slab->n > 0 ? PIECE : 0;
	slab->all = mem_resize(slab->all, (slab->n + 1) * sizeof(struct slab_piece *));
	size_t at = place_of(slab, piece);
	memmove(slab->all + at + 1, slab->all + at, (slab->n - at) * sizeof(struct slab_piece *));
	slab->all[at] = piece;
	slab->n++;
	slab->empty++;
	link_room(slab, piece);
}

static void remove_piece(struct slab *slab, struct slab_piece *piece)
{
	size_t at = place_of(slab, piece);

	unlink_room(slab, piece);
	slab->n--;
	memmove(slab->all + at, slab->all + at + 1, (slab->n - at) * sizeof(struct slab_piece *));
	slab->empty--;
	munmap(piece, PIECE);
}

/* --- blocks --- */

static char *take(const struct slab *slab, struct slab_piece *piece)
{
	char *p = piece->freed;

	piece->used++;
	if (p) {
		memcpy(&piece->freed, p, sizeof(piece->freed));
		return p;
	}
	p = (char *)piece + HEAD + piece->cut++ * slab->block;
	make_ready(piece, (size_t)(p - (char *)piece) + slab->block);
	return p;
}

void *slab_get(struct slab *slab)
{
	if (WATCHED_ADDRESSES)
		return mem_get(slab->block);
	pthread_mutex_lock(&slab->lock);
	if (!slab->room)
		add_piece(slab);
	struct slab_piece *piece = slab->room;
	if (piece->used == 0)
		slab->empty--;
	char *p = take(slab, piece);
	if (piece->used == blocks_of_piece(slab))
		unlink_room(slab, piece);
	pthread_mutex_unlock(&slab->lock);
	return p;
}

static void give_back(struct slab *slab, struct slab_piece *piece, char *p)
{
	if (piece->used == blocks_of_piece(slab))
		link_room(slab, piece);
	memcpy(p, &piece->freed, sizeof(piece->freed));
	piece->freed = p;
	if (--piece->used > 0)
		return;
	slab->empty++;
	if (slab->empty > 1)
		remove_piece(slab, piece);
}

/* Nearly all that comes from elsewhere is told from a block without the lock. */
static bool may_be(const struct slab *slab, const void *p)
{
	size_t in = (uintptr_t)p % PIECE;

	return !WATCHED_ADDRESSES && in >= HEAD && (in - HEAD) % slab->block == 0;
}

static struct slab_piece *piece_of(const void *p)
{
	return (struct slab_piece *)((uintptr_t)p / PIECE * PIECE);
}

bool slab_has(struct slab *slab, const void *p)
{
	if (!may_be(slab, p))
		return false;
	pthread_mutex_lock(&slab->lock);
	bool has = is_piece(slab, piece_of(p));
	pthread_mutex_unlock(&slab->lock);
	return has;
}

bool slab_put(struct slab *slab, void *p)
{
	if (!may_be(slab, p))
		return false;
	pthread_mutex_lock(&slab->lock);
	bool ours = is_piece(slab, piece_of(p));
	if (ours)
		give_back(slab, piece_of(p), p);
	pthread_mutex_unlock(&slab->lock);
	return ours;
}

void slab_done(struct slab *slab)
{
	pthread_mutex_lock(&slab->lock);
	for (size_t i = 0; i < slab->n; i++)
		munmap(slab->all[i], PIECE);
	free(slab->all);
	slab->all = NULL;
	slab->room = NULL;
	slab->n = slab->empty = 0;
	pthread_mutex_unlock(&slab->lock);
}
