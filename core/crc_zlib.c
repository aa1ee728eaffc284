/* crc_zlib.c - CRC-32 by zlib, where ISA-L is not */
#include "core/crc.h"

#include "config.h"

#ifndef WITH_ISAL

#include <zlib.h>

uint32_t crc_add(uint32_t so_far, struct slice bytes)
{
	if (bytes.n == 0) /* zlib takes NULL for the wish to begin anew */
		return so_far;
	return (uint32_t)crc32_z(so_far, (const unsigned char *)bytes.p, bytes.n);
}

#endif
