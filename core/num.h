/* num.h - numbers from the wire: the whole text, in range, or refused */
#ifndef CORE_NUM_H
#define CORE_NUM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"

/* Decimal digits only, no sign, no blanks. */
bool num_u64(struct slice s, uint64_t max, uint64_t *out);
bool num_u32(struct slice s, uint32_t *out);

/* An optional '-' and decimal digits. */
bool num_i64(struct slice s, int64_t min, int64_t max, int64_t *out);

/* "10", "64k", "25M", "2G": powers of 1024. */
bool num_size(struct slice s, uint64_t max, uint64_t *out);

/* "500ms", "30s", "5m", "12h", "7d"; a bare number is seconds. The result is
   in milliseconds. */
bool num_duration(struct slice s, int64_t max_ms, int64_t *out_ms);

/* Big-endian integers in keys and records. */
static inline void num_put32(unsigned char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(v >> (24 - 8 * i));
}

static inline void num_put64(unsigned char *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (unsigned char)(v >> (56 - 8 * i));
}

static inline uint32_t num_get32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t num_get64(const unsigned char *p)
{
	return (uint64_t)num_get32(p) << 32 | num_get32(p + 4);
}

/* Bytes in records: their number in 32 bits, then they themselves. False: there
   is no such thing at the front of *rest. */
void num_put_bytes(struct buf *out, struct slice value);
bool num_take_bytes(struct slice *rest, struct slice *value);

#endif
