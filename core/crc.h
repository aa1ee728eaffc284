/* crc.h - CRC-32 (ISO 3309, RFC 1952 8.1.1), against accidents only
 *
 * One of two files is compiled, as configure found: ISA-L's takes a tenth of the time
 * of zlib's. */
#ifndef CORE_CRC_H
#define CORE_CRC_H

#include <stdint.h>

#include "core/buf.h"

/* Of all bytes so far; it begins with 0. Any thread. */
uint32_t crc_add(uint32_t so_far, struct slice bytes);

#endif
