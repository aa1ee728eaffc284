/* crc_isal.c - CRC-32 by Intel's ISA-L */
#include "core/crc.h"

#include "config.h"

#ifdef WITH_ISAL

#include <isa-l/crc.h>

uint32_t crc_add(uint32_t so_far, struct slice bytes)
{
	return crc32_gzip_refl(so_far, (const unsigned char *)bytes.p, bytes.n);
}

#endif
