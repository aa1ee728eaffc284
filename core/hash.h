/* hash.h - a hash of bytes for tables in memory, under a key that peers can't know
 *
 * Keys of tables come from the network; with a known function somebody could
 * choose them so that they all meet in one chain. */
#ifndef CORE_HASH_H
#define CORE_HASH_H

#include <stdint.h>

#include "core/buf.h"

/* The same within a process, different in each. Any thread. */
uint64_t hash_bytes(struct slice s);

#endif
