/* press_zlib.c - compress by zlib, where ISA-L is not */
#include "core/press.h"

#include "config.h"

#ifndef WITH_ISAL

#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

struct press {
	z_stream z;
};

struct press *press_new(void)
{
	struct press *press = mem_get(sizeof *press);

	/* The usual level would take twice the time to make mail a tenth smaller. */
	if (deflateInit2(&press->z, Z_BEST_SPEED, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL - 1,
		Z_DEFAULT_STRATEGY) != Z_OK)
		abort(); /* no memory, or no zlib */
	return press;
}

void press_free(struct press *press)
{
	deflateEnd(&press->z);
	free(press);
}

void press_begin(struct press *press, struct slice before)
{
	deflateReset(&press->z);
	if (before.n > 0)
		deflateSetDictionary(&press->z, (const Bytef *)before.p, (uInt)before.n);
}

size_t press_run(struct press *press, struct slice *in, bool flush, char *out, size_t room)
{
	z_stream *z = &press->z;

	z->next_in = (Bytef *)(uintptr_t)in->p;
	z->avail_in = (uInt)in->n;
	z->next_out = (Bytef *)out;
	z->avail_out = (uInt)room;
	deflate(z, flush ? Z_SYNC_FLUSH : Z_NO_FLUSH);
	*in = slice_from(*in, in->n - z->avail_in);
	return room - z->avail_out;
}

#endif
