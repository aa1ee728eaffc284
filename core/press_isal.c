/* press_isal.c - compress by Intel's ISA-L */
#include "core/press.h"

#include "config.h"

#ifdef WITH_ISAL

#include <isa-l/igzip_lib.h>
#include <stdlib.h>

struct press {
	struct isal_zstream z;
	unsigned char level[ISAL_DEF_LVL1_DEFAULT];
};

struct press *press_new(void)
{
	struct press *press = mem_get(sizeof *press);

	isal_deflate_init(&press->z);
	press->z.gzip_flag = IGZIP_DEFLATE;
	press->z.level = 1;
	press->z.level_buf = press->level;
	press->z.level_buf_size = sizeof press->level;
	return press;
}

void press_free(struct press *press)
{
	free(press);
}

/* It forgets what it knew of another connection. */
void press_begin(struct press *press, struct slice before)
{
	isal_deflate_reset(&press->z);
	if (before.n > 0)
		isal_deflate_set_dict(
		    &press->z, (uint8_t *)(uintptr_t)before.p, (uint32_t)before.n);
}

size_t press_run(struct press *press, struct slice *in, bool flush, char *out, size_t room)
{
	struct isal_zstream *z = &press->z;

	z->next_in = (uint8_t *)(uintptr_t)in->p;
	z->avail_in = (uint32_t)in->n;
	z->next_out = (uint8_t *)out;
	z->avail_out = (uint32_t)room;
	z->flush = flush ? SYNC_FLUSH : NO_FLUSH;
	if (isal_deflate(z) != COMP_OK)
		abort(); /* it was used wrongly */
	*in = slice_from(*in, in->n - z->avail_in);
	return room - z->avail_out;
}

#endif
