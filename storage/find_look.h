/* find_look.h - private to find_look.c and find_ask.c */
#ifndef STORAGE_FIND_LOOK_H
#define STORAGE_FIND_LOOK_H

#include "storage/find.h"
#include "storage/find_index.h"

enum { FIND_NOWHERE = UINT32_MAX };

struct find_view {
	struct find_index *index;
	uint32_t count;	  /* messages of the snapshot */
	uint32_t *places; /* by sequence number: of its number among all in the index */
	uint32_t *bases;  /* the first number of each segment */
	uint32_t total;
	unsigned char *partial; /* a bit for each number */
};

static inline bool find_bit(const unsigned char *bits, uint64_t i)
{
	return bits[i >> 3] >> (i & 7) & 1;
}

static inline void find_bit_set(unsigned char *bits, uint64_t i)
{
	bits[i >> 3] |= (unsigned char)(1 << (i & 7));
}

static inline size_t find_bits_size(uint32_t n)
{
	return (size_t)n / 8 + 1;
}

/* Kinds of text, as bits; of all but FIND_IN_FIELD. */
unsigned find_kinds_of(enum find_where where);

/* What is wrong with it was told: it is made anew. */
void find_damaged(struct shard *shard, uint64_t account, const char *why);

#endif
