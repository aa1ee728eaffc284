/* body_sums.c - checksums of a body's blocks, so that a part of it can be proved alone */
#include "core/crc.h"
#include "core/num.h"
#include "storage/body_store.h"

size_t sums_length(uint64_t size)
{
	return size <= BODY_BLOCK ? 0 : (size_t)((size + BODY_BLOCK - 1) / BODY_BLOCK * 4);
}

static void add_sum(struct buf *sums, uint32_t sum)
{
	num_put32((unsigned char *)buf_room(sums, 4), sum);
	sums->n += 4;
}

uint32_t sums_make(const struct slice *pieces, size_t n, struct buf *sums)
{
	uint32_t sum = 0;
	size_t left = BODY_BLOCK;

	for (size_t i = 0; i < n; i++) {
		for (struct slice rest = pieces[i], some; rest.n > 0; left -= some.n) {
			if (left == 0) {
				add_sum(sums, sum);
				sum = 0;
				left = BODY_BLOCK;
			}
			some = slice_head(rest, left);
			rest = slice_from(rest, some.n);
			sum = crc_add(sum, some);
		}
	}
	if (sums->n == 0)
		return sum;
	add_sum(sums, sum);
	return crc_add(0, buf_slice(sums));
}

bool sums_agree(struct slice sums, uint64_t offset, struct slice bytes)
{
	for (size_t at = (size_t)(offset / BODY_BLOCK * 4); bytes.n > 0; at += 4) {
		struct slice block = slice_head(bytes, BODY_BLOCK);

		if (crc_add(0, block) != num_get32((const unsigned char *)sums.p + at))
			return false;
		bytes = slice_from(bytes, block.n);
	}
	return true;
}
